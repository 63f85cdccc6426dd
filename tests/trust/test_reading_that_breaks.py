"""A crash while a journal is read ends as an unknown verdict that shows its traceback, and never as a lost trial."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from correlator import findings, said
from correlator.cause import arms
from correlator.truth.gauge import GaugeBoard
from lab.judging.judge import judge_job, read_judgement
from lab.playing.pool import Report
from lab.playing.progress import Judged, Progress
from lab.playing.run_directory import RunDirectory
from tests.trust.conftest import Played

BROKEN = "this was broken on purpose"


def breaks(*_: Any, **__: Any) -> Any:
    raise RuntimeError(BROKEN)


def judged(path: Path) -> list[Progress]:
    """What is reported of judging a directory."""
    told: list[Progress] = []
    report: Report = told.append
    judge_job(report, path, "not_passed")
    return told


@pytest.fixture
def directory(played: Played, tmp_path: Path) -> RunDirectory:
    shutil.copytree(played.directory("two_at_once"), tmp_path / "run")
    for name in ("verdict.json", "report.html"):
        (tmp_path / "run" / name).unlink()
    return RunDirectory(tmp_path / "run")


@pytest.mark.parametrize(
    ("where", "name"),
    [(findings, "find"), (findings, "read_run"), (findings, "read_arms"), (said.Said, "take"), (GaugeBoard, "finish")],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_a_crash_while_the_run_is_read_is_unknown(
    where: Any, name: str, directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "find":
        monkeypatch.setattr("lab.judging.stored_run.find", breaks)
    monkeypatch.setattr(where, name, breaks)
    (told,) = judged(directory.path)
    assert isinstance(told, Judged)
    assert told.verdict == "unknown"
    judgement = read_judgement(directory)
    (check,) = judgement.checks
    assert (check.name, check.verdict) == ("reading", "unknown")
    assert check.reason.startswith("reading or judging the run broke:\nTraceback")
    assert BROKEN in check.reason
    assert judgement.reasons == [check.reason]
    assert (judgement.scenario, judgement.case, judgement.seed) == ("trusted", "two_at_once", 42)
    assert BROKEN in directory.report.read_text()
    assert directory.run_journal.exists()  # not passed: kept, to be judged again


@pytest.mark.parametrize("name", ["read_control", "mismatch_of", "first_difference"])
def test_a_crash_while_the_control_is_read_leaves_the_run_its_verdicts(
    name: str, directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, name, breaks)
    (told,) = judged(directory.path)
    assert isinstance(told, Judged)
    assert told.verdict == "unknown"
    judgement = read_judgement(directory)
    (control,) = [check for check in judgement.checks if check.name == "control"]
    assert control.verdict == "unknown"
    assert control.reason.startswith("reading the control broke:\nTraceback")
    assert BROKEN in control.reason
    assert {each.verdict for each in judgement.checks if each.name in ("history", "world", "truth")} == {"pass"}


def test_a_crash_while_an_arm_is_read_is_that_arm_s_trouble(
    directory: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arms, "_read", breaks)
    (told,) = judged(directory.path)
    assert isinstance(told, Judged)
    judgement = read_judgement(directory)
    assert told.verdict == judgement.verdict == "unknown"
    (causes,) = [check for check in judgement.checks if check.name == "causes"]
    assert causes.reason.count(BROKEN) == 2  # of either arm
    assert {check.verdict for check in judgement.checks} == {"pass"}
