"""Statistics of minute returns, from quotes to measure, against numpy over the whole history."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_monitor.agenda import Agenda
from risk_monitor.alerts import Timing
from risk_monitor.books.equity import EquityHistory
from risk_monitor.books.holdings import Holdings
from risk_monitor.books.marks import MarkBook, Quote
from risk_monitor.books.minute_returns import MINUTES_PER_DAY, ReturnSeries
from risk_monitor.books.perpetuals import PerpetualBook
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.books.rolling import RollingCorrelation, RollingSquares
from risk_monitor.effects import Effect
from risk_monitor.limits import parse_limits
from risk_monitor.mandates.expected_shortfall import normal_shortfall
from risk_monitor.mandates.statistics_board import StatisticsBoard
from risk_monitor.mandates.tail_exponent import hill
from risk_monitor.watchtower import Watchtower

MINUTE_NS = 60 * 10**9
START_NS = 1_676_883_600 * 10**9  # a full minute

LIMITS = """
schema: riskproof-limits/1
firm: x
base_currency: USD
stablecoins: [USDT]
limits:
  expected_shortfall: {firm: {high: 1 USD}, window: 20 min, quantile: 99 %}
  tail_exponent: {each: {warning: 2 alpha}, window: 120 min}
  volatility_regime: {each: {high: 3 x}, window: 10 min}
  correlation_breakdown: {each: {high: 50 %}, window: 10 min}
