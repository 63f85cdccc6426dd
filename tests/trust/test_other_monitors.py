"""The lab before monitors whose worth is known: one that reads truth, one that is mute, those that shout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from correlator.verdict import Judgement
from tests.trust.conftest import CASES, HARMS, Played
from tests.trust.doctoring import (
    SECOND_NS,
    Arms,
    Monitor,
    all_seeing,
    late_by,
    mute,
    once_a_second,
    perfect,
    shouting,
    shouting_again_and_again,
)

STORED = os.environ.get("RISKPROOF_LIBRARY", "")
"""A directory of stored runs that were judged a pass: all of them are given to the same monitors, on demand."""


def outcomes(judgement: Judgement) -> list[tuple[str, str]]:
    return [(each.verdict, each.outcome) for each in judgement.expectations]


@pytest.mark.parametrize("case", CASES)
def test_a_perfect_monitor_passes(case: str, played: Played, tmp_path: Path) -> None:
    judgement = played[case].judged(tmp_path, perfect)
    assert (judgement.verdict, judgement.reasons) == ("pass", [])
    assert all(each.latency_s == 0.0 for each in judgement.expectations)


@pytest.mark.parametrize("case", CASES)
def test_an_honest_monitor_that_looks_once_a_second_passes(case: str, played: Played, tmp_path: Path) -> None:
    judgement = played[case].judged(tmp_path, once_a_second(phase_ns=370_000_000))
    assert (judgement.verdict, judgement.reasons) == ("pass", [])


@pytest.mark.parametrize("case", HARMS)
def test_a_mute_monitor_fails_whatever_requires_an_alert(case: str, played: Played, tmp_path: Path) -> None:
    judgement = played[case].judged(tmp_path, mute, acts=False)
    assert judgement.verdict == "fail"
    assert outcomes(judgement) == [("fail", "missed")] * len(judgement.expectations) != []


def test_a_mute_monitor_passes_where_nothing_is_to_be_said(played: Played, tmp_path: Path) -> None:
    assert played["absent"].judged(tmp_path, mute, acts=False).verdict == "pass"


@pytest.mark.parametrize(
    ("case", "monitor"),
    [*((case, shouting) for case in CASES), ("absent", shouting_again_and_again), ("depeg", shouting_again_and_again)],
)
def test_a_shouting_monitor_fails_every_case(case: str, monitor: Monitor, played: Played, tmp_path: Path) -> None:
    judgement = played[case].judged(tmp_path, monitor)
    assert judgement.verdict == "fail"
    assert judgement.false_alarms
    assert not any(each.verdict == "pass" and each.severity == "critical" for each in judgement.forbids)


@pytest.mark.parametrize("case", CASES)
def test_shouting_in_the_run_alone_fails_all_that_forbid(case: str, played: Played, tmp_path: Path) -> None:
    arms = played[case]
    judgement = arms.judged(tmp_path, lambda reading: shouting(reading) if reading.header.arm == "run" else [])
    assert judgement.verdict == "fail"
    assert [each.verdict for each in judgement.forbids] == ["fail"] * len(judgement.forbids)


@pytest.mark.parametrize("case", HARMS)
def test_a_deadline_is_met_to_the_nanosecond(case: str, played: Played, tmp_path: Path) -> None:
    arms = played[case]
    within_ns = min(asked.within_ns for asked in arms.readings["run"].header.resolved.expect)
    in_time = arms.judged(tmp_path / "in_time", late_by(within_ns))
    too_late = arms.judged(tmp_path / "too_late", late_by(within_ns + 1))
    assert outcomes(in_time) == [("pass", "detected")] * len(in_time.expectations)
    assert too_late.verdict == "fail"
    assert ("fail", "late") in outcomes(too_late)


def test_an_alert_before_its_breach_is_a_false_alarm(played: Played, tmp_path: Path) -> None:
    """A prophet cannot be told from one who cries wolf."""
    judgement = played["depeg"].judged(tmp_path, late_by(-10 * SECOND_NS))
    assert judgement.verdict == "fail"
    assert [(each.alert, each.severity) for each in judgement.false_alarms] == [
        ("stablecoin_peg", "warning"),
        ("stablecoin_peg", "high"),
    ]


@pytest.mark.skipif(not STORED, reason="RISKPROOF_LIBRARY names no directory of stored runs")
@pytest.mark.parametrize("run", sorted(Path(STORED).rglob("run.journal")) if STORED else [], ids=str)
def test_stored_runs_pass_the_perfect_and_no_other(run: Path, tmp_path: Path) -> None:
    arms = Arms(run.parent)
    resolved = arms.readings["run"].header.resolved
    judgement = arms.judged(tmp_path / "perfect", perfect)
    assert (judgement.verdict, judgement.reasons) == ("pass", [])
    judgement = arms.judged(tmp_path / "once_a_second", once_a_second(phase_ns=370_000_000))
    assert (judgement.verdict, judgement.reasons) == ("pass", [])
    if resolved.expect_miss:  # nobody could have seen it: who did, shows that the scenario is wrong
        assert arms.judged(tmp_path / "all_seeing", all_seeing).verdict == "unknown"
    if resolved.expect:
        assert arms.judged(tmp_path / "mute", mute, acts=False).verdict == "fail"
    assert arms.judged(tmp_path / "shouting", shouting).verdict == "fail"
    assert arms.judged(tmp_path / "again", shouting_again_and_again).verdict == "fail"
