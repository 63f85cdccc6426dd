"""Statistics of minute returns against a brute-force oracle, and against numbers worked out by hand."""

from __future__ import annotations

import math
import random
import statistics
from bisect import bisect_right
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator import records
from correlator.limits import read_limits
from correlator.truth import world as world_module
from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures import (
    correlation_breakdown,
    expected_shortfall,
    statistic,
    tail_exponent,
    volatility_regime,
)
from correlator.truth.measures.tail_exponent import hill
from correlator.truth.series import Buckets
from correlator.truth.world import World

SECOND_NS = 10**9
MINUTE_NS = 60 * SECOND_NS
START_NS = 19_408 * 86_400 * SECOND_NS + 20 * SECOND_NS
UNIT = 10**8
STALE_NS = 90 * SECOND_NS
BASELINE = 12  # minutes, of the day before; so that a short run has one
LIMITS = """
schema: riskproof-limits/1
stablecoins: [USDT]
limits:
  feed_staleness: {prices: {high: 90 s}}
  expected_shortfall: {firm: {warning: 900 USD, high: 3k USD}, window: 6 min, quantile: 99 %}
  tail_exponent: {each: {warning: 3 alpha, high: 2 alpha}, window: 50 min}
  volatility_regime: {each: {warning: 1 x, high: 2 x}, window: 5 min}
  correlation_breakdown: {each: {warning: 0 %, high: 50 %}, window: 5 min}
"""
BOOKS = (("BTC", "USD", 10_000.0), ("ETH", "USDT", 1_000.0), ("USDT", "USD", 1.0))
HELD = {"BTC": 3.0, "ETH": -20.0, "USDT": 40_000.0}


def tell(seed: int, minutes: int) -> list[records.AuditRecord]:
    """A firm long of one asset and short of another, and quotes that walk, jump and fall silent."""
    chance = random.Random(seed)
    told: list[records.AuditRecord] = []
    at_ns = START_NS

    def say(make, source, *body):
        told.append(make(len(told) + 1, at_ns, source, 0, *body))

    for asset in ("USD", "USDT", "BTC", "ETH"):
        say(records.Asset, "world", asset, 8)
    for account, owner in (("external", "external"), ("master", "firm")):
        say(records.Account, "apex", account, owner)
    for asset, amount in HELD.items():
        ways = ("external", "master") if amount > 0 else ("master", "external")
        say(records.Posting, "apex", asset, *ways, round(abs(amount) * UNIT), "opening")
    for index, (base, quote, _) in enumerate(BOOKS):
        say(records.Listing, "apex", f"{base}/{quote}", index, base, quote, "0.0001", "0.001")
    prices = [price for _, _, price in BOOKS]
    silent_until = [0] * len(BOOKS)
    while at_ns < START_NS + minutes * MINUTE_NS:
        common = chance.gauss(0, 3e-4)
        for index in range(len(BOOKS)):
            if index < 2:
                jump = chance.choice((1, 1, 1, 1, 9))
                prices[index] *= 1 + common * chance.choice((1, 1, -1)) + jump * chance.gauss(0, 2e-4)
            if chance.random() < 0.003:
                silent_until[index] = at_ns + 3 * MINUTE_NS
            if at_ns >= silent_until[index]:
                ticks, lots = round(prices[index] * 10_000), 5 if chance.random() < 0.97 else 0
                say(records.Quote, "apex", index, ticks - 1, lots, ticks + 1, 5)
        at_ns += chance.choice((7, 20, 33)) * SECOND_NS
    return told


