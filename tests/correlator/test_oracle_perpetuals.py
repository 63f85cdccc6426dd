"""What hangs on perpetuals, against a brute-force oracle: ``basis``, ``leverage``, exposures and equity.

The oracle is written from ``docs/reference/mandates.md`` alone: it keeps every trade, quote and posting, and reckons
each measure anew from all of them at every moment at which one may change.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator import records
from correlator.limits import read_limits
from correlator.truth import world as world_module
from correlator.truth.gauge import GaugeBoard
from correlator.truth.series import Buckets
from correlator.truth.world import World

SECOND_NS = 10**9
START_NS = 1_676_851_200_000_000_000
UNIT = 10**8
STALE_NS = 20 * SECOND_NS
SYMBOL = "BTC/USDT:USDT"
LIMITS = """
schema: riskproof-limits/1
stablecoins: [USDT]
structural: {BTC: 2 BTC}
profiles: {"apexf:carry": aggressive}
limits:
  feed_staleness: {prices: {high: 20 s}}
  position_limit: {BTC: {warning: 1 BTC, high: 3 BTC}}
  notional_limit: {each: {high: 40k USD}, total: {warning: 25k USD}}
  delta_exposure: {each: {high: 5k USD}, for: 2 s}
  drawdown: {firm: {warning: 30 bp, high: 2 %}}
  concentration: {each: {warning: 15 %, high: 20 %}}
  leverage: {each: {warning: 2 x, high: 10 x}, aggressive: {high: 4 x, critical: 900 x}, for: 1 s}
  basis: {each: {warning: 50 bp, high: 400 bp}, for: 3 s}
