"""Every way an expected control action can come out, each from a hand-made run and its control."""

from __future__ import annotations

from typing import Any

import pytest

from correlator.controls import ControlsError, Trigger, read_triggers
from correlator.verdict import ExpectationOutcome, Judgement

CONTROLS = """
schema: riskproof-controls/1
gate: {headroom: high}
breakers:
  strategy: {on: {order_rate: high}, pause: 15 min}
  firm: {on: {rapid_drawdown: high}, pause: manual}
emergency_stop: {on: {stablecoin_peg: warning}, flattens: true}
defcon:
  rises: {high: 4, critical: 3}
"""
STOP = {"alert": None, "action": "emergency_stop", "within_ns": 15 * 10**9, "severity": None}


def only(judgement: Judgement) -> ExpectationOutcome:
    (expectation,) = judgement.expectations
    return expectation


def play_stop(play: Any, tell: Any, **more: Any) -> Judgement:
    more.setdefault("expect", [STOP])
    more.setdefault("controls", CONTROLS)
    return play(tell=tell, **more)


def test_action_in_time_passes_with_its_latency_and_is_listed(play) -> None:
    judgement = play_stop(play, lambda story: story.act(206, "emergency_stop", "*", done_s=207, ended_s=400))
    found = only(judgement)
    assert judgement.verdict == "pass", judgement.reasons
    assert (found.action, found.alert, found.verdict, found.outcome) == ("emergency_stop", None, "pass", "taken")
    assert (found.due_at_s, found.detected_at_s, found.latency_s, found.deadline_at_s) == (200, 206, 6, 215)
    (action,) = judgement.actions
    assert (action.control, action.subject, action.trigger) == ("emergency_stop", "*", "a-1")
    assert (action.taken_at_s, action.done_at_s, action.failed_at_s, action.ended_at_s) == (206, 207, None, 400)
    assert (action.expected, action.in_control) == (True, False)


def test_action_that_came_too_late_fails(play) -> None:
    found = only(play_stop(play, lambda story: story.act(220, "emergency_stop", "*")))
    assert (found.verdict, found.outcome, found.reason) == ("fail", "late", "taken 5.000 s after its deadline")


def test_action_numbered_as_one_before_its_monitor_lost_its_state_is_another(play) -> None:
    def tell(story: Any) -> None:
        story.act(50, "emergency_stop", "*", done_s=51)
        story.audit("venue", 60, "monitor", "down", "state lost")
        story.audit("venue", 70, "monitor", "up", "")
        story.act(206, "emergency_stop", "*", done_s=207)

    judgement = play_stop(play, tell, tell_control=lambda story: story.act(50, "emergency_stop", "*", ended_s=52))
    assert [(one.taken_at_s, one.done_at_s) for one in judgement.actions] == [(50, 51), (206, 207)]
    assert (only(judgement).outcome, only(judgement).latency_s) == ("taken", 6)


def test_action_that_was_never_taken_fails(play) -> None:
    found = only(play_stop(play, None))
    assert (found.verdict, found.outcome) == ("fail", "missed")


def test_action_that_was_over_before_its_breach_began_is_no_answer_to_it(play) -> None:
    def over(story: Any) -> None:
        story.act(110, "emergency_stop", "*", done_s=111, ended_s=130)

    found = only(play_stop(play, over))
    assert (found.verdict, found.outcome) == ("fail", "missed")
    assert found.reason == "due, and no such action was taken; one was over before that"

    def again(story: Any) -> None:
        over(story)
        story.act(206, "emergency_stop", "*", done_s=207, action_id="c-2")

    assert (only(play_stop(play, again)).outcome, only(play_stop(play, again)).latency_s) == ("taken", 6)
    standing = only(play_stop(play, lambda story: story.act(110, "emergency_stop", "*", ended_s=260)))
    assert standing.verdict == "pass"
    of_effect = only(play_stop(play, over, expect=[{**STOP, "of": "effect", "within_ns": 90 * 10**9}]))
    assert of_effect.verdict == "pass"  # what prevents a breach need not outlast it


def test_action_of_another_control_answers_nothing(play) -> None:
    assert only(play_stop(play, lambda story: story.act(206, "breaker", "*"))).outcome == "missed"


def test_action_that_failed_fails_unless_it_was_done_in_the_end(play) -> None:
    found = only(play_stop(play, lambda story: story.act(206, "emergency_stop", "*", failed_s=211)))
    assert (found.verdict, found.outcome) == ("fail", "failed")
    assert found.reason == "taken by its deadline, but it failed: no answer"
    done = only(play_stop(play, lambda story: story.act(206, "emergency_stop", "*", failed_s=211, done_s=230)))
    assert done.verdict == "pass"


