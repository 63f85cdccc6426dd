"""The monitor's distribution, installed by itself: nothing of the laboratory may be missing from it."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LIMITS = """schema: riskproof-limits/1
firm: alone
base_currency: USD
limits:
  drawdown: {firm: {warning: 10 %, high: 15 %}}
"""


@pytest.mark.slow
def test_the_wheel_works_in_an_empty_environment(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    source = tmp_path / "source"
    subprocess.run(["cp", "-r", str(ROOT / "risk_monitor"), str(source)], check=True)
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(source)], check=True)
    [wheel] = tmp_path.glob("riskproof_monitor-*.whl")
    home = tmp_path / "alone"
    venv.create(home, with_pip=False)
    python = str(home / "bin" / "python")
    subprocess.run([*pip, "--python", python, "install", str(wheel)], check=True)

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    command = str(home / "bin" / "risk-monitor")
    version = run(command, "--version")
    assert (version.returncode, version.stdout) == (0, "risk-monitor 0.1.0\n")
    limits = tmp_path / "limits.yaml"
    limits.write_text(LIMITS, encoding="utf-8")
    checked = run(command, "check", "limits.yaml")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.splitlines()[2] == "drawdown  firm     warning   10 %"
    limits.write_text(LIMITS.replace("warning", "warnign"), encoding="utf-8")
    refused = run(command, "check", "limits.yaml")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("limits.yaml:5:21: limits.drawdown.firm.warnign: unknown key")
    absent = run(
        python, "-c", "import risk_monitor.machine, sys; print(sorted({'lab', 'simpy', 'numpy'} & set(sys.modules)))"
    )
    assert absent.stdout == "[]\n"
