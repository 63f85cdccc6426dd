"""What must come of alerts and injections: escalation, resolution, recovery, misses, stopped runs, ``after``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from correlator.judge import judge
from correlator.verdict import Check, ExpectationOutcome, Judgement

S = 10**9
EXPECT = {"alert": "stablecoin_peg", "asset": "USDT", "severity": "warning", "within_ns": 15 * S}
ESCALATES = [{**EXPECT, "escalates_within_ns": 60 * S}]
RESOLVES = [{**EXPECT, "resolves_within_ns": 30 * S}]
MISS = {"alert": "stablecoin_peg", "asset": "USDT", "severity": "warning", "because": "nobody publishes it"}
SLIDE = {"inject": "slide", "fault": "stablecoin_depeg", "at_ns": 100 * S, "for_ns": 500 * S}
STEADY = {"from_ns": 0, "no_alerts": True, "feeds_live": False, "again_within_ns": 60 * S}


def only(judgement: Judgement) -> ExpectationOutcome:
    (expectation,) = judgement.expectations
    return expectation


def care(story: Any, at_s: float, state: str, severity: str = "warning") -> None:
    """Somebody saw the alert of 205 s, or nobody did."""
    body = ("stablecoin_peg", "USDT", severity, 0.6, 0.5, "%", story.at_ns(205), [])
    story.audit("signal", at_s, "monitor", "a-1", state, *body)


def recover(story: Any, at_s: float = 300) -> None:
    """The peg is back, and the injection over. The quotes of the depeg go on at every fifth second."""
    for second in range(int(at_s), 600, 5):
        story.quote(second, 0, 1.0)
    body = ("slide", "stablecoin_depeg", "ended", story.at_ns(100), story.at_ns(600), "{}", "")
    story.audit("injection", at_s, "coordinator", *body)


def check(judgement: Judgement, name: str) -> Check:
    return next(check for check in judgement.checks if check.name == name)


def test_alert_that_nobody_acknowledges_escalates_in_time(play) -> None:
    judgement = play(expect=ESCALATES, tell=lambda story: care(story, 260, "escalated", "high"))
    found = only(judgement).escalated
    assert found is not None
    assert (judgement.verdict, found.verdict, found.from_at_s, found.at_s, found.took_s) == (
        "pass",
        "pass",
        205,
        260,
        55,
    )
    (alert,) = judgement.alerts  # the escalation is no alert of its own
    assert (alert.escalated_at_s, alert.escalated_to, alert.acknowledged_at_s) == (260, "high", None)


@pytest.mark.parametrize(
    ("told", "verdict", "outcome"),
    [
        ([], "fail", "not_escalated"),
        ([(266, "escalated")], "fail", "not_escalated"),
        ([(240, "acknowledged")], "unknown", "never_due"),
        ([(230, "escalated"), (240, "acknowledged")], "pass", "detected"),
        ([(230, "acknowledged"), (240, "escalated")], "unknown", "never_due"),
        ([(230, "told again"), (240, "escalated")], "pass", "detected"),
        ([(230, "told again")], "fail", "not_escalated"),
        ([(266, "acknowledged")], "fail", "not_escalated"),
        ([(240, "resolved")], "unknown", "never_due"),
    ],
)
def test_every_way_an_escalation_can_come_out(play, told: list[tuple[float, str]], verdict: str, outcome: str) -> None:
    def tell(story: Any) -> None:
        for at_s, state in told:
            is_again = state == "told again"  # as escalated, and no graver than it was
            care(story, at_s, "escalated" if is_again else state, "high" if state == "escalated" else "warning")

    found = only(play(expect=ESCALATES, tell=tell))
    assert (found.verdict, found.escalated.verdict, found.escalated.outcome) == (verdict, verdict, outcome)


def test_escalation_after_the_end_of_history_is_unknown(play) -> None:
    found = only(play(expect=ESCALATES, ended_s=260, ending="stopped"))
    assert (found.verdict, found.outcome) == ("unknown", "interrupted")


@pytest.mark.parametrize(
    ("resolved_s", "verdict", "outcome"),
    [
        (325, "pass", "detected"),
        (330, "pass", "detected"),
        (331, "fail", "not_resolved"),
        (None, "fail", "not_resolved"),
    ],
)
def test_alert_must_resolve_so_long_after_its_breach(
    play, resolved_s: float | None, verdict: str, outcome: str
) -> None:
    found = only(play(expect=RESOLVES, resolved_at=resolved_s, tell=recover)).resolved
    assert found is not None
    assert (found.verdict, found.outcome, found.from_at_s, found.at_s) == (verdict, outcome, 300, resolved_s)


def test_breach_that_lasts_to_the_end_leaves_resolution_unknown(play) -> None:
    found = only(play(expect=RESOLVES))
    assert (found.verdict, found.resolved.outcome) == ("unknown", "never_due")


@pytest.mark.parametrize(
    ("over_s", "resolved_s", "verdict", "outcome"),
    [
        (None, None, "unknown", "doubtful"),
        (520, 590, "unknown", "doubtful"),
        (450, 590, "unknown", "doubtful"),
        (450, 430, "pass", "detected"),
        (435, 590, "fail", "not_resolved"),
    ],
)
def test_alert_need_not_resolve_while_its_breach_comes_back_first(
    play, over_s: int | None, resolved_s: float | None, verdict: str, outcome: str
) -> None:
    """Over at 300 s, back at 430 s, over again at ``over_s``."""

    def tell(story: Any) -> None:
        for second in range(300, 600, 5):
            back = second >= 430 and (over_s is None or second < over_s)
            story.quote(second, 0, 0.99 if back else 1.0)

    expect = [{**EXPECT, "resolves_within_ns": 150 * S}]
    found = only(play(expect=expect, resolved_at=resolved_s, tell=tell)).resolved
    assert (found.verdict, found.outcome) == (verdict, outcome)


@pytest.mark.parametrize(
    ("resolved_s", "over_s", "verdict", "says"),
    [
        (310, 300, "pass", "nothing was in breach and no alert was firing at 360.000 s"),
        (370, 300, "fail", "stablecoin_peg USDT warning was still firing at 360.000 s"),
        (None, 580, "unknown", "the run ended before it had to be steady again"),
    ],
)
def test_the_state_must_be_steady_again(play, resolved_s: float | None, over_s: float, verdict: str, says: str) -> None:
    judgement = play(resolved_at=resolved_s, steady_state=STEADY, tell=lambda story: recover(story, over_s))
    found = check(judgement, "recovery")
    assert (found.verdict, found.reason[: len(says)]) == (verdict, says)


def test_breach_that_outlasts_the_injection_is_no_recovery(play) -> None:
    def tell(story: Any) -> None:
        body = ("slide", "stablecoin_depeg", "ended", story.at_ns(100), story.at_ns(600), "{}", "")
        story.audit("injection", 300, "coordinator", *body)

    found = check(play(alert_at=None, expect=[], steady_state=STEADY, tell=tell), "recovery")
    assert found.verdict == "fail"
    assert found.reason.startswith("stablecoin_peg USDT warning was still in breach at 360.000 s")


def test_true_breach_that_nobody_can_see_and_nobody_alerts_passes(play) -> None:
    judgement = play(alert_at=None, expect=[], expect_miss=[MISS], forbid=[{"alert": "any"}])
    (found,) = judgement.misses
    assert judgement.verdict == "pass", judgement.reasons
    assert (found.verdict, found.due_at_s) == ("pass", 200)
    assert found.reason == "due, and nothing fired, because nobody publishes it"


def test_harm_of_which_production_shows_nothing_may_be_missed(play) -> None:
    judgement = play(alert_at=None, expect=[], expect_miss=[MISS], visible=False)
    assert judgement.verdict == "pass", judgement.reasons
    assert check(judgement, "effects").reason == "production shows nothing of slide, as the scenario says"


def test_only_the_harm_that_nobody_is_to_see_may_show_nothing(play) -> None:
    """Another one that did nothing at all tests nothing, whatever else went unseen."""
    idle = {"inject": "idle", "fault": "stablecoin_depeg", "at_ns": 130 * S, "for_ns": 300 * S}

    def tell(story: Any) -> None:
        story.inject(130, None, "idle")

    judgement = play(
        alert_at=None, expect=[], expect_miss=[MISS], visible=False, timeline=[SLIDE, idle], tell=tell,
        tell_control=tell, without={"slide": tell, "idle": lambda story: None},
    )  # fmt: skip
    assert [miss.verdict for miss in judgement.misses] == ["pass"]
    assert (judgement.verdict, check(judgement, "effects").reason) == ("unknown", "never took effect: idle")


def test_expected_miss_that_fires_after_all_is_unknown(play) -> None:
    judgement = play(alert_at=205, expect=[], expect_miss=[MISS])
    (found,) = judgement.misses
    assert (judgement.verdict, found.verdict, found.alerts) == ("unknown", "unknown", [0])
    assert found.reason == "it is visible after all: stablecoin_peg USDT warning fired"


def test_miss_of_what_became_due_just_before_the_end_is_unknown(play) -> None:
    for ended_s, verdict in ((201, "unknown"), (319, "unknown"), (320, "pass")):
        asked: dict[str, Any] = {"expect": [], "expect_miss": [MISS], "ended_s": ended_s, "ending": "stopped"}
        (found,) = play(alert_at=None, **asked).misses
        assert (found.verdict, found.due_at_s) == (verdict, 200)
    assert play(alert_at=None, **{**asked, "ended_s": 201}).misses[0].reason == (
        "nothing fired in the 1 s from when it was due to the end: that is too short to tell"
    )


def test_miss_while_such_an_alert_stands_since_before_is_unknown(play) -> None:
    (found,) = play(alert_at=90, control_alert_at=90, expect=[], expect_miss=[MISS]).misses
    assert (found.verdict, found.reason[:41]) == ("unknown", "stablecoin_peg USDT warning stood since b")


def test_expected_miss_of_what_was_never_due_is_unknown(play) -> None:
    judgement = play(alert_at=None, depegs_to=1.0, expect=[], expect_miss=[MISS])
    assert judgement.misses[0].verdict == "unknown"
    assert judgement.misses[0].reason.startswith("nothing was there to be missed: the rule was never breached")


def test_judge_all_asks_nothing_of_what_is_to_be_missed(play) -> None:
    judgement = play(alert_at=None, expect=[], expect_miss=[MISS], judge_all_ns=15 * S)
    assert (judgement.verdict, judgement.expectations) == ("pass", [])


def test_run_that_a_stop_condition_ended_is_judged_by_what_was_due(play) -> None:
    def tell(story: Any) -> None:
        story.audit("stop", 400, "coordinator", "drawdown above 10 %", "drawdown was 11")

    forbid = [{"alert": "position_limit"}]
    judgement = play(alert_at=205, ended_s=400, ending="stopped", control_ended_s=600, tell=tell, forbid=forbid)
    assert judgement.verdict == "pass", judgement.reasons
    assert [(one.verdict, one.reason) for one in judgement.forbids] == [("pass", "none fired")]
    assert (judgement.ended.reason, judgement.ended.detail) == ("stopped", "drawdown above 10 % (drawdown was 11)")
    assert check(judgement, "history").reason.startswith("a stop condition ended the run after 400 s: drawdown above")
    early = only(play(alert_at=None, ended_s=210, ending="stopped", tell=tell))
    assert (early.verdict, early.outcome) == ("unknown", "interrupted")
    late = only(play(alert_at=None, ended_s=400, ending="stopped", tell=tell))
    assert (late.verdict, late.outcome) == ("fail", "missed")


def test_what_hangs_on_an_injection_that_never_began_is_unknown(play) -> None:
    timeline = [
        {"inject": "slide", "fault": "stablecoin_depeg", "at_ns": 100 * S, "for_ns": 500 * S},
        {
            "inject": "stall", "fault": "feed_stall", "at_ns": None, "for_ns": 60 * S,
            "after": {"injection": "slide", "phase": "ended", "offset_ns": 0},
        },
    ]  # fmt: skip

    def tell(story: Any) -> None:
        story.audit("injection", 600, "coordinator", "stall", "feed_stall", "refused", 0, 0, "{}", "slide never ended")

    expect = [{**EXPECT, "injection": "slide"}, {**EXPECT, "injection": "stall"}]
    judgement = play(timeline=timeline, expect=expect, tell=tell)
    slide, stall = judgement.expectations
    assert (slide.verdict, stall.verdict, stall.outcome) == ("pass", "unknown", "no_effect")
    assert stall.reason == "no injection began: stall: refused: slide never ended"
    assert check(judgement, "effects").reason == "never took effect: stall (refused: slide never ended)"
    assert (judgement.injections[1].planned_at_s, judgement.injections[1].began_at_s) == (None, None)


def test_injection_that_another_called_is_judged_from_when_it_began(new_story, tmp_path: Path) -> None:
    timeline = [
        {"inject": "first", "fault": "x", "at_ns": 50 * S, "for_ns": 10 * S},
        {
            "inject": "slide", "fault": "stablecoin_depeg", "at_ns": None, "for_ns": 60 * S,
            "after": {"injection": "first", "phase": "began", "offset_ns": 50 * S},
        },
    ]  # fmt: skip
    expect = [{**EXPECT, "of": "injection", "within_ns": 110 * S, "injection": "slide"}]
    paths = []
    for arm, left in (("run", timeline), ("control", []), ("without:slide", timeline[:1])):
        story = new_story(arm, timeline=left, expect=expect).found_world().alive()
        for at_s in range(0, 600, 5):
            story.quote(at_s, 0, 0.99 if arm == "run" and at_s >= 200 else 1.0)
            story.quote(at_s, 1, 24_000, tick=0.01)
        if left:
            story.inject(50, 55, name="first", ends_s=60)
            story.push(56, "usdtusd")
        if arm == "run":
            story.inject(100, 120, name="slide", ends_s=160)
            story.push(120, "usdtusd")
            story.alert(205)
        paths.append(story.write(tmp_path / f"{arm.replace(':', '_')}.journal"))
    judgement = judge(paths[0], paths[1], {("slide",): paths[2]})
    found = only(judgement)
    assert judgement.verdict == "pass", judgement.reasons
    assert (found.since_injection_s, found.deadline_at_s) == (105, 210)
    assert (judgement.injections[1].planned_at_s, judgement.injections[1].planned_end_at_s) == (100, 160)


def test_what_a_person_told_the_monitor_is_listed(play) -> None:
    def tell(story: Any) -> None:
        story.audit("operator", 230, "operator", "acknowledge", "a-1", "operator", "seen")

    (said,) = play(tell=tell).operator
    assert (said.at_s, said.command, said.subject, said.by, said.reason) == (
        230,
        "acknowledge",
        "a-1",
        "operator",
        "seen",
    )
