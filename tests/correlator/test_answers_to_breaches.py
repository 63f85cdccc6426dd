"""Which breach an alert answers, and what silence is worth: nobody passes by an alert of another time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from correlator.journal import DamagedJournal
from correlator.judge import judge

FORBID_ANY = [{"alert": "any"}]


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
