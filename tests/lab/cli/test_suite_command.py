"""`lab suite` and `lab baseline` as a user and a CI server meet them: real simulations, kept to three minutes each."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as Xml
from pathlib import Path

import msgspec
import pytest

from correlator.verdict import Verdict
from lab.cli import main
from lab.cli.suite import exit_code
from lab.suite.baseline import baseline_of, write_baseline
from lab.suite.comparison import compare
from lab.suite.gathering import gather
from lab.suite.result import SuiteResult
from tests.lab.suite.suite_samples import expected, observed

OUTAGE = """
schema: riskproof-scenario/1
scenario: outage
description: An exchange cannot be reached for a minute.
seed: 42
duration: 3 min
market: {source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}
firm: meridian
limits: meridian
variables: {least: 1M USD}
timeline:
  - {inject: down, fault: exchange_outage, at: 1 min, for: 1 min, scope: {venue: apex}}
assert: [{quantity: equity, at_least: "${least}", at: 2 min}]
cases:
  noticed:
    expect: [{alert: api_outage, asset: apex, severity: critical, within: 5 s}]
  absent:
    timeline: []
    forbid: [{alert: any}]
"""


def lab(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "lab.cli", *arguments], cwd=cwd, capture_output=True, text=True)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Two cases under two seeds, played once for the tests that look at it, and its baseline."""
    directory = tmp_path_factory.mktemp("suite")
    (directory / "outage.yaml").write_text(OUTAGE)
    ran = lab("suite", ".", "--seeds", "2", "--junit", "ci/junit.xml", "--markdown", "ci/summary.md", cwd=directory)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert lab("baseline", "update", "runs", "baseline.json", cwd=directory).returncode == 0
    return directory, ran


