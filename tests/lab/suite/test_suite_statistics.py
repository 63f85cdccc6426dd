"""Statistics: published values, the promise of every interval, and what few observations cannot prove."""

from __future__ import annotations

import math
import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from lab.suite.statistics import (
    cliffs_delta,
    fell_p,
    grew_p,
    poisson_interval,
    quantile_of,
    rate_interval,
    shift_of,
)


def binomial(k: int, n: int, p: float) -> float:
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)


def test_rates_have_the_intervals_that_tables_give() -> None:
    # Clopper and Pearson's own chart, and the rule of three's exact form: 1 - (α/2)^(1/n).
    assert rate_interval(8, 8) == (pytest.approx(0.025 ** (1 / 8)), 1.0)
    assert rate_interval(0, 8) == (0.0, pytest.approx(1 - 0.025 ** (1 / 8)))
    assert rate_interval(4, 10) == (pytest.approx(0.12155, abs=1e-5), pytest.approx(0.73762, abs=1e-5))


@given(st.integers(1, 25), st.floats(0.001, 0.999))
def test_the_interval_of_a_rate_holds_the_true_rate_as_often_as_it_promises(n: int, rate: float) -> None:
    held = 0.0
    for successes in range(n + 1):
        low, high = rate_interval(successes, n)
        held += binomial(successes, n, rate) * (low <= rate <= high)
    assert held >= 0.95 - 1e-9


def test_rare_events_have_garwoods_intervals() -> None:
    assert poisson_interval(0) == (0.0, pytest.approx(3.68888, abs=1e-5))
    assert poisson_interval(1) == (pytest.approx(0.02532, abs=1e-5), pytest.approx(5.57164, abs=1e-5))
    assert poisson_interval(10) == (pytest.approx(4.79539, abs=1e-5), pytest.approx(18.39036, abs=1e-5))


@given(st.floats(0.05, 20))
def test_the_interval_of_a_count_holds_the_true_mean_as_often_as_it_promises(mean: float) -> None:
    held = 0.0
    for count in range(80):
        low, high = poisson_interval(count)
        held += math.exp(-mean + count * math.log(mean) - math.lgamma(count + 1)) * (low <= mean <= high)
    assert held >= 0.95 - 1e-9


def test_a_median_of_ten_lies_between_the_second_and_the_ninth() -> None:
    # David and Nagaraja: P(X(2) ≤ median ≤ X(9)) = 0.9785, and X(3) to X(8) only 0.8906.
    ordered = [float(number) for number in range(1, 11)]
    assert quantile_of(ordered, 0.5) == (5.0, 2.0, 9.0)


def test_what_n_cannot_give_is_null() -> None:
    assert quantile_of([], 0.5) == (None, None, None)
    assert quantile_of([1.0], 0.5) == (None, None, None)
    five = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert quantile_of(five, 0.5) == (3.0, None, None)  # 2 · 0.5⁵ = 0.0625 is more than 0.05
    assert quantile_of(five, 0.95)[0] is None
    twenty = [float(number) for number in range(1, 21)]
    assert quantile_of(twenty, 0.95)[0] == 19.0
    assert quantile_of(twenty, 0.95)[2] is None
    assert quantile_of(twenty, 0.99) == (None, 19.0, None)


@given(st.integers(1, 60), st.sampled_from([0.5, 0.95, 0.99]))
def test_the_interval_of_a_quantile_errs_on_each_side_less_than_half_of_what_is_allowed(n: int, share: float) -> None:
    _, low, high = quantile_of([float(rank) for rank in range(1, n + 1)], share)
    below = [binomial(k, n, share) for k in range(n + 1)]
    if low is not None:
        assert math.fsum(below[: int(low)]) <= 0.025
        assert math.fsum(below[: int(low) + 1]) > 0.025  # and the next one would not do
    if high is not None:
        assert math.fsum(below[int(high) :]) <= 0.025


def test_misses_are_infinitely_late() -> None:
    assert quantile_of([1.0, 2.0, math.inf, math.inf], 0.5) == (2.0, None, None)
    assert quantile_of([1.0, math.inf, math.inf, math.inf], 0.5) == (None, None, None)


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=5),
    st.lists(st.integers(0, 4), min_size=1, max_size=5),
)
def test_the_rank_test_counts_every_way_to_deal_the_observations_out(old: list[int], new: list[int]) -> None:
    pooled = [*new, *old]

    def statistic(chosen: list[int], rest: list[int]) -> float:
        return sum((one > other) + 0.5 * (one == other) for one in chosen for other in rest)

    seen = statistic(new, old)
    dealt = [
        statistic([pooled[i] for i in places], [pooled[i] for i in range(len(pooled)) if i not in places])
        for places in combinations(range(len(pooled)), len(new))
    ]
    exact = sum(one >= seen - 1e-9 for one in dealt) / len(dealt)
    assert grew_p([float(one) for one in old], [float(one) for one in new]) == pytest.approx(exact)


def test_few_observations_can_prove_only_so_much() -> None:
    assert grew_p([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]) == pytest.approx(1 / 20)
    assert grew_p([1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, math.inf]) == pytest.approx(1 / 252)


@pytest.mark.parametrize("n", [1, 30, 80])
def test_one_seed_and_many_can_be_weighed_too(n: int) -> None:
    assert grew_p([1.0], [2.0 + number for number in range(n)]) == pytest.approx(1 / (n + 1), abs=0.05)


def test_the_exact_count_and_the_normal_law_meet() -> None:
    stream = random.Random(5)
    old = [round(stream.gauss(2.0, 0.5), 1) for _ in range(45)]
    new = [round(stream.gauss(2.2, 0.5), 1) for _ in range(45)]
    assert grew_p(old, new) == pytest.approx(float(mannwhitneyu(new, old, alternative="greater").pvalue), rel=0.15)


def test_many_observations_tell_growth_from_noise() -> None:
    stream = random.Random(7)
    old = [stream.gauss(2.0, 0.5) for _ in range(60)]
    same = [stream.gauss(2.0, 0.5) for _ in range(60)]
    grown = [one + 0.5 for one in old]
    assert grew_p(old, same) > 0.05
    assert grew_p(old, grown) < 0.001
    assert cliffs_delta(old, grown) > 0.33
    assert shift_of(old, grown) == pytest.approx(0.5, abs=0.15)


def test_an_effect_is_the_share_of_pairs_that_grew_less_those_that_shrank() -> None:
    assert cliffs_delta([1.0, 2.0], [3.0, 4.0]) == 1.0
    assert cliffs_delta([3.0, 4.0], [1.0, 2.0]) == -1.0
    assert cliffs_delta([1.0, 2.0], [1.0, 2.0]) == 0.0
    assert shift_of([1.0, 2.0], [3.0, math.inf]) == 1.5


def test_fishers_tea_taster() -> None:
    assert fell_p((3, 1), (1, 3)) == pytest.approx(17 / 70)
    assert fell_p((4, 0), (0, 4)) == pytest.approx(1 / 70)
