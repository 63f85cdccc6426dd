"""`lab run` on what cannot be run: one line says where and why, and nothing is written but what was simulated."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from correlator.journal import Journal
from lab.scenario.resolve import SHIPPED

CRASH = str(SHIPPED / "market_crash.yaml")
QUIET = str(SHIPPED / "quiet_day.yaml")
RUN = [sys.executable, "-m", "lab.cli", "run"]


def run(*arguments: str, cwd: Path, first: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *arguments], cwd=cwd, capture_output=True, text=True, check=False, preexec_fn=first)


def own_market(directory: Path, lines: list[str]) -> None:
    directory.joinpath("markets").mkdir()
    directory.joinpath("markets/own.csv").write_text("\n".join(lines))
    directory.joinpath("markets/own.yaml").write_text(
        "schema: riskproof-market/1\nmarket: own\nseries: [{pair: BTC/USDT, file: own.csv}]\nat_par: [USDT]\n"
    )
    directory.joinpath("own_day.yaml").write_text(
        "schema: riskproof-scenario/1\nscenario: own_day\nseed: 1\nduration: 2h\nmarket: {source: own}\n"
        "firm: bitcoin_desk\nlimits: bitcoin_desk\n"
    )


def bar(minute: int, close: str = "100") -> str:
    return f"{1_692_230_400_000 + minute * 60_000},100,100,100,{close},1,0,0,0,0,0,0"


def test_one_file_named_twice_is_told_as_such(tmp_path: Path) -> None:
    again = QUIET.replace("quiet_day", "./quiet_day")
    ran = run(QUIET, again, cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (2, f"{again}: this file is named twice; expected each file once\n")
    assert list(tmp_path.iterdir()) == []


def test_a_stranger_in_the_way_of_the_second_run_is_found_before_the_first_is_begun(tmp_path: Path) -> None:
    stranger = tmp_path / "runs/market_crash/noticed/seed-42/thesis.txt"
    stranger.parent.mkdir(parents=True)
    stranger.write_text("precious")
    ran = run(QUIET, CRASH, cwd=tmp_path)
    message = "runs/market_crash/noticed/seed-42: holds 'thesis.txt', which no run wrote"
    assert (ran.returncode, ran.stderr) == (2, f"{message}; expected a new or a run's own directory\n")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [stranger]


def test_a_users_bars_are_refused_with_file_line_and_field(tmp_path: Path) -> None:
    own_market(tmp_path, [bar(minute, "NaN" if minute == 40 else "100") for minute in range(60)])
    ran = run("own_day.yaml", cwd=tmp_path)
    message = "markets/own.csv:41: close: found nan; expected a finite price"
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"{message}\n")
    assert not (tmp_path / "runs").exists()


def test_bars_that_end_before_the_run_are_told_where_its_duration_was_given(tmp_path: Path) -> None:
    own_market(tmp_path, [bar(minute) for minute in range(60)])
    message = (
        "duration: found an end at 2023-08-17T02:00:00Z; "
        "expected a run within 2023-08-17T00:00:00Z to 2023-08-17T01:00:00Z, the market's days\n"
    )
    assert run("own_day.yaml", cwd=tmp_path).stderr == f"own_day.yaml:4:11: {message}"
    ran = run("own_day.yaml", "--set", "duration=120 min", cwd=tmp_path)
    assert ran.stderr == f"--set duration=120 min: {message}"


def test_a_disk_that_fills_up_is_told_in_one_line_and_what_was_flushed_is_readable(tmp_path: Path) -> None:
    def nearly_full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))

    ran = run(QUIET, "--set", "duration=1h", cwd=tmp_path, first=nearly_full)
    path = Path("runs/quiet_day/default/seed-42")
    reason = f"{path}/run.journal: the journal cannot be continued: File too large; what was written before is readable"
    assert (ran.returncode, ran.stderr) == (3, f"quiet_day/default: {reason}\n")
    assert f"next: lab judge {path}\n" in ran.stdout
    assert sum(1 for _ in Journal(tmp_path / path / "run.journal").records()) > 10_000


def test_a_reader_who_leaves_ends_the_run_without_a_verdict(tmp_path: Path) -> None:
    arguments = [*RUN, QUIET, "--set", "duration=10 min"]
    process = subprocess.Popen(arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 141
    process.stderr.close()
