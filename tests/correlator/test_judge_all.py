"""Every rule that became due is owed an alert, each time: `judge_all`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from correlator.judge import judge


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


@pytest.mark.parametrize(
    ("resolved_s", "again_s", "outcomes"),
    [
        (280, None, [(200, "detected"), (300, "missed")]),
        (280, 303, [(200, "detected"), (300, "detected")]),
        (280, 390, [(200, "detected"), (300, "late")]),
        (300, 390, [(200, "detected")]),  # it stood when the breach came back
        (None, None, [(200, "detected")]),
    ],
)
def test_breach_that_comes_back_for_long_when_its_alert_has_resolved_owes_another(
    play: Any, resolved_s: float | None, again_s: float | None, outcomes: list[tuple[float, str]]
) -> None:
    def tell(story: Any) -> None:
        story.entries = [entry for entry in story.entries if not (entry[2][0] == "quote" and entry[2][3] == 0)]
        for at_s, price in ((0, 1.0), (200, 0.993), (250, 1.0), (300, 0.993)):
            story.quote(at_s, 0, price)
        if again_s is not None:
            story.alert(again_s)

    asked: dict[str, Any] = {"timeline": [], "with_control": False, "expect": [], "judge_all_ns": 60 * 10**9}
    judgement = play(resolved_at=resolved_s, tell=tell, **asked)
    assert [(each.due_at_s, each.outcome) for each in judgement.expectations] == outcomes
    if again_s is None:  # of what was never told of, one miss is enough
        mute = play(alert_at=None, tell=tell, **asked)
        assert [(each.due_at_s, each.outcome) for each in mute.expectations] == [(200, "missed")]


@pytest.mark.parametrize(
    ("spans", "owed"),
    [
        ([(200.0, 203.9)], []),
        ([(200.0, 204.0)], [(203, "missed")]),
        ([(200.0, 203.5), (204.0, 207.5), (208.0, 211.5)], []),  # at no look had it lasted for three seconds
        ([(200.0, 203.5), (260.0, 270.0)], [(263, "missed")]),
    ],
)
def test_breach_that_hardly_outlasts_its_hold_time_is_not_asked_for(
    play: Any, spans: list[tuple[float, float]], owed: list[tuple[float, str]]
) -> None:
    """A monitor that looks once a second sees it begin a second late."""

    def tell(story: Any) -> None:
        story.entries = [entry for entry in story.entries if not (entry[2][0] == "quote" and entry[2][3] == 0)]
        story.quote(0, 0, 1.0)
        for begins_s, ends_s in spans:
            story.quote(begins_s, 0, 0.993)
            story.quote(ends_s, 0, 1.0)

    limits = """
schema: riskproof-limits/1
firm: meridian
base_currency: USD
stablecoins: [USDT, USDC]
limits:
  stablecoin_peg: {each: {warning: 50 bp}, for: 3 s}
"""
    asked: dict[str, Any] = {"timeline": [], "with_control": False, "expect": [], "judge_all_ns": 60 * 10**9}
    judgement = play(alert_at=None, tell=tell, limits=limits, **asked)
    assert [(each.due_at_s, each.outcome) for each in judgement.expectations] == owed
    assert judgement.rules[0].times_due == len(spans)
    # An alert of what is not asked for is none of what is, unless it still stands.
    resolved = play(alert_at=203, resolved_at=210, tell=tell, limits=limits, **asked)
    assert [each.outcome for each in resolved.expectations] == (
        ["missed"] if spans[-1][0] > 210 else owed and ["detected"]
    )
    standing = play(alert_at=203, tell=tell, limits=limits, **asked)
    assert [each.outcome for each in standing.expectations] == ["detected"] * len(owed)


def test_flicker_before_a_breach_does_not_make_its_alert_late(play) -> None:
    """Twice half a second and then for good: who looks once a second need see no more than the last."""

    def tell(story: Any) -> None:
        story.entries = [entry for entry in story.entries if not (entry[2][0] == "quote" and entry[2][3] == 0)]
        for at_s, price in ((0, 1.0), (200, 0.993), (200.5, 1.0), (260.2, 0.993), (260.8, 1.0), (300, 0.993)):
            story.quote(at_s, 0, price)

    asked: dict[str, Any] = {"timeline": [], "with_control": False, "expect": [], "judge_all_ns": 15 * 10**9}
    told = [(each.due_at_s, each.outcome) for each in play(alert_at=301, tell=tell, **asked).expectations]
    mute = [(each.due_at_s, each.outcome) for each in play(alert_at=None, tell=tell, **asked).expectations]
    assert (told, mute) == ([(300, "detected")], [(300, "missed")])


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


@pytest.mark.parametrize(("again_s", "outcomes"), [(312, ["detected", "detected"]), (None, ["detected", "missed"])])
def test_monitor_that_lost_its_state_owes_anew_what_stands(play, again_s: float | None, outcomes: list[str]) -> None:
    def tell(story: Any) -> None:
        story.audit("venue", 300, "monitor", "down", "state lost")
        story.audit("venue", 310, "monitor", "up", "")
        if again_s is not None:
            story.alert(again_s)

    found = play(alert_at=205, tell=tell, expect=[], judge_all_ns=15 * 10**9).expectations
    assert [each.outcome for each in found] == outcomes
