"""`lab run` and `lab judge` as a user meets them: real simulations in real processes, kept short."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from correlator.journal import Journal
from correlator.records import Injection
from lab.cli import main
from lab.scenario.resolve import SHIPPED

CRASH = str(SHIPPED / "market_crash.yaml")
QUIET = str(SHIPPED / "quiet_day.yaml")
SHORT_CRASH = [
    CRASH, "--case", "noticed",
    "--set", "duration=50 min", "--set", "timeline.crash.at=10 min",
]  # fmt: skip
SHORT_QUIET = [QUIET, "--set", "duration=10 min"]


def lab(*arguments: str, cwd: Path, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        [sys.executable, "-m", "lab.cli", *arguments], cwd=cwd, env=environment, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A crash that must be noticed, run once for all tests that look at it."""
    directory = tmp_path_factory.mktemp("crash")
    ran = lab("run", *SHORT_CRASH, "--json", cwd=directory)
    assert ran.stderr == ""
    assert ran.returncode == 0, ran.stdout
    return directory, json.loads(ran.stdout)


def test_the_document_says_what_was_due_and_what_was_detected(crash: tuple[Path, dict[str, Any]]) -> None:
    directory, document = crash
    assert list(document) == ["runs"]
    (run,) = document["runs"]
    assert (run["scenario"], run["case"], run["seed"], run["verdict"]) == ("market_crash", "noticed", 42, "pass")
    assert run["false_alarms"] == []
    assert [(one["alert"], one["severity"], one["verdict"]) for one in run["expectations"]] == [
        ("rapid_drawdown", "high", "pass"),
        ("daily_loss", "warning", "pass"),
        ("daily_loss", "high", "pass"),
    ]
    for one in run["expectations"]:
        assert 600 < one["due_at_s"] < 1800  # while the price falls
        assert one["detected_at_s"] - one["due_at_s"] == pytest.approx(one["latency_s"], abs=1e-6)
        assert one["latency_s"] < one["deadline_s"] == 5
    assert sorted(path.name for path in (directory / run["run_dir"]).iterdir()) == [
        "control.journal", "findings", "limits.yaml", "report.html", "run.journal", "scenario.json", "verdict.json",
    ]  # fmt: skip