def test_a_pipe_gets_a_line_for_each_run_and_plain_text(suite: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    directory, ran = suite
    assert ran.stderr == ""
    assert "\x1b" not in ran.stdout
    lines = ran.stdout.splitlines()
    assert sorted(line.split()[2] for line in lines[:4]) == ["outage/absent"] * 2 + ["outage/noticed"] * 2
    assert "pass: 4 runs of 2 cases: 4 pass, 0 fail, 0 unknown" in lines
    assert lines[-1] == "next: lab baseline update runs baseline.json"
    assert not (directory / ".lab").exists()


def test_everything_is_written_and_passes_leave_no_journals(
    suite: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    directory, _ = suite
    document = json.loads((directory / "runs" / "suite.json").read_text())
    assert (document["format"], document["verdict"], document["seeds"]) == ("riskproof-suite/1", "pass", 2)
    assert (document["paths"], document["narrowed"]) == (["."], False)
    noticed = document["cases"][1]
    assert [seed["seed"] for seed in noticed["seeds"]] == [42, 43]
    (stats,) = noticed["expectations"]
    assert (stats["detected"], stats["n"], stats["rate_high"]) == (2, 2, 1.0)
    assert document["false_alarms"]["quiet"]["simulated_days"] == pytest.approx(2 * 180 / 86_400)
    root = Xml.parse(directory / "ci" / "junit.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "0", "0")
    assert (directory / "ci" / "summary.md").read_text().startswith("## ✅ risk monitor: pass: 4 runs of 2 cases")
    kept = sorted(path.name for path in (directory / noticed["seeds"][0]["directory"]).iterdir())
    assert kept == ["limits.yaml", "scenario.json", "verdict.json"]


def test_a_result_is_the_same_as_its_own_baseline_and_a_loosened_limit_is_caught(
    suite: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    directory, _ = suite
    same = lab("baseline", "compare", "runs", "baseline.json", cwd=directory)
    assert (same.returncode, same.stderr) == (0, "")
    assert same.stdout.splitlines()[1:] == [
        "against baseline.json: 1 expectation compared, 1 the same, 0 cases not run",
        "  nothing changed that matters",
        "pass: 4 runs of 2 cases: 4 pass, 0 fail, 0 unknown",
    ]
    slack = "limit_overrides={api_outage: {each: {critical: 40 s}}}"
    loosened = lab(
        "suite", ".", "--case", "noticed", "--set", slack, "--baseline", "baseline.json", "--json", "--out", "loose",
        cwd=directory,
    )  # fmt: skip
    assert loosened.returncode == 1, loosened.stdout + loosened.stderr
    result = json.loads(loosened.stdout)
    assert result["verdict"] == "pass"
    assert [(one["what"], one["gates"], one["subject"]) for one in result["comparison"]["changed"]] == [
        ("later", "fail", "api_outage apex critical")
    ]
    again = lab("baseline", "compare", "loose", "baseline.json", cwd=directory)
    assert again.returncode == 1
    assert "1 expectation compared, 0 the same, 1 case not run" in again.stdout  # what --case left out is not gone
    assert "later  outage · noticed · api_outage apex critical" in again.stdout
    told = lab("baseline", "compare", "loose", "baseline.json", "--json", cwd=directory)
    assert told.returncode == 1
    document = json.loads(told.stdout)
    assert (document.pop("format"), document.pop("verdict")) == ("riskproof-comparison/1", "fail")
    assert document == {**result["comparison"], "not_run": 1}


def test_a_fail_exits_with_1_is_remembered_and_runs_first_next_time(tmp_path: Path) -> None:
    (tmp_path / "outage.yaml").write_text(OUTAGE)
    failing = lab("suite", "outage.yaml", "--case", "absent", "--set", "variables.least=1000M USD", cwd=tmp_path)
    assert failing.returncode == 1, failing.stdout + failing.stderr
    assert "fail: 1 run of 1 case: 0 pass, 1 fail, 0 unknown" in failing.stdout
    kept = json.loads((tmp_path / ".lab" / "failing_seeds.json").read_text())
    under = "--set 'variables.least=1000M USD'"
    failed = {"scenario": "outage", "case": "absent", "seed": 42, "passes": 0, "under": under}
    assert kept["seeds"] == [failed]
    kept["seeds"].append({**failed, "seed": 4711, "under": ""})
    (tmp_path / ".lab" / "failing_seeds.json").write_text(json.dumps(kept))
    mended = lab("suite", "outage.yaml", "--case", "absent", "--jobs", "1", "--json", cwd=tmp_path)
    assert mended.returncode == 0, mended.stderr
    (case,) = json.loads(mended.stdout)["cases"]
    assert [(seed["seed"], seed["remembered"]) for seed in case["seeds"]] == [(42, False), (4711, True)]
    kept = json.loads((tmp_path / ".lab" / "failing_seeds.json").read_text())
    # What failed under other settings was not run, and is neither forgotten nor nearer to it.
    assert kept["seeds"] == [failed, {**failed, "seed": 4711, "passes": 1, "under": ""}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.yaml"], "nowhere.yaml"),
        (["outage.yaml", "--baseline", "none.json"], "none.json: there is no such file; expected a baseline"),
        (["outage.yaml", "--seeds", "0"], "argument --seeds: is '0'; expected a whole number from 1 to 1000"),
        (["outage.yaml", "--monitor", "."], "--monitor .: holds no package risk_monitor"),
        (["outage.yaml", "--case", "notised"], "did you mean noticed?"),
        (["outage.yaml", "--failing", "outage.yaml"], "outage.yaml: JSON is malformed"),
        (["outage.yaml", "--junit", "outage.yaml/junit.xml"], "outage.yaml"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_played(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "outage.yaml").write_text(OUTAGE)
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["suite", *arguments])
    except SystemExit as end:  # argparse's own
        code = int(end.code or 0)
    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert message in told.err
    assert "Traceback" not in told.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("least", "code", "verdict", "told"),
    [
        ("1M USD", 130, "unknown", r"interrupted: (\d+) of 40 runs judged, (\d+) left"),
        (
            "1000M USD",
            1,
            "fail",
            r"interrupted: (\d+) of 40 runs judged, (\d+) left; \1 proven to fail, and that stands",
        ),
    ],
)
def test_an_interruption_leaves_what_was_judged_no_green_result_and_masks_no_fail(
    least: str, code: int, verdict: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "outage.yaml").write_text(OUTAGE)
    command = [
        sys.executable,
        "-m",
        "lab.cli",
        "suite",
        "outage.yaml",
        "--seeds",
        "20",
        "--jobs",
        "1",
        "--set",
        f"variables.least={least}",
        "--junit",
        "j.xml",
    ]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()
    assert process.wait() == code
    assert first.startswith(f" 1/40  {'fail' if code == 1 else 'pass'}")
    counts = re.search(f"^{told}$", rest, re.MULTILINE)
    assert counts is not None, rest
    judged, left = map(int, counts.groups())
    assert judged + left == 40
    assert left > 20  # nobody waited for the others
    result = json.loads((tmp_path / "runs" / "suite.json").read_text())
    assert (result["interrupted"], result["verdict"]) == (True, verdict)
    assert "not every case was played" in (tmp_path / "j.xml").read_text()
    refused = lab("baseline", "update", "runs", "baseline.json", cwd=tmp_path)
    assert refused.returncode == 2
    assert "the suite was interrupted" in refused.stderr


def test_an_interruption_before_the_first_run_says_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outage.yaml").write_text(OUTAGE)
    monkeypatch.chdir(tmp_path)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lab.suite.settling.settle_suite", interrupted)
    before = signal.getsignal(signal.SIGINT)
    assert main(["suite", ".", "--seeds", "2"]) == 130
    told = "interrupted while markets were looked at: nothing was played or written, 4 runs left\n"
    assert capsys.readouterr() == (told, "")
    assert main(["suite", ".", "--json"]) == 130
    document = json.loads(capsys.readouterr().out)
    assert (document["interrupted"], document["verdict"], document["cases"]) == (True, "unknown", [])
    assert [path.name for path in tmp_path.iterdir()] == ["outage.yaml"]
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("now", "before", "code"),
    [
        (("pass", "unknown", "fail"), None, 1),
        (("pass", "unknown"), None, 3),
        (("pass", "pass"), ("pass", "pass"), 0),
        (("pass", "unknown"), ("pass", "pass"), 3),
        (("pass", "fail"), ("pass", "fail"), 1),  # a baseline excuses nothing
        (("unknown", "pass"), ("unknown", "unknown"), 3),
    ],
)
def test_the_exit_code_is_that_of_the_worst_and_a_fail_outranks_what_is_unknown(
    now: tuple[Verdict, ...], before: tuple[Verdict, ...] | None, code: int
) -> None:
    def played(verdicts: tuple[Verdict, ...]) -> SuiteResult:
        return gather([observed(seed, verdict=verdict) for seed, verdict in enumerate(verdicts)], seeds=len(verdicts))

    result = played(now)
    if before is not None:
        comparison = compare(result, baseline_of(played(before)), name="baseline.json", selected=[Path()])
        result = msgspec.structs.replace(result, comparison=comparison)
    assert exit_code(result) == code


def test_a_regression_exits_with_1_though_every_run_passes_or_is_unknown() -> None:
    before = baseline_of(gather([observed(1, expected(latency_s=0.1)), observed(2, expected())], seeds=2))
    result = gather([observed(1, expected(latency_s=4.0)), observed(2, verdict="unknown")], seeds=2)
    comparison = compare(result, before, name="baseline.json", selected=[Path()])
    assert exit_code(result) == 3
    assert exit_code(msgspec.structs.replace(result, comparison=comparison)) == 1


def test_a_stored_fail_exits_with_1_though_the_baseline_lacks_its_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_baseline(tmp_path / "baseline.json", baseline_of(gather([observed(1, expected())], seeds=1)))
    result = gather([observed(1, expected()), observed(2, expected("missed", None), verdict="fail")], seeds=2)
    (tmp_path / "suite.json").write_bytes(msgspec.json.encode(result))
    assert main(["baseline", "compare", "suite.json", "baseline.json"]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "against baseline.json: 1 expectation compared, 1 the same, 0 cases not run",
        "  nothing changed that matters",
        "fail: 2 runs of 1 case: 1 pass, 1 fail, 0 unknown",
    ]
    assert main(["baseline", "compare", "suite.json", "baseline.json", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["verdict"] == "fail"


def test_a_stored_result_tells_that_a_file_is_gone_if_a_directory_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    both = [observed(1, expected()), observed(1, expected(), scenario="depeg")]
    write_baseline(tmp_path / "baseline.json", baseline_of(gather(both, seeds=1)))
    result = gather(both[:1], seeds=1)
    for paths, code, told in (
        (["scenarios"], 3, "  case gone  depeg · noticed"),
        (["scenarios/crash.yaml"], 0, "  nothing changed that matters"),
        ([], 0, "  nothing changed that matters"),  # written before results said what was asked for
    ):
        (tmp_path / "suite.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(result, paths=paths)))
        assert main(["baseline", "compare", "suite.json", "baseline.json"]) == code
        assert capsys.readouterr().out.splitlines()[2] == told


def test_a_baseline_of_what_was_set_otherwise_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = gather([observed(1, expected())], seeds=1)
    set_otherwise = msgspec.structs.replace(result, sets=["limits=ours"], monitor="their")
    (tmp_path / "suite.json").write_bytes(msgspec.json.encode(set_otherwise))
    assert main(["baseline", "update", "suite.json", "baseline.json"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == (
        "it holds what was found with set: limits=ours, monitor: their; give the same to what is compared with it"
    )
