"""Where truth comes so near to its bound that honest computations differ, the verdict is unknown and not wrong."""

from __future__ import annotations

from typing import Any

import pytest

from correlator.verdict import Judgement

LIMITS = """
schema: riskproof-limits/1
limits:
  clock_drift: {each: {high: 100 ms}}
"""
EXPECT = {"alert": "clock_drift", "asset": "apex", "severity": "high", "within_ns": 15 * 10**9}


@pytest.fixture
def drift(play):
    """A clock of apex that is off by so many ms from 200 s on, and a monitor that alerts at a time, or not at all."""

    def drift(off_ms: float, alert_at: float | None, **resolved: Any) -> Judgement:
        def tell(story: Any) -> None:
            story.audit("clock", 200, "apex", round(off_ms * 10**6), 0)
            if alert_at is not None:
                story.alert(alert_at, mandate="clock_drift", subject="apex", severity="high")

        return play(alert_at=None, depegs_to=1.0, tell=tell, limits=LIMITS, **resolved)

    return drift


@pytest.mark.parametrize(
    ("off_ms", "outcome", "verdict"),
    [(110, "doubtful", "unknown"), (130, "missed", "fail"), (-130, "missed", "fail"), (90, "never_due", "unknown")],
)
def test_silence_is_a_miss_only_where_every_honest_monitor_must_have_seen_the_breach(
    drift, off_ms: float, outcome: str, verdict: str
) -> None:
    (expectation,) = drift(off_ms, None, expect=[EXPECT]).expectations
    assert (expectation.outcome, expectation.verdict) == (outcome, verdict)


@pytest.mark.parametrize(("off_ms", "truth"), [(110, "true"), (90, "unknown"), (-90, "unknown"), (70, "false")])
def test_alert_is_false_only_where_no_honest_monitor_could_have_seen_a_breach(drift, off_ms: float, truth: str) -> None:
    judgement = drift(off_ms, 210, expect=[EXPECT])
    (alert,) = judgement.alerts
    assert (alert.truth, len(judgement.false_alarms)) == (truth, int(truth == "false"))


def test_late_is_unknown_too_where_the_breach_was_slight(drift) -> None:
    (slight,) = drift(110, 230, expect=[EXPECT]).expectations
    (plain,) = drift(130, 230, expect=[EXPECT]).expectations
    assert [(each.outcome, each.verdict) for each in (slight, plain)] == [("doubtful", "unknown"), ("late", "fail")]


def test_detected_is_detected_however_slight_the_breach(drift) -> None:
    (expectation,) = drift(101, 210, expect=[EXPECT]).expectations
    assert (expectation.outcome, expectation.verdict) == ("detected", "pass")


@pytest.mark.parametrize(("resolves_at", "truth", "outcome"), [(None, "true", "detected"), (215, "unknown", "missed")])
def test_alert_that_stands_when_the_breach_it_foresaw_passes_the_bound_is_of_that_breach(
    play, resolves_at: float | None, truth: str, outcome: str
) -> None:
    def tell(story: Any) -> None:
        story.audit("clock", 200, "apex", 95 * 10**6, 0)  # beyond the nearer bound of 80 ms
        story.alert(210, mandate="clock_drift", subject="apex", severity="high", resolved_s=resolves_at)
        story.audit("clock", 220, "apex", 130 * 10**6, 0)

    judgement = play(alert_at=None, depegs_to=1.0, tell=tell, limits=LIMITS, expect=[EXPECT])
    ((alert,), (expectation,)) = judgement.alerts, judgement.expectations
    assert (alert.truth, expectation.outcome) == (truth, outcome)


def test_judge_all_owes_no_alert_that_is_in_doubt(drift) -> None:
    found = drift(110, None, expect=[], judge_all_ns=15 * 10**9)
    assert [(each.outcome, each.verdict) for each in found.expectations] == [("doubtful", "unknown")]


def test_mandate_of_which_no_truth_is_computed_makes_no_alert_false(drift, monkeypatch) -> None:
    monkeypatch.setattr("correlator.reading.WORLD_MANDATES", frozenset())
    judgement = drift(0, 300)
    truth = next(check for check in judgement.checks if check.name == "truth")
    assert [alert.truth for alert in judgement.alerts] == ["unknown"]
    assert truth.reason == "the truth of clock_drift could not be computed:\nthis correlator computes no truth of it"


@pytest.mark.parametrize(("off_ms", "verdict"), [(90, "unknown"), (70, "fail")])
def test_alert_may_stand_as_long_as_honest_monitors_differ(play, off_ms: float, verdict: str) -> None:
    def tell(story: Any) -> None:
        story.audit("clock", 200, "apex", 130 * 10**6, 0)
        story.alert(210, mandate="clock_drift", subject="apex", severity="high")
        story.audit("clock", 300, "apex", round(off_ms * 10**6), 0)
        story.audit("injection", 300, "coordinator", "slide", "clock_drift", "ended", *[story.at_ns(100)] * 2, "{}", "")

    expect = [{**EXPECT, "resolves_within_ns": 30 * 10**9}]
    steady = {"from_ns": 0, "no_alerts": True, "feeds_live": False, "again_within_ns": 60 * 10**9}
    judgement = play(alert_at=None, depegs_to=1.0, tell=tell, limits=LIMITS, expect=expect, steady_state=steady)
    (expectation,) = judgement.expectations
    recovery = next(each for each in judgement.checks if each.name == "recovery")
    assert expectation.resolved is not None
    assert (expectation.resolved.verdict, recovery.verdict) == (verdict, verdict), recovery.reason


LOSS_LIMITS = """
schema: riskproof-limits/1
limits:
  rapid_drawdown: {firm: {high: 100k USD}, window: 10 min}
"""


@pytest.mark.parametrize(
    ("loss_usd", "alert_at", "outcome", "truth"),
    [
        (100_300, None, "doubtful", None),
        (101_000, None, "missed", None),
        (99_700, 205, "never_due", "unknown"),
        (99_000, 205, "never_due", "false"),
        (100_300, 205, "detected", "true"),
    ],
)
def test_what_is_lost_from_a_height_is_known_as_well_as_the_height(
    play: Any, loss_usd: float, alert_at: float | None, outcome: str, truth: str | None
) -> None:
    """The firm has 100 BTC, whose price falls at 200 s. A monitor may have seen them a little dearer than they were."""

    def tell(story: Any) -> None:
        story.entries = [entry for entry in story.entries if not (entry[2][0] == "quote" and entry[2][3] == 1)]
        story.quote(0, 1, 24_000, tick=0.01)
        story.quote(200, 1, 24_000 - loss_usd / 100, tick=0.01)
        if alert_at is not None:
            story.alert(alert_at, mandate="rapid_drawdown", subject="firm", severity="high")

    expect = {"alert": "rapid_drawdown", "asset": "firm", "severity": "high", "within_ns": 15 * 10**9}
    judgement = play(alert_at=None, depegs_to=1.0, tell=tell, limits=LOSS_LIMITS, expect=[expect])
    (expectation,) = judgement.expectations
    assert expectation.outcome == outcome
    assert [alert.truth for alert in judgement.alerts] == ([] if truth is None else [truth])