def test_action_that_the_control_run_takes_too_is_not_credited(play) -> None:
    def tell(story: Any) -> None:
        story.act(206, "emergency_stop", "*")

    found = only(play_stop(play, tell, tell_control=tell))
    assert (found.verdict, found.outcome) == ("unknown", "in_control")


def test_action_in_force_since_before_the_injection_tells_nothing(play) -> None:
    found = only(play_stop(play, lambda story: story.act(50, "emergency_stop", "*")))
    assert (found.verdict, found.outcome) == ("unknown", "stood_already")


def test_action_whose_alert_was_never_due_is_unknown(play) -> None:
    found = only(play_stop(play, lambda story: story.act(206, "emergency_stop", "*"), depegs_to=0.999, alert_at=None))
    assert (found.verdict, found.outcome) == ("unknown", "never_due")
    assert found.reason.endswith("yet it was taken: what it was taken for is no breach, so count from `effect`")


def test_action_of_effect_needs_no_breach(play) -> None:
    gate = {**STOP, "action": "gate", "of": "effect"}
    found = only(
        play_stop(play, lambda story: story.act(121, "gate", "arb"), expect=[gate], depegs_to=1, alert_at=None)
    )
    assert (found.verdict, found.due_at_s, found.detected_at_s) == ("pass", 120, 121)
    late = only(play_stop(play, lambda story: story.act(136, "gate", "arb"), expect=[gate], depegs_to=1, alert_at=None))
    assert (late.verdict, late.outcome) == ("fail", "late")


def test_gate_of_breach_says_what_to_count_from(play) -> None:
    gate = {**STOP, "action": "gate"}
    found = only(play_stop(play, None, expect=[gate]))
    assert (found.verdict, found.outcome) == ("unknown", "never_due")
    assert found.reason == "no alert sets off gate, so no breach can make it due: count from `effect`"


def test_without_controls_in_the_header_nothing_is_judged(play) -> None:
    found = only(play_stop(play, lambda story: story.act(206, "emergency_stop", "*"), controls=""))
    assert (found.verdict, found.outcome) == ("unknown", "not_judged")


@pytest.mark.parametrize(
    ("control", "subject", "triggers"),
    [
        ("breaker", "maker", [Trigger("order_rate", "high")]),
        ("breaker", "*", [Trigger("rapid_drawdown", "high")]),
        ("breaker", None, [Trigger("order_rate", "high"), Trigger("rapid_drawdown", "high")]),
        ("defcon", "level 3", [Trigger("*", "critical")]),
        ("defcon", None, [Trigger("*", "high"), Trigger("*", "critical")]),
        ("gate", "maker", []),
        ("failover", None, []),
        ("limits_log", "limits", [Trigger("policy_drift", "info")]),
    ],
)
def test_the_controls_file_says_what_sets_each_off(control: str, subject: str | None, triggers: list[Trigger]) -> None:
    assert read_triggers(CONTROLS, control, subject) == triggers


def test_what_is_no_controls_file_is_refused() -> None:
    for text in ("- a", "schema: riskproof-limits/1", "schema: riskproof-controls/1\nbreakers: 3", "{"):
        with pytest.raises(ControlsError):
            read_triggers(text, "breaker", None)


def test_forbidden_action_fails_where_harm_brings_it_about_and_no_breach_calls_for_it(play) -> None:
    def tell(story: Any) -> None:
        story.act(206, "emergency_stop", "*")

    def forbidden(tell: Any = None, **more: Any) -> tuple[str, str, list[int]]:
        forbid = [{"action": "emergency_stop"}]
        judgement = play_stop(play, tell, expect=[], forbid=forbid, **{"alert_at": None, "depegs_to": 0.999} | more)
        (one,) = judgement.forbids
        assert (one.name, one.alert, one.action) == ("action emergency_stop", "", "emergency_stop")
        return one.verdict, one.reason, one.actions

    assert forbidden() == ("pass", "not taken", [])
    assert forbidden(lambda story: story.act(206, "breaker", "*")) == ("pass", "not taken", [])
    assert forbidden(tell) == ("fail", "taken at 206.0 s, and no breach that sets it off was due", [0])
    in_control = ("unknown", "it was taken, and is taken in the control too", [0])
    assert forbidden(tell, tell_control=tell) == in_control
    owed = "stablecoin_peg USDT warning was due at 200.0 s, and sets it off: "
    owed += "the scenario forbids what the controls require"
    assert forbidden(tell, depegs_to=0.99, alert_at=205) == ("unknown", owed, [0])
    assert forbidden(depegs_to=0.99, alert_at=205) == ("unknown", owed, [])
    early = forbidden(lambda story: story.act(150, "emergency_stop", "*"), depegs_to=0.99, alert_at=205)
    assert early == ("fail", "taken at 150.0 s, and no breach that sets it off was due", [0])