def test_one_seed_gives_the_same_journals_whatever_the_hash_seed(
    crash: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    directory, document = crash
    assert lab("run", *SHORT_CRASH, "--json", cwd=tmp_path, hash_seed="4711").returncode == 0
    run_dir = document["runs"][0]["run_dir"]
    for name in ("run.journal", "control.journal", "verdict.json"):
        assert (tmp_path / run_dir / name).read_bytes() == (directory / run_dir / name).read_bytes(), name


def test_a_run_is_stored_alike_wherever_it_was_started_and_however_its_files_were_named(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny)
    assert main(["run", "tiny_outage.yaml", "--out", str(tmp_path / "near"), "--json"]) == 0
    for name in ("run.journal", "control.journal", "scenario.json", "limits.yaml", "verdict.json"):
        near, far = (place / "tiny_outage/default/seed-7" / name for place in (tmp_path / "near", tiny / "runs"))
        assert near.read_bytes() == far.read_bytes(), name
    assert json.loads(near.with_name("scenario.json").read_bytes())["market"]["file"] == "calm_2023_02_kucoin_1m.yaml"


def test_another_seed_gives_another_journal(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        assert lab("run", *SHORT_QUIET, "--seed", seed, cwd=tmp_path).returncode == 0
    one, two = (tmp_path / f"runs/quiet_day/default/seed-{seed}/run.journal" for seed in "12")
    assert one.read_bytes() != two.read_bytes()


def test_judging_a_stored_run_again_gives_the_same_verdict(crash: tuple[Path, dict[str, Any]]) -> None:
    directory, document = crash
    run_dir = document["runs"][0]["run_dir"]
    before = (directory / run_dir / "verdict.json").read_bytes()
    ran = lab("judge", run_dir, "--json", cwd=directory)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == document
    assert (directory / run_dir / "verdict.json").read_bytes() == before


def test_the_history_of_an_injection_is_in_the_run_and_not_in_the_control(crash: tuple[Path, dict[str, Any]]) -> None:
    directory, document = crash
    run_dir = directory / document["runs"][0]["run_dir"]
    phases = [record.phase for record in Journal(run_dir / "run.journal").audit() if isinstance(record, Injection)]
    assert phases == ["planned", "began", "took_effect", "ended"]
    assert not any(isinstance(record, Injection) for record in Journal(run_dir / "control.journal").audit())


def test_nothing_on_the_wire_speaks_of_the_experiment(crash: tuple[Path, dict[str, Any]]) -> None:
    directory, document = crash
    journal = Journal(directory / document["runs"][0]["run_dir"] / "run.journal")
    secrets = re.compile(
        rb"crash|shock|inject|scenario|control|audit|street|took_effect|\bfault|seed|riskproof|simulat", re.I
    )
    # The firm's own limits file travels from its policy store to its monitor, with whatever the firm calls it.
    own_file = msgspec.json.encode(journal.header.limits)[1:-1]
    travelled = 0
    for record in journal.wire():
        payload = (
            getattr(record, "body", b"") + getattr(record, "payload", b"") + getattr(record, "target", "").encode()
        ).replace(own_file, b"")
        travelled += len(payload)
        found = secrets.search(payload)
        assert found is None, (record, found)
    assert travelled > 1_000_000


def test_a_damaged_journal_is_not_judged(crash: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    directory, document = crash
    source = directory / document["runs"][0]["run_dir"]
    data = bytearray((source / "run.journal").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "run.journal").write_bytes(data)
    (tmp_path / "control.journal").write_bytes((source / "control.journal").read_bytes())
    ran = lab("judge", str(tmp_path), cwd=tmp_path)
    assert ran.returncode == 2
    assert "run.journal: frame " in ran.stderr
    assert not (tmp_path / "verdict.json").exists()


def test_a_monitor_that_is_late_fails(tmp_path: Path) -> None:
    """No monitor notices within a millisecond what takes longer to arrive; of a slow fall it would be in doubt by when
    an honest one must have seen it."""
    at_once = ("--set", "timeline.crash.ramp=1s", "--set", "expect.0.within=1ms")
    ran = lab("run", *SHORT_CRASH, *at_once, "--json", cwd=tmp_path)
    assert ran.returncode == 1, ran.stderr
    (run,) = json.loads(ran.stdout)["runs"]
    first = run["expectations"][0]
    assert (first["verdict"], first["outcome"], run["verdict"]) == ("fail", "late", "fail")


def test_a_harm_too_small_to_be_due_is_unknown_and_never_a_pass(tmp_path: Path) -> None:
    ran = lab("run", *SHORT_CRASH, "--set", "variables.depth=1 %", "--json", cwd=tmp_path)
    assert ran.returncode == 3, ran.stderr
    (run,) = json.loads(ran.stdout)["runs"]
    assert {(one["verdict"], one["outcome"]) for one in run["expectations"]} == {("unknown", "never_due")}


def test_a_pipe_gets_plain_words_and_the_way_to_the_report(tmp_path: Path) -> None:
    ran = lab("run", *SHORT_QUIET, cwd=tmp_path)
    assert ran.returncode == 0
    assert "\x1b" not in ran.stdout
    assert ran.stdout.splitlines()[-1] == (
        "wrote runs/quiet_day/default/seed-42/verdict.json and runs/quiet_day/default/seed-42/report.html"
    )


def test_a_mistake_leaves_nothing_behind(tmp_path: Path) -> None:
    ran = lab("run", QUIET, "--set", "duration=24", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "duration" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_run_beyond_the_markets_days_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    ran = lab("run", QUIET, "--set", "market.start=2023-03-08T12:00:00Z", cwd=tmp_path)
    assert ran.returncode == 2
    assert "quiet_day.yaml" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def _interrupt(tmp_path: Path, number: signal.Signals, *options: str) -> tuple[int, str, str, Path]:
    process = subprocess.Popen(
        [sys.executable, "-m", "lab.cli", "run", QUIET, *options], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    journal = tmp_path / "runs/quiet_day/default/seed-42/run.journal"
    waited_until = time.monotonic() + 60
    while time.monotonic() < waited_until and not (journal.exists() and journal.stat().st_size > 200_000):
        time.sleep(0.05)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors, journal


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_or_a_pipelines_end_keeps_what_was_simulated(tmp_path: Path, number: signal.Signals) -> None:
    code, _, errors, path = _interrupt(tmp_path, number)
    assert (code, errors) == (130, "")
    journal = Journal(path)
    assert sum(1 for _ in journal.records()) > 10_000
    assert journal.end is not None
    assert journal.end.reason == "interrupted"
    judged = lab("judge", str(path.parent), cwd=tmp_path)
    assert judged.returncode == 3
    assert "interrupted" in judged.stdout


def test_ctrl_c_still_prints_the_document_that_was_asked_for(tmp_path: Path) -> None:
    code, output, errors, _ = _interrupt(tmp_path, signal.SIGINT, "--json")
    assert (code, errors) == (130, "")
    (run,) = json.loads(output)["runs"]
    assert (run["verdict"], run["reasons"]) == ("unknown", ["unknown: no verdict: the run was interrupted"])


def test_ctrl_c_masks_no_proven_fail(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(
        "schema: riskproof-scenario/1\nscenario: two\nduration: 12 h\nseed: 1\n"
        "market: {source: calm_2023_02_kucoin_1m}\nfirm: meridian\nlimits: meridian\n"
        "cases:\n  long: {}\n  poor: {duration: 1 min, assert: [{quantity: equity, at_least: 1000M USD, at: 30 s}]}\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "lab.cli", "run", "two.yaml", "--jobs", "2"], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    verdict = tmp_path / "runs/two/poor/seed-1/verdict.json"
    waited_until = time.monotonic() + 60
    while time.monotonic() < waited_until and not verdict.exists():
        time.sleep(0.05)
    time.sleep(0.5)  # until the one who waits has heard of it, too
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (1, "")
    assert output.splitlines()[-1] == "interrupted: 1 of 2 runs judged, 1 left; 1 proven to fail, and that stands"


def test_a_killed_parent_leaves_a_readable_journal_and_no_process(tmp_path: Path) -> None:
    code, _, _, path = _interrupt(tmp_path, signal.SIGKILL)
    assert code == -signal.SIGKILL
    size = -1
    for _ in range(100):  # the simulation notices that nobody listens any more
        if size == (size := path.stat().st_size):
            break
        time.sleep(0.5)
    assert sum(1 for _ in Journal(path).records()) > 10_000
