"""Every way a verdict can come about, each from a hand-made run and its control."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from correlator.judge import judge
from correlator.reporting import to_json
from correlator.verdict import Judgement

TIMELINE = [{"inject": "slide", "fault": "stablecoin_depeg", "at_ns": 100 * 10**9, "for_ns": 500 * 10**9}]
EXPECT = {"alert": "stablecoin_peg", "asset": "USDT", "severity": "warning", "within_ns": 15 * 10**9}


@pytest.fixture
def play(new_story, tmp_path: Path):
    """Play a depeg (began 100 s, visible 120 s, beyond 50 bp from 200 s on) with given alerts, and judge it."""

    def play(
        alert_at: float | None = 205,
        resolved_at: float | None = None,
        control_alert_at: float | None = None,
        ended_s: float | None = None,
        ending: str | None = "completed",
        control_ended_s: float | None = None,
        depegs_to: float = 0.99,
        visible: bool = True,
        claims: bool = True,
        timeline: list[Any] = TIMELINE,
        with_control: bool = True,
        tell: Any = None,
        limits: str = "",
        **resolved: Any,
    ) -> Judgement:
        resolved.setdefault("expect", [EXPECT])
        arms = {}
        for arm in ("run", "control"):
            story = new_story(arm, timeline=timeline, **resolved).found_world().alive()
            if limits:
                story.header["limits"] = limits
            for at_s in range(0, 600, 5):
                harmed = arm == "run" and at_s >= 200
                story.quote(at_s, 0, depegs_to if harmed else 1.0)
                story.quote(at_s, 1, 24_000, tick=0.01)
            if timeline:
                story.inject(100, 120 if claims else None)
            if arm == "run":
                if visible:
                    story.push(120, "usdtusd")
                if alert_at is not None:
                    story.alert(alert_at, resolved_at)
                if tell is not None:
                    tell(story)
            elif control_alert_at is not None:
                story.alert(control_alert_at)
            stops = {"ended_s": ended_s, "ending": ending}
            if arm == "control":
                cut = control_ended_s is not None
                stops = {"ended_s": control_ended_s, "ending": "interrupted" if cut else "completed"}
            arms[arm] = story.write(tmp_path / f"{arm}.journal", **stops)
        return judge(arms["run"], arms["control"] if with_control else None)

    return play


def only(judgement: Judgement):
    (expectation,) = judgement.expectations
    return expectation


def test_alert_in_time_passes_with_its_latencies(play) -> None:
    judgement = play(alert_at=205)
    found = only(judgement)
    assert judgement.verdict == "pass", judgement.reasons
    assert judgement.reasons == []
    assert (found.verdict, found.outcome, found.reason) == ("pass", "detected", "fired by its deadline")
    assert (found.breach_at_s, found.due_at_s, found.detected_at_s) == (200, 200, 205)
    assert (found.latency_s, found.since_breach_s, found.since_injection_s, found.since_effect_s) == (5, 5, 105, 85)
    assert (found.deadline_s, found.deadline_at_s) == (15, 215)
    assert judgement.false_alarms == judgement.unexpected == judgement.unalerted == []
    assert all(check.verdict == "pass" for check in judgement.checks)


def test_evidence_names_the_quote_that_breached_and_the_signal(play, tmp_path: Path) -> None:
    from correlator.journal import Journal

    evidence = only(play(alert_at=205)).evidence
    cited = {record.seq: type(record).__name__ for record in Journal(tmp_path / "run.journal").records()}
    assert [cited[seq] for seq in evidence] == ["Quote", "Signal"]


def test_judgement_is_json_and_comes_back(play) -> None:
    judgement = play()
    assert msgspec.json.decode(to_json(judgement), type=Judgement) == judgement


def test_judging_again_gives_the_same_bytes(play, tmp_path: Path) -> None:
    judgement = play()
    again = judge(tmp_path / "run.journal", tmp_path / "control.journal")
    assert to_json(again) == to_json(judgement)


def test_alert_after_its_deadline_fails_as_late(play) -> None:
    found = only(play(alert_at=220))
    assert (found.verdict, found.outcome, found.latency_s) == ("fail", "late", 20)
    assert found.reason == "fired 5.000 s after its deadline"


def test_alert_on_its_deadline_is_in_time(play) -> None:
    assert only(play(alert_at=215)).verdict == "pass"


def test_no_alert_fails_as_missed_and_is_listed_as_unalerted(play) -> None:
    judgement = play(alert_at=None)
    found = only(judgement)
    assert judgement.verdict == "fail"
    assert (found.verdict, found.outcome, found.detected_at_s) == ("fail", "missed", None)
    assert [(name.alert, name.severity, name.due_at_s) for name in judgement.unalerted] == [
        ("stablecoin_peg", "warning", 200)
    ]
    assert judgement.reasons[0] == "fail: expect stablecoin_peg USDT warning: due, and no alert fired"


def test_alert_that_resolved_before_the_breach_answers_nothing(play) -> None:
    judgement = play(alert_at=140, resolved_at=150)
    assert only(judgement).outcome == "missed"
    assert [alert.fired_at_s for alert in judgement.false_alarms] == [140]


def test_early_alert_of_a_true_breach_passes_with_negative_latency(play) -> None:
    rule = "{stablecoin_peg: {USDT: {warning: 50 bp}, for: 30 s}}"
    limits = f"schema: riskproof-limits/1\nstablecoins: [USDT]\nlimits: {rule}"
    for_30_s = only(play(alert_at=210, limits=limits))
    assert (for_30_s.verdict, for_30_s.due_at_s, for_30_s.latency_s) == ("pass", 230, -20)
    assert for_30_s.reason == "fired before it was due by its deadline"


def test_worse_severity_answers_a_milder_expectation(play) -> None:
    def tell(story: Any) -> None:
        story.alert(206, severity="high")

    judgement = play(alert_at=None, depegs_to=0.98, tell=tell)
    assert (judgement.verdict, only(judgement).detected_at_s) == ("pass", 206)


def test_milder_severity_does_not_answer(play) -> None:
    judgement = play(alert_at=205, depegs_to=0.98, expect=[{**EXPECT, "severity": "high"}])
    assert only(judgement).outcome == "missed"


def test_rule_that_never_became_due_is_unknown(play) -> None:
    judgement = play(alert_at=None, depegs_to=0.998)
    assert (judgement.verdict, only(judgement).outcome) == ("unknown", "never_due")
    assert only(judgement).reason == "the rule was never breached, so no alert was owed (USDT warning)"


def test_rule_touched_exactly_is_not_breached(play) -> None:
    assert only(play(alert_at=None, depegs_to=0.995)).outcome == "never_due"


def test_injection_without_a_visible_difference_is_unknown(play) -> None:
    judgement = play(visible=False)
    assert (judgement.verdict, only(judgement).outcome) == ("unknown", "no_effect")
    (slide,) = judgement.injections
    assert (slide.began_at_s, slide.claimed_at_s, slide.took_effect_at_s) == (100, 120, None)
    assert slide.notes == ["it claims an effect, yet nothing on the wire differs from the control run"]


def test_unclaimed_effect_is_established_from_the_wire(play) -> None:
    (slide,) = play(claims=False).injections
    assert (slide.claimed_at_s, slide.took_effect_at_s) == (None, 120)


def test_alert_that_fires_in_the_control_too_is_unknown(play) -> None:
    judgement = play(alert_at=205, control_alert_at=230)
    assert (judgement.verdict, only(judgement).outcome) == ("unknown", "in_control")
    assert judgement.alerts[0].in_control


def test_alert_much_later_in_the_control_is_still_credited_here(play) -> None:
    assert only(play(alert_at=205, control_alert_at=400)).verdict == "pass"


def test_control_of_another_run_is_no_control(play) -> None:
    judgement = play(tell=lambda story: story.header.update(seed=8))
    assert judgement.reasons[0] == "unknown: control: the control journal is not this run's: they differ in seed"
    assert only(judgement).reason == (
        "whether the injection took effect cannot be told: there is no control run to compare with"
    )


def test_control_that_ends_too_soon_to_tell_is_unknown(play) -> None:
    found = only(play(alert_at=205, control_ended_s=230))
    assert (found.verdict, found.outcome) == ("unknown", "in_control")
    assert found.reason == "it fired, but the control run ends before it could show whether it fires there too"
    assert only(play(alert_at=205, control_ended_s=300)).verdict == "pass"


def test_missing_control_is_unknown(play) -> None:
    judgement = play(with_control=False)
    assert judgement.verdict == "unknown"
    assert "unknown: control: there is no control run to compare with" in judgement.reasons


@pytest.mark.parametrize(("ending", "word"), [("interrupted", "interrupted"), (None, "killed")])
def test_run_that_ended_before_the_deadline_is_unknown(play, ending: str | None, word: str) -> None:
    judgement = play(alert_at=None, ended_s=210, ending=ending)
    assert (judgement.verdict, only(judgement).outcome) == ("unknown", "interrupted")
    assert judgement.ended.reason == word


def test_interrupted_run_keeps_what_it_proved_but_is_no_pass(play) -> None:
    judgement = play(alert_at=205, ended_s=300, ending="interrupted")
    assert only(judgement).verdict == "pass"
    assert judgement.verdict == "unknown"
    assert judgement.reasons == ["unknown: history: the run was interrupted after 300 s"]


def test_deadline_of_effect_and_of_injection(play) -> None:
    effect = only(play(alert_at=205, expect=[{**EXPECT, "of": "effect", "within_ns": 85 * 10**9}]))
    assert (effect.verdict, effect.deadline_at_s) == ("pass", 205)
    injection = only(play(alert_at=206, expect=[{**EXPECT, "of": "injection", "within_ns": 105 * 10**9}]))
    assert (injection.verdict, injection.deadline_at_s) == ("fail", 205)


def test_deadline_before_anything_was_owed_is_unknown(play) -> None:
    found = only(play(alert_at=205, expect=[{**EXPECT, "of": "effect"}]))
    assert (found.verdict, found.outcome) == ("unknown", "due_too_late")


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
    assert play(alert_at=None, expect=[], forbid=forbid).forbids[0].verdict == "pass"
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

    forbid = [{"alert": "stablecoin_peg", "severity": "warning"}]
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
    assert judgement.reasons == ["unknown: asked: the scenario neither expects nor forbids anything"]


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


def test_judge_all_asks_for_every_rule_that_became_due(play) -> None:
    judgement = play(timeline=[], with_control=False, depegs_to=0.98, expect=[], judge_all_ns=60 * 10**9)
    found = {(each.alert, each.severity): (each.origin, each.verdict, each.outcome) for each in judgement.expectations}
    assert found == {
        ("stablecoin_peg", "warning"): ("judge_all", "pass", "detected"),
        ("stablecoin_peg", "high"): ("judge_all", "fail", "missed"),
    }


def test_judge_all_with_nothing_due_is_unknown(play) -> None:
    judgement = play(alert_at=None, timeline=[], with_control=False, depegs_to=1.0, expect=[], judge_all_ns=60 * 10**9)
    assert judgement.reasons == ["unknown: asked: every rule was to be judged when due, but none became due"]


def test_second_breach_owes_an_alert_of_its_own(play) -> None:
    def tell(story: Any) -> None:
        story.quote(231, 0, 0.99)
        kept = lambda entry: not (entry[2][0] == "quote" and story.at_ns(231) < entry[0] < story.at_ns(500))  # noqa: E731
        story.entries = [entry for entry in story.entries if kept(entry)]
        story.quote(232, 0, 1.0)

    judgement = play(
        alert_at=205, resolved_at=260, tell=tell, timeline=[], with_control=False, expect=[], judge_all_ns=60 * 10**9
    )
    found = [(each.due_at_s, each.outcome) for each in judgement.expectations if each.severity == "warning"]
    assert found == [(200, "detected"), (500, "missed")]


def test_judge_all_joins_near_breaches_and_passes_over_fleeting_ones(play) -> None:
    def tell(story: Any) -> None:
        story.entries = [entry for entry in story.entries if not (entry[2][0] == "quote" and entry[2][3] == 0)]
        for at_s, price in ((0, 1.0), (50, 0.99), (50.5, 1.0), (200, 0.99), (230, 1.0), (300, 0.99), (330, 1.0)):
            story.quote(at_s, 0, price)

    judgement = play(
        alert_at=205, resolved_at=280, tell=tell, timeline=[], with_control=False, expect=[], judge_all_ns=60 * 10**9
    )
    found = [(each.due_at_s, each.outcome) for each in judgement.expectations]
    assert found == [(200, "detected")]
    rule = next(rule for rule in judgement.rules if (rule.alert, rule.severity) == ("stablecoin_peg", "warning"))
    assert [interval.due_at_s for interval in rule.intervals] == [50, 200, 300]


def test_judge_all_leaves_no_miss_out_however_many_there_are(new_story, tmp_path: Path) -> None:
    length_s = 200 * 300
    story = new_story(length_s=length_s, judge_all_ns=60 * 10**9).found_world().alive(every_s=50)
    for number in range(200):
        story.quote(number * 300 + 10, 0, 0.993)
        story.quote(number * 300 + 40, 0, 1.0)
        if number != 150:
            story.alert(number * 300 + 12, number * 300 + 100)
    judgement = judge(story.write(tmp_path / "run.journal", batch=1_000), None)
    assert len(judgement.expectations) == 200
    missed = [(found.due_at_s, found.outcome) for found in judgement.expectations if found.verdict == "fail"]
    assert missed == [(150 * 300 + 10, "missed")]


def test_judge_all_is_unknown_of_a_rule_breached_too_often_to_tell(new_story, tmp_path: Path) -> None:
    story = new_story(length_s=600 * 200, judge_all_ns=60 * 10**9).found_world().alive(every_s=50)
    for number in range(600):
        story.quote(number * 200 + 10, 0, 0.993)
        story.quote(number * 200 + 40, 0, 1.0)
    outcomes = [found.outcome for found in judge(story.write(tmp_path / "run.journal", batch=1_000), None).expectations]
    assert outcomes[0] == "not_judged"
    assert "missed" in outcomes
