"""The protection score: what it rewards, and that neither silence nor noise earns anything."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.coverage.facts import Demand, Fired, RunFacts, RunName
from lab.scores.protection import credit, protection
from lab.scores.result import MandateProtection
from lab.scores.scoring import score, score_lines
from tests.lab.scores.facts_samples import demand, false, run

MANDATES = ("drawdown", "api_outage", "visibility")

demands = st.builds(
    demand,
    st.sampled_from(("detected", "late", "missed", "unknown")),
    st.floats(-5.0, 10.0),
    alert=st.sampled_from(MANDATES),
)
alarms = st.builds(false, st.sampled_from(MANDATES), st.floats(0.0, 1_800.0))


@st.composite
def suites(draw: st.DrawFn) -> list[RunFacts]:
    """Runs that keep whatever they demand an alert of, and hear no alarm of what they do not keep."""
    made = []
    for seed in range(draw(st.integers(1, 5))):
        asked = draw(st.lists(demands, max_size=4))
        heard = draw(st.lists(alarms, max_size=3))
        named = {one.alert for one in asked} | {one.alert for one in heard} | draw(st.sets(st.sampled_from(MANDATES)))
        kept = tuple(name for name in MANDATES if name in named)
        made.append(run(*asked, fired=tuple(heard), seed=seed, mandates=kept))
    return made


def silenced(one: Demand) -> Demand:
    return replace(one, found="missed", verdict="fail", detected_at_s=None) if one.owed else one


@given(suites())
def test_a_detector_that_never_alerts_scores_zero(facts: list[RunFacts]) -> None:
    never = [replace(one, demands=tuple(map(silenced, one.demands)), fired=()) for one in facts]
    assert protection(never).score in (0.0, None)
    assert (protection(never).score is None) == (not any(one.demands for one in facts))


@given(suites())
def test_a_detector_that_always_alerts_scores_zero_even_if_it_is_always_in_time(facts: list[RunFacts]) -> None:
    in_time = demand("detected", 0.0)
    always = [
        replace(
            one,
            demands=tuple(replace(in_time, alert=asked.alert) for asked in one.demands),
            fired=tuple(false(mandate) for mandate in one.mandates),
        )
        for one in facts
    ]
    whole = protection(always)
    assert (whole.score, whole.at_most) in ((0.0, 0.0), (None, None))


@given(suites())
def test_a_perfect_detector_scores_a_hundred(facts: list[RunFacts]) -> None:
    perfect = [
        replace(one, demands=tuple(demand("detected", 0.0, alert=asked.alert) for asked in one.demands), fired=())
        for one in facts
    ]
    assert protection(perfect).score in (pytest.approx(100.0), None)


@given(suites(), st.sampled_from(MANDATES), st.integers(0, 4))
def test_a_further_false_alarm_never_helps(facts: list[RunFacts], mandate: str, place: int) -> None:
    one = facts[place % len(facts)]
    if mandate not in one.mandates:
        return
    worse = [replace(each, fired=(*each.fired, false(mandate))) if each is one else each for each in facts]
    before, after = protection(facts).score, protection(worse).score
    assert before is None if after is None else before is not None and after <= before


@given(suites(), st.integers(0, 4), st.integers(0, 3))
def test_a_demand_that_comes_to_be_met_never_lowers_it(facts: list[RunFacts], place: int, number: int) -> None:
    one = facts[place % len(facts)]
    if not one.demands:
        return
    asked = one.demands[number % len(one.demands)]
    met = tuple(demand("detected", 0.0, alert=asked.alert) if each is asked else each for each in one.demands)
    better = [replace(each, demands=met) if each is one else each for each in facts]
    before, after = protection(facts).score, protection(better).score
    assert before is not None
    assert after is not None
    assert after >= before - 1e-9


@given(suites())
def test_the_score_lies_between_zero_and_what_it_is_at_most(facts: list[RunFacts]) -> None:
    whole = protection(facts)
    if whole.score is not None and whole.at_most is not None:
        assert 0.0 <= whole.score <= whole.at_most + 1e-9 <= 100.0 + 1e-6


@given(suites())
def test_the_order_of_the_runs_makes_no_difference(facts: list[RunFacts]) -> None:
    assert score(facts) == score(facts[::-1])


@pytest.mark.parametrize(
    ("one", "earned"),
    [
        (demand("detected", -3.0), 1.0),
        (demand("detected", 0.0), 1.0),
        (demand("detected", 5.0), 0.75),
        (demand("detected", 10.0), 0.5),
        (demand("detected", 0.0, verdict="fail"), 0.0),
        (demand("detected", 0.0, verdict="unknown"), 0.0),
        (demand("late", 11.0), 0.0),
        (demand("missed"), 0.0),
        (demand("unknown"), 0.0),
    ],
)
def test_credit_falls_to_a_half_at_the_deadline_and_to_nothing_behind_it(one: Demand, earned: float) -> None:
    assert credit(one) == earned


def test_each_mandate_weighs_the_same_however_many_cases_it_has() -> None:
    facts = [
        run(demand("missed", alert="api_outage"), *[demand()] * 9),
        run(case="quiet", fired=(false("api_outage"),)),
    ]
    whole = protection(facts)
    assert whole.score == 50.0
    assert whole.mandates == [
        MandateProtection(
            mandate="api_outage", demands=1, passed=0, unknown=0, runs=2, quiet_runs=1, caught=0.0, quiet=0.5
        ),
        MandateProtection(
            mandate="drawdown", demands=9, passed=9, unknown=0, runs=2, quiet_runs=2, caught=1.0, quiet=1.0
        ),
    ]


def test_an_action_is_no_demand_of_the_score_and_a_crashed_run_keeps_its_demands() -> None:
    facts = [run(demand(), demand(alert=None, action="breaker")), run(demand("unknown"), judged=False, seed=2)]
    whole = protection(facts)
    assert (whole.score, whole.at_most, whole.demands, whole.unknown) == (50.0, 100.0, 2, 1)


@given(suites(), suites())
def test_it_is_at_most_that_whatever_the_runs_without_a_verdict_would_have_shown(
    judged: list[RunFacts], others: list[RunFacts]
) -> None:
    """What a run without a verdict demands is known, and no more than that."""
    crashed = [
        replace(
            one, judged=False, mandates=(), fired=(), lasted_s=0.0, demands=tuple(map(undecided, one.demands)),
            name=replace_seed(one, 100),
        )
        for one in others
    ]  # fmt: skip
    came_through = [replace(one, name=replace_seed(one, 100)) for one in others]
    at_most, score_then = protection([*judged, *crashed]).at_most, protection([*judged, *came_through]).score
    assert (at_most is None) == (score_then is None)
    if at_most is not None and score_then is not None:
        assert score_then <= at_most + 1e-9


def undecided(one: Demand) -> Demand:
    return replace(one, found="unknown", verdict="unknown", owed=False, detected_at_s=None)


def replace_seed(one: RunFacts, by: int) -> RunName:
    return RunName(one.name.scenario, one.name.case, one.name.seed + by)


def test_runs_judged_under_other_terms_are_told() -> None:
    facts = [run(demand()), replace(run(demand(), seed=2), rescored=True)]
    assert score(facts).rescored == 1
    assert score_lines(score(facts))[-1] == ("", "1 run judged under other terms than its own scenario's")
    assert score_lines(score(facts[:1]))[-1][0] == "NAB-compatible score: "


def test_a_false_alarm_of_what_no_limit_of_the_run_keeps_is_one_all_the_same() -> None:
    facts = [run(demand()), run(seed=2, mandates=("api_outage",), fired=(false(),))]
    assert protection(facts).score == 50.0


def test_where_no_run_has_a_verdict_nothing_is_earned_and_nothing_ruled_out() -> None:
    whole = protection([run(demand("unknown"), judged=False)])
    assert (whole.score, whole.at_most) == (0.0, 100.0)


def test_scores_are_told_with_what_they_are_of() -> None:
    heard: tuple[Fired, ...] = (false("api_outage", 900.0),)
    told = score_lines(score([run(demand(), demand("unknown"), demand("missed", severity="critical"), fired=heard)]))
    assert told == [
        ("protection score: ", "33.3 of 100, by 3 demands of 1 mandate; 66.7 if 1 unknown had been met"),
        (
            "NAB-compatible score: ",
            "standard 47.2, reward_low_FP_rate 44.5, reward_low_FN_rate 48.2; 1 of 2 windows detected, "
            "1 detection outside",
        ),
    ]
    assert score_lines(score([run()])) == [
        ("protection score: ", "none, nothing was demanded"),
        ("NAB-compatible score: ", "none, no window"),
    ]
