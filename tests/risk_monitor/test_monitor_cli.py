"""The command line, in process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from risk_monitor.cli import main

LIMITS = """schema: riskproof-limits/1
firm: meridian
base_currency: USD
stablecoins: [USDT]
structural: {BTC: 100 BTC}
limits:
  rapid_drawdown: {firm: {high: 250k USD}, window: 10 min}
  price_divergence: {each: {high: 50 bp}, for: 30 s}
  api_latency: {each: {warning: 500 ms}, window: 90 s, quantile: 95 %}
"""


def test_check_prints_the_rules_as_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text(LIMITS, encoding="utf-8")
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out == (
        "mandate           subject  severity  breached above  conditions\n"
        "----------------  -------  --------  --------------  --------------------------------\n"
        "rapid_drawdown    firm     high      250k USD        within 10 min\n"
        "price_divergence  each     high      50 bp           for 30 s\n"
        "api_latency       each     warning   500 ms          within 90 s, at the 95 % quantile\n"
        "\n"
        "meridian: 3 rules of 3 mandates; books in USD; stablecoins USDT; structural holdings 100 BTC\n"
    ).replace("--------------------------------\n", "---------------------------------\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (LIMITS.replace("250k USD", "-1 USD"), ":7:33: limits.rapid_drawdown.firm.high: '-1 USD' is negative or not a"),
        (LIMITS + "x" * 1_000_001, ": the file is too large; expected at most 1,000,000 bytes"),
        (None, ": No such file or directory; expected a limits file"),
    ],
)
def test_a_wrong_file_gets_one_message_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, message: str
) -> None:
    path = tmp_path / "limits.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert main(["check", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"{path}{message}")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"schema: riskproof-limits/1\nfirm: \xff\n", "LIMITS:2:7: not UTF-8; expected text in UTF-8"),
        (b"schema: a\nfirm: \0\n", "LIMITS:2:7: the character 0x00, which no text holds; expected text in UTF-8"),
        (
            b"schema: riskproof-firm/1\nfirm: x\naccounts: {}\n",
            "LIMITS:1:9: schema: 'riskproof-firm/1' is not read here; expected riskproof-limits/1",
        ),
    ],
)
def test_a_file_of_another_kind_is_one_mistake_with_its_place(
    content: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "limits.yaml"
    path.write_bytes(content)
    assert main(["check", str(path)]) == 2
    assert capsys.readouterr().err == message.replace("LIMITS", str(path)) + "\n"


def test_a_huge_value_is_not_echoed_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text(f"schema: {'9' * 5_000}\n")
    assert main(["check", str(path)]) == 2
    assert len(capsys.readouterr().err) < 500


def test_a_pipe_that_is_closed_and_a_directory_are_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; from risk_monitor.cli import main; sys.exit(main())", "check"]
    ran = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (2, f"{tmp_path}: not a file; expected a limits file\n")
    limits = Path(__file__).parents[2] / "scenarios" / "limits" / "meridian.yaml"
    with open("/dev/full", "w") as full:
        wrote = subprocess.run([*command, str(limits)], stdout=full, stderr=subprocess.PIPE, text=True)
    assert wrote.returncode == 2
    assert wrote.stderr == "risk-monitor: the output cannot be written: No space left on device\n"
