"""Every way an expectation can come out, each from a hand-made run and its control."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from correlator.journal import Journal
from correlator.judge import judge
from correlator.reporting import to_json
from correlator.verdict import ExpectationOutcome, Judgement

EXPECT = {"alert": "stablecoin_peg", "asset": "USDT", "severity": "warning", "within_ns": 15 * 10**9}


def only(judgement: Judgement) -> ExpectationOutcome:
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


@pytest.mark.parametrize(("ending", "word"), [("interrupted", "interrupted"), (None, "killed")])
def test_run_that_ended_before_the_deadline_is_unknown(play, ending: str | None, word: str) -> None:
    judgement = play(alert_at=None, ended_s=210, ending=ending)
    assert (judgement.verdict, only(judgement).outcome) == ("unknown", "interrupted")
    assert judgement.ended.reason == word


def test_deadline_of_effect_and_of_injection(play) -> None:
    effect = only(play(alert_at=205, expect=[{**EXPECT, "of": "effect", "within_ns": 85 * 10**9}]))
    assert (effect.verdict, effect.deadline_at_s) == ("pass", 205)
    injection = only(play(alert_at=206, expect=[{**EXPECT, "of": "injection", "within_ns": 105 * 10**9}]))
    assert (injection.verdict, injection.deadline_at_s) == ("fail", 205)


def test_deadline_before_anything_was_owed_is_unknown(play) -> None:
    found = only(play(alert_at=205, expect=[{**EXPECT, "of": "effect"}]))
    assert (found.verdict, found.outcome) == ("unknown", "due_too_late")


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


def test_control_of_another_firm_is_no_control(play) -> None:
    def another(story: Any) -> None:
        story.header["resolved"]["firm"] = {"strategies": [{"name": "maker", "account": "master"}]}

    judgement = play(tell_control=another)
    assert judgement.verdict == "unknown"
    assert judgement.reasons[0] == "unknown: control: the control journal is not this run's: they differ in firm"


def test_control_that_ends_too_soon_to_tell_is_unknown(play) -> None:
    found = only(play(alert_at=205, control_ended_s=230))
    assert (found.verdict, found.outcome) == ("unknown", "in_control")
    assert found.reason == "it fired, but the control run ends before it could show whether it fires there too"
    assert only(play(alert_at=205, control_ended_s=300)).verdict == "pass"


def test_missing_control_is_unknown(play) -> None:
    judgement = play(with_control=False)
    assert judgement.verdict == "unknown"
    assert "unknown: control: there is no control run to compare with" in judgement.reasons


def test_interrupted_run_keeps_what_it_proved_but_is_no_pass(play) -> None:
    judgement = play(alert_at=205, ended_s=300, ending="interrupted")
    assert only(judgement).verdict == "pass"
    assert judgement.verdict == "unknown"
    assert judgement.reasons == ["unknown: history: the run was interrupted after 300 s"]
