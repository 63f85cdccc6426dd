"""What the monitor must not do, and what must be sound before a run says anything about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from correlator.judge import judge
from correlator.verdict import ExpectationOutcome, Judgement


def only(judgement: Judgement) -> ExpectationOutcome:
    (expectation,) = judgement.expectations
    return expectation


def test_false_alarm_fails_the_run_whatever_was_noticed(play) -> None:
    def tell(story: Any) -> None:
        story.alert(300, 310, mandate="position_limit", subject="BTC", severity="high")

    judgement = play(tell=tell)
    assert only(judgement).verdict == "pass"
    assert judgement.verdict == "fail"
    assert [(alert.alert, alert.fired_at_s) for alert in judgement.false_alarms] == [("position_limit", 300)]


def test_alert_of_a_rule_nobody_has_is_false(play) -> None:
    judgement = play(tell=lambda story: story.alert(300, mandate="drawdown", subject="firm", severity="high"))
    assert judgement.false_alarms[0].reason == "the firm keeps no such rule: no limit bounds this subject"


def test_monitor_cannot_excuse_a_false_alarm_by_dating_it_back(play) -> None:
    def tell(story: Any) -> None:
        for at_s in range(202, 600, 5):
            story.quote(at_s, 0, 1.0 if at_s > 230 else 0.99)
        story.entries = [entry for entry in story.entries if not (entry[2][0] == "quote" and entry[0] > story.at_ns(240)
                         and entry[2][4] == 9900)]  # fmt: skip
        story.alert(560, since_s=0)

    judgement = play(alert_at=205, resolved_at=240, tell=tell)
    assert [alert.fired_at_s for alert in judgement.false_alarms] == [560]


def test_true_alert_nobody_expected_is_listed_and_changes_nothing(play) -> None:
    def tell(story: Any) -> None:
        story.alert(206, severity="high")

    judgement = play(depegs_to=0.98, tell=tell, expect=[], forbid=[{"alert": "position_limit"}])
    assert judgement.verdict == "pass"
    assert [alert.severity for alert in judgement.unexpected] == ["warning", "high"]


def test_forbidden_alert_without_truth_fails_with_truth_is_unknown(play) -> None:
    forbid = [{"alert": "any"}]
    assert play(alert_at=None, depegs_to=0.998, expect=[], forbid=forbid).forbids[0].verdict == "pass"
    true = play(alert_at=205, expect=[], forbid=forbid)
    assert (true.verdict, true.forbids[0].verdict, true.forbids[0].alerts) == ("unknown", "unknown", [0])
    false = play(alert_at=205, depegs_to=0.998, expect=[], forbid=forbid)
    assert (false.verdict, false.forbids[0].verdict) == ("fail", "fail")


def test_forbid_looks_at_mandate_subject_and_severity(play) -> None:
    others = [{"alert": "drawdown"}, {"alert": "any", "asset": "BTC"}, {"alert": "stablecoin_peg", "severity": "high"}]
    judgement = play(alert_at=205, expect=[], forbid=others)
    assert [forbid.verdict for forbid in judgement.forbids] == ["pass", "pass", "pass"]


def test_forbidden_severity_is_that_one_only(play) -> None:
    def tell(story: Any) -> None:
        story.alert(206, severity="high")

    forbid = [{"alert": "stablecoin_peg", "severity": "critical"}]
    assert play(alert_at=None, depegs_to=0.98, tell=tell, expect=[], forbid=forbid).forbids[0].verdict == "pass"


def test_forbid_is_unknown_if_no_injection_took_effect(play) -> None:
    judgement = play(alert_at=None, visible=False, expect=[], forbid=[{"alert": "any"}])
    assert judgement.forbids[0].reason == "no injection took effect: that nothing fired shows nothing"
    assert judgement.verdict == "unknown"


def test_forbid_without_any_injection_passes_on_its_own_control(play) -> None:
    judgement = play(
        alert_at=None, depegs_to=0.998, timeline=[], with_control=False, expect=[], forbid=[{"alert": "any"}]
    )
    assert judgement.verdict == "pass", judgement.reasons


def test_forbid_in_an_unfinished_run_is_unknown(play) -> None:
    judgement = play(alert_at=None, ended_s=300, ending="interrupted", expect=[], forbid=[{"alert": "any"}])
    assert judgement.forbids[0].verdict == "unknown"


def test_scenario_that_asks_nothing_is_unknown(play) -> None:
    judgement = play(expect=[])
    assert judgement.reasons == ["unknown: asked: the scenario neither expects, forbids nor asserts anything"]


def test_dead_monitor_is_unknown_and_no_all_clear(new_story, tmp_path: Path) -> None:
    story = new_story(length_s=2_000, forbid=[{"alert": "any"}]).found_world()
    story.ask(10)
    judgement = judge(story.write(tmp_path / "run.journal"), None)
    assert "unknown: monitor: the monitor asked no venue for anything in the last 1990 s" in judgement.reasons


def test_steady_state_that_held_passes(play) -> None:
    judgement = play(steady_state={"from_ns": 30 * 10**9, "no_alerts": True, "feeds_live": True})
    assert judgement.verdict == "pass", judgement.reasons
    assert judgement.checks[-1].reason == "held until the first injection"


def test_silent_feed_before_the_injection_violates_the_steady_state(play) -> None:
    def tell(story: Any) -> None:
        story.entries = [entry for entry in story.entries if not (entry[2][0] == "push" and b"btcusd" in entry[2][4]
                         and entry[0] < story.at_ns(95))]  # fmt: skip

    judgement = play(tell=tell, steady_state={"from_ns": 30 * 10**9})
    check = judgement.checks[-1]
    assert (check.name, check.verdict) == ("steady_state", "unknown")
    assert check.reason == "apex:BTC/USD was silent for more than 60 s before the first injection"


def test_false_alert_before_the_injection_violates_the_steady_state(play) -> None:
    def tell(story: Any) -> None:
        story.alert(50, 60, mandate="position_limit", subject="BTC", severity="high")

    judgement = play(tell=tell, steady_state={})
    assert judgement.checks[-1].verdict == "fail"


def test_run_that_differs_before_its_injection_is_unknown(play) -> None:
    judgement = play(tell=lambda story: story.push(50, "usdtusd"))
    check = next(check for check in judgement.checks if check.name == "control")
    assert check.reason == "run and control differ at 50.000 s already, before anything was injected"
    assert judgement.verdict == "unknown"


def test_world_in_which_somebody_spent_what_he_had_not_is_unknown(play) -> None:
    def tell(story: Any) -> None:
        story.audit("posting", 300, "apex", "BTC", "master", "external", 101 * 10**8, "withdrawal")

    judgement = play(tell=tell)
    check = next(check for check in judgement.checks if check.name == "world")
    assert check.verdict == "unknown"
    assert "leaves master with -100000000 smallest units of BTC" in check.reason


def test_fee_beyond_what_was_received_is_a_wrong_world(play) -> None:
    def tell(story: Any) -> None:
        body = (1, 7, 2_400_000, 1_000, "buy", "master", 1, "street", 2)
        story.audit("fill", 300, "apex", *body, 10**6 + 1, 0)

    check = next(check for check in play(tell=tell).checks if check.name == "world")
    assert "charges fees of 1000001 and 0, more than was received" in check.reason


def test_settlement_that_moved_other_than_instructed_is_a_wrong_world(play) -> None:
    def tell(story: Any, moved: int = 5_000) -> None:
        story.audit("account", 0, "keystone", "vault", "firm")
        story.audit("account", 0, "keystone", "apex", "transit")
        instruction = ("i1", "apex", "USD", 5_000, 0, "instructed", story.at_ns(400))
        story.audit("posting", 300, "apex", "USD", "master", "external", 5_000, "settlement")
        story.audit("settlement", 300, "keystone", *instruction)
        story.audit("posting", 390, "keystone", "USD", "apex", "vault", moved, "settlement")
        story.audit("settlement", 390, "keystone", *instruction[:4], 5_000, "settled", instruction[-1])

    def world(judgement: Judgement) -> str:
        return next(check.reason for check in judgement.checks if check.name == "world")

    assert world(play(tell=tell)) == "every ledger adds up, and nobody spent what he did not have"
    assert "keystone: settlement moved 4999 units of USD to the firm, instructed were 5000" in world(
        play(tell=lambda story: tell(story, 4_999))
    )


def test_broken_truth_is_unknown_with_its_traceback_and_hides_no_proven_failure(play, monkeypatch) -> None:
    from correlator.truth.measures.stablecoin_peg import StablecoinPeg

    def broken(self: Any, stretch: Any) -> None:
        raise ZeroDivisionError("a slip in the peg")

    def tell(story: Any) -> None:
        story.alert(300, mandate="position_limit", subject="BTC", severity="high")

    monkeypatch.setattr(StablecoinPeg, "evaluate", broken)
    judgement = play(tell=tell)
    assert (only(judgement).verdict, only(judgement).outcome) == ("unknown", "not_judged")
    assert "a slip in the peg" in only(judgement).reason
    assert [alert.truth for alert in judgement.alerts] == ["unknown", "false"]
    assert judgement.verdict == "fail"


def test_unreadable_limits_are_unknown_and_no_alert_is_called_false(play) -> None:
    judgement = play(limits="schema: riskproof-limits/1\nlimits: {stablecoin_peg: {each: {high: 5 apples}}}")
    assert judgement.verdict == "unknown"
    assert judgement.false_alarms == []
