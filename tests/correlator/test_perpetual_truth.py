"""Positions in perpetuals are recomputed from fills, and what a venue says of them is held against that."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator import records
from correlator.limits import read_limits
from correlator.truth.gauge import GaugeBoard
from correlator.truth.ledger import Ledger, Violations, book_of
from correlator.truth.perpetuals import Perpetuals
from correlator.truth.series import Buckets
from correlator.truth.stretch import Stretch
from correlator.truth.world import World

START_NS = 1_676_851_200_000_000_000
SECOND_NS = 10**9
UNIT = 10**8
SYMBOL = "BTC/USDT:USDT"
LIMITS = """
schema: riskproof-limits/1
stablecoins: [USDT]
limits:
  position_limit: {BTC: {high: 3 BTC}}
"""

trades = st.lists(st.tuples(st.booleans(), st.integers(1, 400), st.integers(150_000, 250_000)), max_size=30)


def settle(story: list[tuple[bool, int, int]]) -> tuple[int, Fraction, Fraction]:
    """(lots, cost of what is open, profit realised), lot by lot at the average cost; in ticks × lots."""
    lots, cost, profit = 0, Fraction(0), Fraction(0)
    for is_buy, quantity, ticks in story:
        for _ in range(quantity):
            sign = 1 if is_buy else -1
            if lots * sign >= 0:
                lots, cost = lots + sign, cost + sign * ticks
            else:
                average = cost / lots
                profit += sign * (average - ticks)
                lots, cost = lots + sign, cost + sign * average
    return lots, cost, profit


@given(trades)
def test_positions_equal_those_counted_lot_by_lot(story: list[tuple[bool, int, int]]) -> None:
    violations = Violations()
    ledger = Ledger(violations)
    for account, owner in (("street", "street"), ("carry", "firm")):
        ledger.open(records.Account(1, 0, "apexf", 0, account, owner))
    book = book_of(records.Listing(1, 0, "apexf", 0, SYMBOL, 0, "BTC", "USDT", "0.1", "0.001"), {"BTC": 8, "USDT": 8})
    perpetuals = Perpetuals(ledger, violations)
    for number, (is_buy, lots, ticks) in enumerate(story):
        side = "buy" if is_buy else "sell"
        perpetuals.fill(
            records.Fill(number, number, "apexf", 0, 0, number, ticks, lots, side, "carry", 1, "street", 0, 0, 0), book
        )
    lots, cost, _ = settle(story)
    assert perpetuals.contracts("apexf", "carry", SYMBOL) == lots
    if story:
        steps = perpetuals.positions["apexf", "carry", SYMBOL]
        assert steps.amount.current == pytest.approx(lots * 0.001)
        assert steps.cost.current == pytest.approx(float(cost) * 0.001 * 0.1)
    assert violations.messages == []


class Told:
    """A firm with 2 BTC, 50,000 USDT of margin and a quoted market, told record by record."""

    def __init__(self) -> None:
        limits = read_limits(LIMITS)
        self.world = World(limits, GaugeBoard(limits, Buckets(START_NS, START_NS + 60 * SECOND_NS)), START_NS, {})
        self.told: list[Any] = []
        for asset in ("USD", "USDT", "BTC"):
            self.say(0, records.Asset, "world", asset, 8)
        for venue, listings in (("apex", (("BTC/USD", "BTC", "USD"), ("USDT/USD", "USDT", "USD"))), ("apexf", ())):
            for account, owner in (("external", "external"), ("street", "street"), ("master", "firm")):
                self.say(0, records.Account, venue, account, owner)
            for index, (symbol, base, quote) in enumerate(listings):
                self.say(0, records.Listing, venue, symbol, index, base, quote, "0.1", "0.001")
        self.say(0, records.Account, "apexf", "clearing", "venue")
        self.say(0, records.Listing, "apexf", SYMBOL, 0, "BTC", "USDT", "0.1", "0.001")
        self.say(0, records.Posting, "apex", "BTC", "external", "master", 2 * UNIT, "opening")
        self.say(0, records.Posting, "apexf", "USDT", "external", "master", 50_000 * UNIT, "opening")
        self.say(0, records.Quote, "apex", 0, 200_000, 1, 200_000, 1)
        self.say(0, records.Quote, "apex", 1, 10, 1, 10, 1)
        self.say(0, records.MarkPrice, "apexf", SYMBOL, 200_000.0, 200_000.0, 0.0001, 0)

    def say(self, at_s: float, make: Any, source: str, *body: Any) -> None:
        self.told.append(make(len(self.told) + 1, START_NS + round(at_s * SECOND_NS), source, 0, *body))

    def sell(self, at_s: float, ticks: int, lots: int, held_after: int) -> None:
        self.say(at_s, records.Fill, "apexf", 0, 1, ticks, lots, "sell", "master", 1, "street", 0, 0, 0)
        self.say(at_s, records.Position, "apexf", "master", SYMBOL, held_after, float(ticks), 0, "fill")

    def columns(self, moments: list[float]) -> Stretch:
        """The books at some moments, before any stretch of them is over."""
        self.world.take(self.told)
        books = self.world._books
        books.tape.gather(books.changes)
        times = books.changes.moments(START_NS, [START_NS + round(at_s * SECOND_NS) for at_s in moments])
        return Stretch(books, times, times + 1, Buckets(START_NS, START_NS + 60 * SECOND_NS))


def test_a_short_takes_exposure_away_and_its_profit_is_equity() -> None:
    told = Told()
    told.sell(1, 200_000, 1_500, -1_500)
    told.say(2, records.MarkPrice, "apexf", SYMBOL, 190_000.0, 190_000.0, 0.0001, 0)
    stretch = told.columns([0, 1, 2])
    assert stretch.exposure("BTC").tolist() == [2.0, 0.5, 0.5]
    assert stretch.holding("BTC").tolist() == [2.0, 2.0, 2.0]
    assert stretch.equity.tolist() == pytest.approx([90_000.0, 90_000.0, 91_500.0])
    assert stretch.margin_balance("apexf", "master").tolist() == pytest.approx([50_000.0, 50_000.0, 51_500.0])
    assert stretch.position_notional("apexf", "master").tolist() == pytest.approx([0.0, 30_000.0, 28_500.0])
    assert told.world.violations.messages == []


def test_a_position_that_its_fills_do_not_explain_is_a_violation_but_for_a_take_over() -> None:
    told = Told()
    told.sell(1, 200_000, 1_500, -1_400)
    told.world.take(told.told)
    assert [message.partition(": ")[2] for message in told.world.violations.messages] == [
        "says that master holds -1400 lots of BTC/USDT:USDT, but its fills come to -1500"
    ]
    told = Told()
    told.sell(1, 200_000, 1_500, -1_500)
    told.say(2, records.Position, "apexf", "master", SYMBOL, 0, 0.0, 0, "liquidation")
    stretch = told.columns([2])
    assert np.isclose(stretch.exposure("BTC"), [2.0, 0.5, 2.0]).all()
    assert told.world.violations.messages == []
