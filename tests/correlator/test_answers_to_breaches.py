"""Which breach an alert answers, and what silence is worth: nobody passes by an alert of another time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from correlator.journal import DamagedJournal
from correlator.judge import judge

FORBID_ANY = [{"alert": "any"}]
EXPECT = {"alert": "stablecoin_peg", "asset": "USDT", "severity": "warning", "within_ns": 15 * 10**9}


def depeg(story: Any, *spans: tuple[float, float]) -> None:
    """Have USDT off its peg in these spans of the run and nowhere else."""
    story.entries = [entry for entry in story.entries if not (entry[2][0] == "quote" and entry[2][3] == 0)]
    for at_s in sorted({*range(0, 600, 5), *(at_s for span in spans for at_s in span)}):
        story.quote(at_s, 0, 0.99 if any(begins <= at_s < ends for begins, ends in spans) else 1.0)


def only(judgement: Any) -> Any:
    (expectation,) = judgement.expectations
    return expectation


def test_miss_is_no_less_a_miss_because_the_control_alerts_later(play) -> None:
    def tell(story: Any) -> None:
        depeg(story, (200, 260), (450, 600))
        story.alert(452)

    judgement = play(alert_at=None, control_alert_at=452, tell=tell)
    assert (judgement.verdict, only(judgement).outcome) == ("fail", "missed")


def test_late_alert_is_late_even_if_it_fires_in_the_control_too(play) -> None:
    judgement = play(alert_at=240, control_alert_at=240)
    assert (judgement.verdict, only(judgement).outcome) == ("fail", "late")


@pytest.mark.parametrize(
    ("alert_s", "state", "outcome"),
    [(312, "lost", "detected"), (None, "lost", "missed"), (340, "lost", "late"), (312, "kept", "never_due")],
)
def test_a_monitor_that_lost_its_state_owes_anew_what_stands(
    play: Any, alert_s: float | None, state: str, outcome: str
) -> None:
    def tell(story: Any) -> None:
        depeg(story, (200, 500))
        story.alert(201)
        story.inject(290, 290, name="restart")
        story.audit("venue", 290, "monitor", "down", f"state {state}")
        story.audit("venue", 310, "monitor", "up", "")
        story.ask(310.5)
        if alert_s is not None:
            story.alert(alert_s)

    again = {**EXPECT, "injection": "restart"}
    timeline = [
        {"inject": name, "fault": "stablecoin_depeg", "at_ns": at_s * 10**9, "for_ns": None}
        for name, at_s in (("slide", 100), ("restart", 290))
    ]

    def tell_without_restart(story: Any) -> None:
        depeg(story, (200, 500))
        story.alert(201)

    without = {"restart": tell_without_restart}
    judgement = play(alert_at=None, tell=tell, expect=[again], timeline=timeline, without=without)
    assert only(judgement).outcome == outcome


def test_alert_that_resolves_as_the_next_breach_begins_does_not_answer_it(play) -> None:
    def tell(story: Any) -> None:
        depeg(story, (20, 30), (200, 600))
        story.alert(21, 200.01)

    assert only(play(alert_at=None, tell=tell)).outcome == "missed"


def test_alert_that_never_resolved_does_not_answer_later_breaches(play) -> None:
    def tell(story: Any) -> None:
        depeg(story, (110, 120), (400, 600))
        story.alert(111)

    judgement = play(
        alert_at=None, tell=tell, timeline=[], with_control=False, expect=[], judge_all_ns=15 * 10**9, forbid=[]
    )
    found = [(each.due_at_s, each.detected_at_s, each.verdict, each.outcome) for each in judgement.expectations]
    assert found == [(110, 111, "pass", "detected"), (400, 111, "unknown", "stood_already")]
    assert judgement.verdict == "unknown"


def test_breach_that_was_over_before_the_injection_is_said_to_be(play) -> None:
    judgement = play(alert_at=None, tell=lambda story: depeg(story, (40, 50)))
    assert only(judgement).reason == "it was breached before the injection began and never after (USDT warning)"


def test_alert_of_a_breach_shorter_than_the_limits_ask_is_no_pass(play) -> None:
    rule = "{stablecoin_peg: {USDT: {warning: 50 bp}, for: 30 s}}"
    limits = f"schema: riskproof-limits/1\nstablecoins: [USDT]\nlimits: {rule}"

    def judged(ends_s: float) -> Any:
        return play(
            alert_at=202, resolved_at=300, tell=lambda story: depeg(story, (200, ends_s)), timeline=[],
            with_control=False, limits=limits, expect=[], forbid=[{"alert": "any", "asset": "BTC"}],
        )  # fmt: skip

    assert judged(203).reasons == [
        "unknown: owed: 1 alert(s) of breaches that did not last as long as the limits ask, "
        "the first stablecoin_peg USDT warning at 202.000 s"
    ]
    assert judged(229.5).verdict == "pass"


@pytest.fixture
def long_story(new_story, tmp_path: Path):
    """Off the peg from 100 s to 130 s of 1000 s, told of at 102 s; when it resolves and what can be seen is given."""

    def judged(resolved_s: float | None, blind_from_s: float = 1_000) -> Any:
        story = new_story(length_s=1_000, expect=[EXPECT]).found_world()
        for at_s in range(0, 1_000, 10):
            story.ask(at_s)
            story.push(at_s, "btcusd")
            if not blind_from_s <= at_s < blind_from_s + 300:
                story.push(at_s, "usdtusd")
        for at_s, price in ((0, 1.0), (100, 0.99), (130, 1.0)):
            story.quote(at_s, 0, price)
        story.alert(102, resolved_s)
        return judge(story.write(tmp_path / "run.journal"), None)

    return judged


def test_alert_that_stands_on_and_on_makes_the_run_unknown(long_story) -> None:
    stuck = long_story(None)
    assert only(stuck).verdict == "pass"
    assert stuck.reasons == [
        "unknown: resolution: stablecoin_peg USDT warning stands more than 10 min after its breach was over, "
        "at 130.000 s: what it would say of another breach cannot be told"
    ]


def test_alert_that_resolves_in_time_or_cannot_be_seen_to_be_over_is_no_reproach(long_story) -> None:
    assert long_story(resolved_s=729).verdict == "pass"
    assert long_story(resolved_s=731).verdict == "unknown"
    assert long_story(None, blind_from_s=140).verdict == "pass"


ALL_CLEAR = (
    "fail: resolution: stablecoin_peg USDT warning was resolved at {:.3f} s in the middle of its breach, "
    "and was not told of again"
)


def test_all_clear_in_the_middle_of_a_breach_fails(play) -> None:
    """The depeg lasts from 200 s to the end at 600 s."""
    judgement = play(resolved_at=206)
    assert only(judgement).verdict == "pass"
    assert (judgement.verdict, judgement.reasons) == ("fail", [ALL_CLEAR.format(206)])
    assert play(resolved_at=480).verdict == "fail"
    assert play(resolved_at=481).verdict == "pass"  # it might still have been told of again


def test_all_clear_that_is_taken_back_is_none(play) -> None:
    def again(at_s: float, severity: str = "warning") -> Any:
        return lambda story: story.alert(at_s, severity=severity)

    assert play(resolved_at=206, tell=again(326)).verdict == "pass"
    assert play(resolved_at=206, tell=again(327)).reasons == [ALL_CLEAR.format(206)]
    assert play(resolved_at=206, tell=again(204, "high"), depegs_to=0.98).verdict == "pass"  # a worse one stands

    def flutter(story: Any) -> None:
        story.alert(210, 211)

    assert play(resolved_at=206, tell=flutter).reasons == [ALL_CLEAR.format(211)]


def test_what_excuses_an_all_clear_in_the_middle_of_a_breach(play) -> None:
    def loses_its_state(story: Any) -> None:
        story.audit("venue", 206, "monitor", "down", "state lost")
        story.audit("venue", 590, "monitor", "up", "")

    assert play(tell=loses_its_state).verdict == "pass"

    def goes_blind(story: Any) -> None:
        story.entries = [
            entry
            for entry in story.entries
            if not (entry[2][0] == "push" and story.at_ns(210) < entry[0] < story.at_ns(300))
        ]

    assert play(resolved_at=260, tell=goes_blind).verdict == "pass"
    unseen = {"alert": "stablecoin_peg", "asset": "USDT", "because": "nobody publishes it"}
    assert "resolution" not in str(play(resolved_at=206, expect=[], expect_miss=[unseen]).reasons)

    def returns(story: Any) -> None:
        depeg(story, (200, 250), (260, 600))

    assert play(resolved_at=255, alert_at=205, tell=returns).verdict == "pass"  # it was over then


def test_new_alert_answers_though_another_severity_stands_from_before(play) -> None:
    def tell(story: Any) -> None:
        depeg(story, (20, 30), (200, 600))
        story.alert(21, severity="high")
        story.alert(204)

    assert only(play(alert_at=None, tell=tell)).outcome == "detected"


def test_silence_where_a_forbidden_rule_was_due_is_no_all_clear(play) -> None:
    judgement = play(alert_at=None, timeline=[], with_control=False, expect=[], forbid=FORBID_ANY)
    assert judgement.reasons == [
        "unknown: forbid any: none fired, yet stablecoin_peg USDT warning was due at 200.000 s: "
        "the scenario forbids what truth requires"
    ]
    others = [{"alert": "position_limit"}, {"alert": "any", "asset": "BTC"}, {"alert": "any", "severity": "high"}]
    bystander = play(alert_at=None, timeline=[], with_control=False, expect=[], forbid=others)
    assert bystander.verdict == "pass"


def test_fleeting_breach_does_not_speak_against_a_prohibition(play) -> None:
    judgement = play(
        alert_at=None, tell=lambda story: depeg(story, (200, 200.5)), timeline=[], with_control=False, expect=[],
        forbid=FORBID_ANY,
    )  # fmt: skip
    assert judgement.verdict == "pass"


@pytest.mark.parametrize("tail", [b"x", bytes(30), b"\x01" * 200])
def test_whatever_follows_the_end_frame_is_damage(play, tmp_path: Path, tail: bytes) -> None:
    play()
    path = tmp_path / "run.journal"
    path.write_bytes(path.read_bytes() + tail)
    with pytest.raises(DamagedJournal, match="bytes follow the end frame"):
        judge(path, tmp_path / "control.journal")