"""

AMOUNTS = {"BTC": 2.0, "ETH": -30.0}

Minutes = list[tuple[float, float, bool]]
"""BTC, ETH, and whether BTC was quoted, at each full minute."""

PRICES = st.lists(
    st.tuples(
        st.integers(2_000_000, 3_000_000).map(lambda ticks: ticks / 100),
        st.integers(150_000, 170_000).map(lambda ticks: ticks / 100),
        st.booleans() | st.just(True),
    ),
    min_size=100,
    max_size=220,
)


class Desk:
    """Two assets quoted at one venue, a portfolio that holds both, and the statistics on them."""

    def __init__(self) -> None:
        out: list[Effect] = []
        self.agenda = Agenda()
        self.tower = Watchtower(parse_limits(LIMITS, "f"), self.agenda, Timing(0), out.append)
        self.quotes = (Quote("apex", "BTC/USD"), Quote("apex", "ETH/USD"))
        marks = MarkBook(self.quotes, ("BTC", "ETH", "USD", "USDT"))
        self.portfolio = Portfolio(
            Holdings(0), marks, EquityHistory(0), self.agenda, MINUTE_NS, 1, lambda: None, PerpetualBook(())
        )
        for asset, amount in AMOUNTS.items():
            self.portfolio.amounts[marks.index[asset]] = amount
        self.board = StatisticsBoard(self.tower, self.portfolio, self.agenda, lambda asset: tuple, tuple)
        self.agenda.run_due(START_NS - 1)
        self.board.start(START_NS - 1)

    def play(self, minutes: Minutes) -> None:
        for number, (btc, eth, is_quoted) in enumerate(minutes):
            for quote, mid in zip(self.quotes, (btc, eth), strict=True):
                quote.mid, quote.is_fresh = mid, True
            self.quotes[0].is_fresh = is_quoted
            self.agenda.run_due(START_NS + number * MINUTE_NS)

    def measure(self, mandate: str, subject: str) -> float | None:
        [rule] = [rule for rule in self.tower.status() if (rule.mandate, rule.subject) == (mandate, subject)]
        return rule.observed


def returns_of(minutes: Minutes) -> np.ndarray:
    """Two rows of returns, NaN for none."""
    prices = np.array([(btc if is_quoted else math.nan, eth) for btc, eth, is_quoted in minutes]).T
    return np.diff(np.log(prices), axis=1)


def seen(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)]


@settings(max_examples=25, deadline=None)
@given(PRICES)
def test_volatility_is_compared_with_the_day_before_the_window(minutes: Minutes) -> None:
    desk = Desk()
    desk.play(minutes)
    for row, asset in enumerate(("BTC", "ETH")):
        now, before = returns_of(minutes)[row][-10:], returns_of(minutes)[row][:-10][-MINUTES_PER_DAY:]
        expected = None
        if len(seen(now)) >= 5 and len(seen(before)) >= 60 and np.mean(seen(before) ** 2) > 1e-16:
            mean = np.mean(seen(now) ** 2)
            expected = pytest.approx(np.sqrt(mean / np.mean(seen(before) ** 2)), abs=1e-6)
        assert desk.measure("volatility_regime", asset) == expected


@settings(max_examples=25, deadline=None)
@given(PRICES)
def test_correlation_within_the_window_is_taken_from_that_before_it(minutes: Minutes) -> None:
    desk = Desk()
    desk.play(minutes)
    pairs = returns_of(minutes)
    now, before = pairs[:, -10:], pairs[:, :-10]
    now, before = now[:, ~np.isnan(now[0])], before[:, ~np.isnan(before[0])]
    expected = None
    if now.shape[1] >= 5 and before.shape[1] >= 60 and min(*now.var(axis=1), *before.var(axis=1)) > 1e-14:
        fall = (np.corrcoef(before)[0, 1] - np.corrcoef(now)[0, 1]) * 100
        expected = pytest.approx(fall, abs=1e-3)
        assert desk.measure("correlation_breakdown", "BTC~ETH") == expected


@settings(max_examples=25, deadline=None)
@given(PRICES)
def test_the_tail_exponent_is_hills(minutes: Minutes) -> None:
    desk = Desk()
    desk.play(minutes)
    for row, asset in enumerate(("BTC", "ETH")):
        window = seen(returns_of(minutes)[row][-120:])
        sizes = np.sort(np.abs(window[window != 0.0]))[::-1]
        expected = None
        if len(window) >= 60 and len(sizes) >= 100:
            tail = math.ceil(len(sizes) * 0.05 - 1e-9)
            total = np.log(sizes[:tail] / sizes[tail]).sum()
            expected = pytest.approx(tail / total) if total > 0 else None
        assert desk.measure("tail_exponent", asset) == expected


@settings(max_examples=25, deadline=None)
@given(PRICES)
def test_expected_shortfall_is_that_of_the_weighted_covariance(minutes: Minutes) -> None:
    desk = Desk()
    desk.play(minutes)
    pairs = returns_of(minutes)
    ages = np.arange(pairs.shape[1])[::-1]
    weights = 0.5 ** (ages / 20)
    covariance = np.zeros((2, 2))
    for row in range(2):
        for column in range(2):
            product = pairs[row] * pairs[column]
            known = ~np.isnan(product)
            covariance[row, column] = (product[known] * weights[known]).sum() / max(weights[known].sum(), 1e-300)
    worth = np.array([AMOUNTS["BTC"] * minutes[-1][0], AMOUNTS["ETH"] * minutes[-1][1]])
    expected = None
    if min(len(seen(row)) for row in pairs) >= 10:
        variance = max(worth @ covariance @ worth, 0.0)
        expected = pytest.approx(math.sqrt(variance * MINUTES_PER_DAY) * 2.665214220345808, rel=1e-6)
    assert desk.measure("expected_shortfall", "firm") == expected


def test_the_shortfall_of_a_normal_variable_is_that_of_the_tables() -> None:
    assert [round(normal_shortfall(q), 4) for q in (0.5, 0.95, 0.975, 0.99, 0.999)] == [
        0.7979,
        2.0627,
        2.3378,
        2.6652,
        3.3671,
    ]


def test_hills_estimator_finds_the_exponent_that_a_sample_was_made_with() -> None:
    quantiles = (np.arange(20_000) + 0.5) / 20_000
    sizes = sorted((1.0 - quantiles) ** (-1.0 / 3.0))
    assert hill(sizes) == pytest.approx(3.0, rel=0.02)
    assert hill(sizes[:99]) is None
    assert hill([1.0] * 200) is None


def test_a_monitor_that_slept_has_no_returns_of_the_time() -> None:
    desk = Desk()
    calm = [(24_000.0 + minute % 2, 1_600.0 + minute % 3, True) for minute in range(100)]
    desk.play(calm)
    assert desk.measure("volatility_regime", "ETH") is not None
    desk.agenda.run_due(START_NS + 106 * MINUTE_NS)
    # Six minutes of the ten are missing, and the one that ended the sleep has no beginning.
    assert desk.measure("volatility_regime", "ETH") is None


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(-0.1, 0.1)), min_size=1, max_size=60),
    st.integers(0, 5),
    st.integers(1, 12),
)
def test_rolling_sums_forget_exactly_what_has_left(values: list[float | None], lead: int, span: int) -> None:
    series, other = ReturnSeries("BTC"), ReturnSeries("ETH")
    squares = RollingSquares(series, lead, span)
    correlation = RollingCorrelation(series, other, lead, span)
    level = 1.0
    for value in values:
        if value is None:
            series.sample(0.0)
            series.mark = level  # the next return begins here
        else:
            level *= math.exp(value)
            series.mark = level / math.exp(value)
            series.sample(level)
        other.sample(2.0)
        squares.roll()
        correlation.roll()
    shown = values[max(len(values) - lead - span, 0) : max(len(values) - lead, 0)]
    known = [value for value in shown if value is not None]
    assert squares.count == len(known)
    mean = sum(value * value for value in known) / len(known) if known else 0.0
    if mean > 1e-12:
        assert squares.mean_square == pytest.approx(mean, rel=1e-6)
    assert correlation.correlation is None  # the other has not moved