"""
LISTINGS = [
    ("apex", 0, "BTC/USD"),
    ("apex", 1, "USDT/USD"),
    ("apex", 2, "BTC/USDT"),
    ("boreal", 0, "BTC/USDT"),
    ("apexf", 0, SYMBOL),
]
ACCOUNTS = ("master", "carry")
PRICES = (10_000, 1, 10_000, 10_000, 10_000)

quotes = st.tuples(
    st.just("quote"),
    st.integers(0, len(LISTINGS) - 1),
    st.integers(-60, 60),
    st.sampled_from(("both", "both", "both", "both", "bid", "ask", "none")),
)
marks = st.tuples(st.just("mark"), st.sampled_from((-1_500, -700, -100, -3, 0, 40, 300, 900, 1_500)))
trades = st.tuples(
    st.just("trade"), st.sampled_from(ACCOUNTS), st.booleans(), st.booleans(), st.integers(1, 2_000),
    st.integers(-50, 50),
)  # fmt: skip
seized = st.tuples(st.just("seized"), st.sampled_from(ACCOUNTS))
money = st.tuples(
    st.just("money"), st.sampled_from(ACCOUNTS), st.integers(-4_000, 4_000), st.sampled_from(("profit", "funding"))
)
steps = st.lists(
    st.tuples(
        st.sampled_from((0, 0, 1, SECOND_NS // 3, SECOND_NS, 4 * SECOND_NS, 9 * SECOND_NS, 20 * SECOND_NS)),
        st.one_of(quotes, quotes, quotes, marks, marks, trades, trades, seized, money),
    ),
    min_size=1,
    max_size=45,
)


def tell(story: list[tuple[int, tuple[Any, ...]]]) -> list[records.AuditRecord]:
    told: list[records.AuditRecord] = []
    at_ns = START_NS
    held = dict.fromkeys(ACCOUNTS, 0)
    wallets = dict.fromkeys(ACCOUNTS, 3_000)  # nobody overdraws one: what runs out is covered by the venue's insurance

    def say(make: Any, source: str, *body: Any) -> None:
        told.append(make(len(told) + 1, at_ns, source, 0, *body))

    for asset in ("USD", "USDT", "BTC"):
        say(records.Asset, "world", asset, 8)
    for venue in ("apex", "boreal", "apexf"):
        for account, owner in (("external", "external"), ("street", "street"), ("clearing", "venue")):
            say(records.Account, venue, account, owner)
        for account in ACCOUNTS if venue == "apexf" else ("master",):
            say(records.Account, venue, account, "firm")
    for venue, index, symbol in LISTINGS:
        base, quote = symbol.partition(":")[0].split("/")
        say(records.Listing, venue, symbol, index, base, quote, "0.001", "0.001")
    for asset, amount in (("USD", 50_000), ("USDT", 5_000), ("BTC", 2)):
        say(records.Posting, "apex", asset, "external", "master", amount * UNIT, "opening")
    for account in ACCOUNTS:
        say(records.Posting, "apexf", "USDT", "external", account, 3_000 * UNIT, "opening")
    for (venue, index, _), price in zip(LISTINGS, PRICES, strict=True):
        say(records.Quote, venue, index, price * 1_000 - 1, 5, price * 1_000 + 1, 5)
    say(records.MarkPrice, "apexf", SYMBOL, 10_000_000.0, 10_000_000.0, 0.0001, 0)
    for wait_ns, (kind, *drawn) in story:
        at_ns += wait_ns
        if kind == "quote":
            place, moved, sides = drawn
            ticks = round(PRICES[place] * 1_000 * (1 + moved / 1_000))
            bid, ask = 5 * (sides in ("both", "bid")), 5 * (sides in ("both", "ask"))
            venue, index, _ = LISTINGS[place]
            say(records.Quote, venue, index, (ticks - 1) * bool(bid), bid, (ticks + 1) * bool(ask), ask)
        elif kind == "mark":
            say(records.MarkPrice, "apexf", SYMBOL, 10_000_000.0 + drawn[0] * 5_000, 10_000_000.0, 0.0001, 0)
        elif kind == "trade":
            account, takes, buys, lots, moved = drawn
            taker, maker = (account, "street") if takes else ("street", account)
            ticks, side = 10_000_000 + moved * 10_000, "buy" if buys else "sell"
            say(records.Fill, "apexf", 0, len(told), ticks, lots, side, taker, 1, maker, 2, 0, 0)
            held[account] += lots if buys == takes else -lots
            say(records.Position, "apexf", account, SYMBOL, held[account], 0.0, 0, "fill")
        elif kind == "seized":
            held[drawn[0]] = 0
            say(records.Position, "apexf", drawn[0], SYMBOL, 0, 0.0, 0, "liquidation")
        elif drawn[1] and wallets[drawn[0]] + drawn[1] >= 0:
            account, amount, reason = drawn
            wallets[account] += amount
            ways = ("clearing", account) if amount > 0 else (account, "clearing")
            say(records.Posting, "apexf", "USDT", *ways, abs(amount) * UNIT, reason)
    return told


class Oracle:
    """Every measure at every moment, from all that had been told by then."""

    def __init__(self, told: list[records.AuditRecord], end_ns: int) -> None:
        self.told, self.end_ns = told, end_ns
        moments = {record.at_ns for record in told}
        moments |= {record.at_ns + STALE_NS + 1 for record in told if type(record) is records.Quote}
        self.moments = sorted(at_ns for at_ns in moments if START_NS <= at_ns <= end_ns)
        self.courses: dict[tuple[str, str], list[float]] = {}
        self.equities = [self.equity(at_ns) for at_ns in self.moments]

    def all(self, kind: Any, at_ns: int) -> list[Any]:
        return [record for record in self.told if type(record) is kind and record.at_ns <= at_ns]

    def mid(self, place: int, at_ns: int, age_ns: int = 1 << 62) -> float:
        last = [each for each in self.all(records.Quote, at_ns) if (each.source, each.index) == LISTINGS[place][:2]][-1]
        if not last.bid_lots or not last.ask_lots or at_ns - last.at_ns > age_ns:
            return math.nan
        return (last.bid_ticks + last.ask_ticks) / 2_000

    def mean(self, places: tuple[int, ...], at_ns: int, age_ns: int = 1 << 62) -> float:
        mids = [mid for place in places if not math.isnan(mid := self.mid(place, at_ns, age_ns))]
        return sum(mids) / len(mids) if mids else math.nan

    def mark(self, asset: str, at_ns: int) -> float:
        return {"USD": lambda: 1.0, "USDT": lambda: self.mid(1, at_ns), "BTC": lambda: self.mid(0, at_ns)}[asset]()

    def holding(self, asset: str, at_ns: int, venue: str = "", account: str = "") -> float:
        total = 0
        for each in self.all(records.Posting, at_ns):
            if each.asset == asset and venue in ("", each.source):
                total += each.amount * (each.to_account in ACCOUNTS and account in ("", each.to_account))
                total -= each.amount * (each.from_account in ACCOUNTS and account in ("", each.from_account))
        return float(Fraction(total, UNIT))

    def position(self, account: str, at_ns: int) -> tuple[Fraction, Fraction]:
        """(contracts in BTC, average price paid for them)."""
        lots, average = 0, Fraction(0)
        for each in self.told:
            if each.at_ns > at_ns:
                break
            if type(each) is records.Position and each.event == "liquidation" and each.account == account:
                lots = each.contracts
            if type(each) is not records.Fill or account not in (each.taker_account, each.maker_account):
                continue
            sign = 1 if (each.taker_side == "buy") == (each.taker_account == account) else -1
            for _ in range(each.quantity_lots // 50):  # in fifties, which all quantities are multiples of
                if lots * sign >= 0:
                    average = (average * abs(lots) + each.price_ticks * 50) / (abs(lots) + 50)
                lots += sign * 50
        return Fraction(lots, 1_000), average / 1_000

    def unrealised(self, account: str, at_ns: int) -> float:
        amount, average = self.position(account, at_ns)
        return float(amount) * (self.mark_price(at_ns) - float(average)) if amount else 0.0

    def mark_price(self, at_ns: int) -> float:
        return self.all(records.MarkPrice, at_ns)[-1].price_ticks / 1_000

    def equity(self, at_ns: int) -> float:
        profit = sum(self.unrealised(account, at_ns) for account in ACCOUNTS)
        held = {asset: self.holding(asset, at_ns) for asset in ("USD", "USDT", "BTC")}
        held["USDT"] += profit
        return sum(amount * self.mark(asset, at_ns) for asset, amount in held.items() if amount)

    def measure(self, mandate: str, subject: str, at_ns: int) -> float:
        exposure = self.holding("BTC", at_ns) + float(sum(self.position(name, at_ns)[0] for name in ACCOUNTS))
        if mandate == "position_limit":
            return abs(exposure)
        if mandate == "notional_limit":
            return abs(exposure) * self.mark("BTC", at_ns) if exposure else 0.0
        if mandate == "delta_exposure":
            return abs(exposure - 2) * self.mark("BTC", at_ns) if exposure != 2 else 0.0
        if mandate == "concentration":
            equity = self.equities[self.moments.index(at_ns)]
            return abs(exposure) * self.mark("BTC", at_ns) / equity if equity > 0 else math.nan
        if mandate == "drawdown":
            place = self.moments.index(at_ns)
            known = [value for value in self.equities[: place + 1] if not math.isnan(value)]
            return (max(known) - self.equities[place]) / max(known) if known else math.nan
        if mandate == "basis":
            perpetual = self.mid(4, at_ns, STALE_NS)
            return abs(perpetual / self.mean((2, 3), at_ns, STALE_NS) - 1)
        assert mandate == "leverage"
        account = subject.partition(":")[2]
        amount, _ = self.position(account, at_ns)
        if not amount:
            return 0.0
        if math.isnan(self.mark("USDT", at_ns)):
            return math.nan
        balance = self.holding("USDT", at_ns, "apexf", account) + self.unrealised(account, at_ns)
        return float(abs(amount)) * self.mark_price(at_ns) / balance if balance > 0 else 1_000.0

    def breaches(self, mandate: str, subject: str, threshold: float) -> list[tuple[int, int | None]]:
        name = (mandate, subject)
        if name not in self.courses:
            self.courses[name] = [self.measure(mandate, subject, at_ns) for at_ns in self.moments]
        found: list[tuple[int, int | None]] = []
        inside = False
        for at_ns, value in zip(self.moments, self.courses[name], strict=True):
            above = value > threshold
            if above and not inside:
                found.append((at_ns, None))
            elif inside and not above:
                found[-1] = (found[-1][0], at_ns)
            inside = above
        return found


def truth_of(told: list[records.AuditRecord], end_ns: int, frames: int, stretch: int) -> GaugeBoard:
    board = GaugeBoard(read_limits(LIMITS), Buckets(START_NS, end_ns))
    failures: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world_module, "_STRETCH_RECORDS", stretch)
        world = World(board.limits, board, START_NS, failures)
        founding = sum(record.at_ns == START_NS for record in told[:40])
        world.take(told[:founding])
        for place in range(founding, len(told), frames):
            world.take(told[place : place + frames])
        world.finish(end_ns)
    board.finish(end_ns)
    assert (failures, world.violations.messages) == ({}, [])
    return board


@settings(max_examples=100, deadline=None)
@given(story=steps, frames=st.integers(1, 30), stretch=st.integers(1, 40), tail_s=st.sampled_from((0, 5, 50)))
def test_perpetuals_equal_the_brute_force_oracle(story: Any, frames: int, stretch: int, tail_s: int) -> None:
    in_fifties = [
        (wait_ns, (*drawn[:4], drawn[4] // 50 * 50 + 50, *drawn[5:]) if drawn[0] == "trade" else drawn)
        for wait_ns, drawn in story
    ]
    told = tell(in_fifties)
    end_ns = told[-1].at_ns + tail_s * SECOND_NS
    board = truth_of(told, end_ns, frames, stretch)
    oracle = Oracle(told, end_ns)
    rules = board.rules()
    assert sorted({(rule.mandate, rule.subject, rule.severity) for rule in rules if rule.mandate in (
        "basis", "leverage")}) == [
        ("basis", SYMBOL, "high"),
        ("basis", SYMBOL, "warning"),
        ("leverage", "apexf:carry", "critical"),
        ("leverage", "apexf:carry", "high"),
        ("leverage", "apexf:master", "high"),
        ("leverage", "apexf:master", "warning"),
    ]  # fmt: skip
    for rule in rules:
        if rule.mandate == "feed_staleness":
            continue
        expected = oracle.breaches(rule.mandate, rule.subject, rule.tracker.threshold)
        actual = [(interval.begins_ns, interval.ends_ns) for interval in rule.tracker.intervals]
        assert actual == expected, (rule.mandate, rule.subject, rule.severity)
        for interval in rule.tracker.intervals:
            lasted_ns = (end_ns if interval.ends_ns is None else interval.ends_ns) - interval.begins_ns
            due_ns = interval.begins_ns + rule.tracker.hold_ns
            assert interval.due_ns == (due_ns if lasted_ns >= rule.tracker.hold_ns else None)