class Oracle:
    """Returns and measures at every full minute, from the list of quotes alone."""

    def __init__(self, told: list[records.AuditRecord], end_ns: int) -> None:
        quotes = [record for record in told if type(record) is records.Quote]
        self.quotes = [[quote for quote in quotes if quote.index == index] for index in range(len(BOOKS))]
        self.minutes = list(range((START_NS // MINUTE_NS + 1) * MINUTE_NS, end_ns + 1, MINUTE_NS))
        self.returns = {asset: self._returns(asset) for asset in HELD}

    def mid(self, index: int, at_ns: int, age_ns: float) -> float:
        known = bisect_right(self.quotes[index], at_ns, key=lambda quote: quote.at_ns)
        latest = self.quotes[index][max(0, known - 1) : known]
        if not latest or at_ns - latest[0].at_ns > age_ns or not latest[0].bid_lots:
            return math.nan
        return (latest[0].bid_ticks + latest[0].ask_ticks) / 20_000

    def mark(self, asset: str, at_ns: int, age_ns: float = math.inf) -> float:
        if asset == "ETH":
            return self.mid(1, at_ns, age_ns) * self.mid(2, at_ns, age_ns)
        return self.mid(0 if asset == "BTC" else 2, at_ns, age_ns)

    def _returns(self, asset: str) -> list[float]:
        marks = [self.mark(asset, at_ns, STALE_NS) for at_ns in self.minutes]
        moved = [math.log(now / before) for before, now in pairwise(marks)]
        return [math.nan, *moved]

    def window(self, asset: str, place: int, since: int, until: int) -> list[float]:
        """Returns of the minutes from ``since`` to ``until`` before a place, the first left out."""
        first, last = max(0, place - since + 1), place - until + 1
        return self.returns[asset][first : max(0, last)]

    def measure(self, mandate: str, subject: str, place: int) -> float:
        if mandate == "tail_exponent":
            window = self.window(subject, place, 50, 0)
            moves = sorted((abs(each) for each in window if each == each and each), reverse=True)
            if sum(each == each for each in window) < 25 or len(moves) < 30:
                return math.nan
            largest = -(-len(moves) // 20)
            return largest / sum(math.log(moves[i] / moves[largest]) for i in range(largest))
        if mandate == "volatility_regime":
            now = [each for each in self.window(subject, place, 5, 0) if each == each]
            before = [each for each in self.window(subject, place, 5 + BASELINE, 5) if each == each]
            if len(now) < 3 or len(before) < 4 or not any(before):
                return math.nan
            square = lambda series: sum(each * each for each in series) / len(series)  # noqa: E731
            return math.sqrt(square(now) / square(before))
        if mandate == "correlation_breakdown":
            return self.correlation(subject, place, 5 + BASELINE, 5, 4) - self.correlation(subject, place, 5, 0, 3)
        return self.shortfall(place)

    def correlation(self, subject: str, place: int, since: int, until: int, fewest: int) -> float:
        columns = [self.window(asset, place, since, until) for asset in subject.split("~")]
        both = [pair for pair in zip(*columns, strict=True) if all(each == each for each in pair)]
        if len(both) < fewest:
            return math.nan
        try:
            return statistics.correlation([one for one, _ in both], [other for _, other in both])
        except statistics.StatisticsError:
            return math.nan

    def shortfall(self, place: int) -> float:
        worth = {asset: amount * self.mark(asset, self.minutes[place]) for asset, amount in HELD.items()}
        for asset in HELD:
            if sum(each == each for each in self.window(asset, place, 6, 0)) < 3:
                return math.nan
        variance = 0.0
        for one in HELD:
            for other in HELD:
                series = zip(self.returns[one][: place + 1], self.returns[other][: place + 1], strict=True)
                both = [pair for pair in series if all(each == each for each in pair)]
                weights = [0.5 ** ((len(both) - 1 - number) / 6) for number in range(len(both))]
                products = sum(weight * a * b for weight, (a, b) in zip(weights, both, strict=True))
                variance += worth[one] * worth[other] * products / sum(weights)
        normal = statistics.NormalDist()
        tail = math.exp(-(normal.inv_cdf(0.99) ** 2) / 2) / math.sqrt(2 * math.pi) / 0.01
        return math.sqrt(max(0.0, variance) * 1_440) * tail if variance == variance else math.nan


def observe(
    told: list[records.AuditRecord], end_ns: int, frames: int, stretch: int
) -> dict[tuple[str, str], dict[int, float]]:
    """Every value that truth gave a gauge, by minute."""
    shown: dict[tuple[str, str], dict[int, float]] = {}
    given = statistic.show_by_minute

    def spy(gauge, stretch, returns, values):
        shown.setdefault((gauge.mandate, gauge.subject), {}).update(zip(returns.minutes.tolist(), values, strict=True))
        given(gauge, stretch, returns, values)

    board = GaugeBoard(read_limits(LIMITS), Buckets(START_NS, end_ns))
    failures: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world_module, "_STRETCH_RECORDS", stretch)
        patch.setattr(tail_exponent, "FEWEST_MOVES", 30)
        for module in (volatility_regime, correlation_breakdown):
            patch.setattr(module, "BASELINE_MINUTES", BASELINE)
            patch.setattr(module, "FEWEST_BASELINE_RETURNS", 4)
        for module in ("expected_shortfall", "tail_exponent", "volatility_regime", "correlation_breakdown"):
            patch.setattr(f"correlator.truth.measures.{module}.show_by_minute", spy)
        world = World(board.limits, board, START_NS, failures)
        for place in range(0, len(told), frames):
            world.take(told[place : place + frames])
        world.finish(end_ns)
    assert failures == {}
    return shown


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    minutes=st.sampled_from((8, 30, 155)),
    frames=st.integers(20, 200),
    stretch=st.integers(1, 300),
)
def test_statistics_equal_the_brute_force_oracle(seed: int, minutes: int, frames: int, stretch: int) -> None:
    told = tell(seed, minutes)
    end_ns = told[-1].at_ns
    shown = observe(told, end_ns, frames, stretch)
    oracle = Oracle(told, end_ns)
    assert sorted(shown) == [
        ("correlation_breakdown", "BTC~ETH"),
        ("expected_shortfall", "firm"),
        ("tail_exponent", "BTC"),
        ("tail_exponent", "ETH"),
        ("volatility_regime", "BTC"),
        ("volatility_regime", "ETH"),
    ]
    for (mandate, subject), values in shown.items():
        assert list(values) == oracle.minutes
        expected = [oracle.measure(mandate, subject, place) for place in range(len(oracle.minutes))]
        assert list(values.values()) == pytest.approx(expected, rel=1e-6, nan_ok=True), (mandate, subject)


def test_hill_finds_the_exponent_of_a_pareto_tail() -> None:
    moves = np.array([(1 - place / 10_001) ** (-1 / 3) for place in range(1, 10_001)])
    assert hill(moves) == pytest.approx(3.0, rel=0.02)


def test_hill_needs_a_hundred_moves_of_more_than_one_size() -> None:
    assert math.isnan(hill(np.arange(1.0, 100.0)))
    assert math.isnan(hill(np.ones(500)))
    assert hill(np.arange(1.0, 101.0)) > 0.0


def test_shortfall_of_one_asset_is_its_daily_deviation_times_two_and_two_thirds() -> None:
    """φ(z_0.99) ÷ 0.01 = 2.6652: McNeil, Frey, Embrechts (2015), example 2.15."""
    normal = statistics.NormalDist()
    assert normal.pdf(normal.inv_cdf(0.99)) / 0.01 == pytest.approx(2.6652, abs=1e-4)
    assert expected_shortfall.MINUTES_A_DAY == 24 * 60
