"""What a price source remembers: candles, volatility, and no more than it should."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.market_data.series import DAY_NS, HOUR_NS, MINUTE_NS, Candle, RateSeries, RealisedVolatility, merge

TEN_MINUTES_NS = 10 * MINUTE_NS


def test_volatility_is_the_root_of_the_mean_squared_return_annualised() -> None:
    volatility = RealisedVolatility()
    prices = [100.0, 101.0, 99.0, 99.5]
    for number, price in enumerate(prices):
        volatility.take(number * TEN_MINUTES_NS, price)
    squares = [math.log(after / before) ** 2 for before, after in pairwise(prices)]
    assert volatility.value == pytest.approx(math.sqrt(sum(squares) / 2 * 6 * 24 * 365), rel=1e-12)


def test_volatility_forgets_what_is_older_than_a_day() -> None:
    volatility = RealisedVolatility()
    volatility.take(0, 100.0)
    volatility.take(TEN_MINUTES_NS, 200.0)
    for number in range(2, 2 + 144):
        volatility.take(number * TEN_MINUTES_NS, 200.0)
    assert volatility.value == 0.0


def test_a_return_across_a_gap_is_left_out() -> None:
    volatility = RealisedVolatility()
    for number, price in [(0, 100.0), (1, 100.0), (5, 300.0), (6, 300.0)]:
        volatility.take(number * TEN_MINUTES_NS, price)
    assert volatility.value == 0.0


@given(st.lists(st.tuples(st.integers(0, 90 * 60), st.floats(0.5, 2.0)), min_size=1, max_size=200))
def test_candles_hold_exactly_the_samples_of_their_interval(steps: list[tuple[int, float]]) -> None:
    series = RateSeries()
    at_ns, seen = 0, []
    for seconds, price in steps:
        at_ns += seconds * 1_000_000_000
        series.take(at_ns, price)
        seen.append((at_ns, price))
    for candles, length_ns in ((series.minutes, MINUTE_NS), (series.hours, HOUR_NS)):
        expected = []
        for start_ns in dict.fromkeys(at - at % length_ns for at, _ in seen):
            prices = [price for at, price in seen if at - at % length_ns == start_ns]
            expected.append(Candle(start_ns, prices[0], max(prices), min(prices), prices[-1]))
        assert list(candles) == expected


def test_history_does_not_grow_with_time() -> None:
    series = RateSeries()
    for minute in range(3 * 24 * 60):
        series.take(minute * MINUTE_NS, 1.0 + minute % 7)
    assert (len(series.samples), len(series.minutes), len(series.hours)) == (900, 1_500, 72)


def test_the_price_a_day_ago_is_unknown_until_a_day_has_passed() -> None:
    series = RateSeries()
    for minute in range(24 * 60):
        series.take(minute * MINUTE_NS, 100.0 + minute)
    assert series.price_a_day_ago() is None
    series.take(DAY_NS, 500.0)
    assert series.price_a_day_ago() == 100.0
    series.take(DAY_NS + MINUTE_NS, 500.0)
    assert series.price_a_day_ago() == 101.0


def test_merged_candles_keep_first_open_last_close_and_extremes() -> None:
    minutes = [Candle(n * MINUTE_NS, 10.0 + n, 20.0 + n, 5.0 - n, 11.0 + n) for n in range(4)]
    assert merge(minutes, 3 * MINUTE_NS) == [Candle(0, 10.0, 22.0, 3.0, 13.0), Candle(3 * MINUTE_NS, 13, 23, 2, 14)]
