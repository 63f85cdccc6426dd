"""What a suite's observations become: figures by expectation, false alarms by mandate, cross-fire."""

from __future__ import annotations

import random

import msgspec
import pytest

from lab.suite.gathering import gather
from lab.suite.observation import Sample, Stray
from lab.suite.result import CrossFire, Quantile, SuiteResult
from lab.suite.wording import rate
from tests.lab.suite.suite_samples import expected, observed


def test_an_expectation_is_counted_over_the_seeds_that_prove_something() -> None:
    result = gather(
        [
            observed(1, expected(latency_s=2.0)),
            observed(2, expected("late", 12.0), verdict="fail"),
            observed(3, expected("missed", None), verdict="fail"),
            observed(4, expected("in_control", 1.0), verdict="unknown"),
        ],
        seeds=4,
    )
    (stats,) = result.cases[0].expectations
    assert (stats.detected, stats.n, stats.unknown, stats.rate) == (1, 3, 1, pytest.approx(1 / 3))
    assert stats.seeds == [1, 2, 3, 4]
    assert stats.outcomes == ["detected", "late", "missed", "in_control"]
    assert stats.latencies_s == [2.0, 12.0, None, None]
    assert stats.since_injections_s == [102.0, 112.0, None, None]
    assert stats.margins_s == [8.0, -2.0, None, None]
    assert stats.margin_s == -2.0
    assert (stats.shortest_s, stats.longest_s) == (2.0, 12.0)
    assert stats.p50 == Quantile(12.0, None, None)  # of 2, 12 and infinity
    assert stats.key == "drawdown USD high"
    assert result.counts == {"pass": 1, "fail": 2, "unknown": 1}


def test_what_must_follow_an_alert_changes_nothing_of_its_detection() -> None:
    result = gather([observed(1, expected("not_resolved", 2.0), verdict="fail")], seeds=1)
    (stats,) = result.cases[0].expectations
    assert (stats.detected, stats.n, stats.outcomes) == (1, 1, ["detected"])
    assert result.verdict == "fail"
    late = gather([observed(1, expected("not_resolved", 12.0), verdict="fail")], seeds=1)
    assert late.cases[0].expectations[0].outcomes == ["late"]


def test_a_proven_fail_is_masked_neither_by_an_unknown_nor_by_a_crash() -> None:
    runs = [
        observed(1, expected("missed", None), verdict="fail"),
        observed(2, verdict="unknown", trouble="MemoryError: none left"),
        observed(3, expected(), verdict="pass"),
    ]
    assert gather(runs, seeds=3).verdict == "fail"
    assert gather(runs[1:], seeds=3).verdict == "unknown"
    assert gather(runs[2:], seeds=3).verdict == "pass"


def test_half_a_suite_and_none_at_all_prove_nothing() -> None:
    assert gather([observed(1, expected())], seeds=1, interrupted=True).verdict == "unknown"
    assert gather([], seeds=1).verdict == "unknown"
    fail = observed(1, expected("missed", None), verdict="fail")
    assert gather([fail], seeds=1, interrupted=True).verdict == "fail"


def test_a_seed_that_runs_because_it_failed_counts_for_the_verdict_and_for_no_rate() -> None:
    result = gather(
        [
            observed(1, expected()),
            observed(99, expected("missed", None), verdict="fail", remembered=True, false_alarms={"drawdown": 1}),
        ],
        seeds=1,
    )
    assert result.verdict == "fail"
    assert [(seed.seed, seed.remembered) for seed in result.cases[0].seeds] == [(1, False), (99, True)]
    (stats,) = result.cases[0].expectations
    assert (stats.seeds, stats.detected, stats.n) == ([1], 1, 1)
    assert result.false_alarms.all.count == 0


def test_what_judge_all_asks_for_twice_in_a_run_is_told_apart() -> None:
    twice = expected(origin="judge_all")
    both = msgspec.structs.replace(twice, latency_s=3.0)
    run = observed(1)
    run = type(run)(
        **{name: getattr(run, name) for name in run.__slots__ if name != "samples"},
        samples=(Sample(twice, 0), Sample(both, 1)),
    )
    keys = [stats.key for stats in gather([run], seeds=1).cases[0].expectations]
    assert keys == ["drawdown USD high when due", "drawdown USD high when due #2"]


def test_false_alarms_are_counted_per_day_of_the_runs_that_keep_their_mandate() -> None:
    result = gather(
        [
            observed(1, faults=(), case="absent", simulated_s=43_200.0),
            observed(1, false_alarms={"api_outage": 2}, forbidden_false={"api_outage": 1}, verdict="fail"),
            observed(1, scenario="other", faults=(), mandates=("drawdown",), simulated_s=43_200.0),
        ],
        seeds=1,
    )
    alarms = result.false_alarms
    assert (alarms.all.count, alarms.all.simulated_days, alarms.all.per_day) == (2, 2.0, 1.0)
    assert (alarms.all.low, alarms.all.high) == (
        pytest.approx(0.2422 / 2, abs=1e-4),
        pytest.approx(7.2247 / 2, abs=1e-4),
    )
    assert (alarms.quiet.count, alarms.quiet.simulated_days, alarms.quiet.high) == (
        0,
        1.0,
        pytest.approx(3.6889, abs=1e-4),
    )
    outage, drawdown = alarms.by_mandate
    assert (outage.mandate, outage.all.count, outage.all.simulated_days, outage.forbidden) == ("api_outage", 2, 1.5, 1)
    assert (outage.quiet.count, outage.quiet.simulated_days) == (0, 0.5)
    assert (drawdown.mandate, drawdown.all.count, drawdown.all.simulated_days) == ("drawdown", 0, 2.0)


def test_cross_fire_says_which_harm_sets_off_which_other_mandate() -> None:
    result = gather(
        [
            observed(1, strays=(Stray("api_outage", 1, 0, 0),)),
            observed(2, strays=(Stray("api_outage", 0, 2, 1),)),
            observed(1, case="absent", faults=()),
        ],
        seeds=2,
    )
    assert result.cross_fire == [CrossFire("crash", "market_shock", "api_outage", 1, 2, 1, 2, 2)]


def test_the_order_in_which_trials_ended_leaves_no_trace() -> None:
    runs = [
        observed(seed, expected(latency_s=seed / 7), scenario=scenario, false_alarms={"drawdown": seed})
        for scenario in ("crash", "depeg")
        for seed in (1, 2, 3)
    ]
    shuffled = runs[:]
    random.Random(3).shuffle(shuffled)
    assert msgspec.json.encode(gather(shuffled, seeds=3)) == msgspec.json.encode(gather(runs, seeds=3))


def test_a_result_survives_being_stored() -> None:
    result = gather([observed(1, expected()), observed(2, expected("missed", None), verdict="fail")], seeds=2)
    assert msgspec.json.decode(msgspec.json.encode(result), type=SuiteResult) == result


@pytest.mark.parametrize(
    ("detected", "n", "told"),
    [
        (8, 8, "8/8, 63 to 100 %"),
        (1_000, 1_000, "1000/1000, 99 to 100 %"),  # 99.63: no rate but 100 is excluded by rounding
        (0, 1_000, "0/1000, 0 to 1 %"),
        (500, 1_000, "500/1000, 46 to 54 %"),
    ],
)
def test_an_interval_is_rounded_so_that_it_covers_what_it_covered(detected: int, n: int, told: str) -> None:
    runs = [observed(seed, expected() if seed < detected else expected("missed", None)) for seed in range(n)]
    (case,) = gather(runs, seeds=n).cases
    assert rate(case.expectations[0]) == told
