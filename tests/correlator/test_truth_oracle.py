"""Truth against a brute-force oracle: the definitions of ``docs/reference/mandates.md``, evaluated moment by moment.

The oracle keeps whole snapshots and looks back through all of them; it knows nothing of columns, stretches or carries.
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
DAY_NS = 86_400 * SECOND_NS
START_NS = 19_408 * DAY_NS - 60 * SECOND_NS  # a minute before midnight UTC
UNIT = 10**8
STALE_NS = 20 * SECOND_NS
WINDOW_NS = 9 * SECOND_NS
LIMITS = """
schema: riskproof-limits/1
stablecoins: [USDT]
structural: {BTC: 2 BTC}
clusters: {majors: [BTC, ETH], second: [ETH, DOGE]}
limits:
  position_limit: {BTC: {warning: 3 BTC, high: 4.5 BTC}, ETH: {high: 12 ETH}}
  notional_limit: {each: {high: 40k USD}, total: {warning: 50k USD}}
  delta_exposure: {each: {high: 15k USD}, for: 2 s}
  drawdown: {firm: {warning: 30 bp, high: 2 %}}
  rapid_drawdown: {firm: {warning: 500 USD, high: 3k USD}, window: 9 s}
  daily_loss: {firm: {warning: 1k USD, high: 4k USD}}
  stablecoin_peg: {USDT: {warning: 50 bp, high: 300 bp}}
  stablecoin_exposure: {USDT: {warning: 55k USD}}
  price_divergence: {each: {warning: 100 bp, high: 400 bp}, for: 5 s}
  triangular_divergence: {each: {high: 300 bp}}
  feed_staleness: {prices: {high: 20 s}}
  overdue_settlement: {each: {warning: 3 s, high: 0 s}}
  unsettled_exposure: {total: {warning: 700 USD}}
  concentration: {each: {warning: 20 %, high: 23 %}}
  correlation_cluster: {each: {high: 10k USD}, majors: {high: 45k USD}}
  weekly_loss: {firm: {warning: 1k USD, high: 4k USD}}
  partial_settlement: {each: {warning: 0 s, high: 3 s}}
"""
LISTINGS = [
    ("apex", 0, "BTC", "USD", 10_000),
    ("apex", 1, "BTC", "USDT", 10_000),
    ("apex", 2, "ETH", "USDT", 1_000),
    ("apex", 3, "ETH", "BTC", 0.1),
    ("apex", 4, "USDT", "USD", 1),
    ("boreal", 0, "BTC", "USD", 10_000),
    ("boreal", 1, "USDT", "USD", 1),
]
ASSETS = ("USD", "USDT", "BTC", "ETH")

quotes = st.tuples(
    st.just("quote"),
    st.integers(0, len(LISTINGS) - 1),
    st.integers(-60, 60),
    st.sampled_from(("both", "both", "both", "both", "bid", "ask", "none")),
)
postings = st.tuples(
    st.just("posting"),
    st.sampled_from(("deposit", "withdrawal", "transfer")),
    st.sampled_from(ASSETS),
    st.integers(1, 3 * UNIT),
)
fills = st.tuples(
    st.just("fill"), st.integers(0, 4), st.booleans(), st.booleans(), st.integers(1, 50), st.integers(0, 3)
)
settlements = st.tuples(
    st.just("settlement"),
    st.integers(0, 2),
    st.sampled_from((-1, 1)),
    st.sampled_from((0, 1, 2, 4)),
    st.integers(-5, 40),
    st.booleans(),
)
steps = st.lists(
    st.tuples(
        st.sampled_from((0, 0, 1, SECOND_NS // 3, SECOND_NS, 4 * SECOND_NS, 9 * SECOND_NS, 33 * SECOND_NS)),
        st.one_of(quotes, quotes, quotes, fills, postings, settlements),
    ),
    min_size=1,
    max_size=70,
)


def tell(story: list[tuple[int, tuple[Any, ...]]]) -> list[records.AuditRecord]:
    """Turn drawn steps into records; every book is quoted once at the start."""
    told: list[records.AuditRecord] = []
    at_ns = START_NS

    def say(make: Any, source: str, *body: Any) -> None:
        told.append(make(len(told) + 1, at_ns, source, 0, *body))

    for asset in ASSETS:
        say(records.Asset, "world", asset, 8)
    for venue in ("apex", "boreal"):
        for account, owner in (("external", "external"), ("street", "street"), ("fees", "venue"), ("master", "firm")):
            say(records.Account, venue, account, owner)
        for asset, amount in (("USD", 50_000), ("USDT", 25_000), ("BTC", 2), ("ETH", 5)):
            say(records.Posting, venue, asset, "external", "master", amount * UNIT, "opening")
    for venue, index, base, quote, _ in LISTINGS:
        say(records.Listing, venue, f"{base}/{quote}", index, base, quote, "0.0001", "0.001")
    for venue, index, _, _, price in LISTINGS:
        ticks = round(price * 10_000)
        say(records.Quote, venue, index, ticks - 1, 5, ticks + 1, 5)
    instructed: dict[int, tuple[int, int, int]] = {}
    for wait_ns, (kind, *drawn) in story:
        at_ns += wait_ns
        if kind == "quote":
            place, moved, sides = drawn
            venue, index, _, _, price = LISTINGS[place]
            ticks = round(price * 10_000 * (1 + moved / 1_000))
            bid, ask = 5 * (sides in ("both", "bid")), 5 * (sides in ("both", "ask"))
            say(records.Quote, venue, index, (ticks - 1) * bool(bid), bid, (ticks + 1) * bool(ask), ask)
        elif kind == "posting":
            reason, asset, amount = drawn
            ways = ("master", "external") if reason == "withdrawal" else ("external", "master")
            say(records.Posting, "apex", asset, *ways, amount * (500 if asset in ("USD", "USDT") else 1), reason)
        elif kind == "fill":
            index, buys, takes, lots, fee = drawn
            price = LISTINGS[index][4]
            taker, maker = ("master", "street") if takes else ("street", "master")
            side = "buy" if buys else "sell"
            ticks = round(price * 10_000)
            say(records.Fill, "apex", index, 1, ticks, lots * 20, side, taker, 1, maker, 2, fee, fee)
        else:
            number, sign, settled, due_s, rejected = drawn
            known = instructed.get(number)
            if known is None:
                known = instructed[number] = (sign * 1_000 * UNIT, at_ns + due_s * SECOND_NS, 0)
            amount, contracted_ns, before = known
            now = max(before, abs(amount) * settled // 4)
            instructed[number] = (amount, contracted_ns, now)
            status = "rejected" if rejected and settled == 1 else "settled" if now == abs(amount) else "pending"
            signed = now if amount > 0 else -now
            say(records.Settlement, "keystone", f"i{number}", "apex", "USD", amount, signed, status, contracted_ns)
            if status != "pending":
                del instructed[number]
    return told


class Snapshot:
    """The whole state from one moment until the next."""

    def __init__(self, at_ns: int, held: dict[str, Fraction], mids: dict[int, tuple[float, int]], flows: float,
                 unsettled: Fraction, due: list[int], partial: list[int]) -> None:  # fmt: skip
        self.at_ns = at_ns
        self.held, self.mids, self.flows, self.unsettled, self.due = held, mids, flows, unsettled, due
        self.partial = partial

    def mid(self, place: int) -> float:
        return self.mids[place][0]

    def mark(self, asset: str) -> float:
        if asset == "USD":
            return 1.0
        for quote, factor in (("USD", 1.0), ("USDT", None)):
            places = [place for place, item in enumerate(LISTINGS) if item[2:4] == (asset, quote)]
            if places:
                known = [self.mid(place) for place in places if not math.isnan(self.mid(place))]
                mean = sum(known) / len(known) if known else math.nan
                return mean * (self.mark("USDT") if factor is None else factor)
        raise AssertionError(asset)

    def worth(self, asset: str, amount: float) -> float:
        return amount * self.mark(asset) if amount else 0.0

    def equity(self) -> float:
        return sum(self.worth(asset, float(self.held[asset])) for asset in ASSETS)


def snapshots(told: list[records.AuditRecord]) -> list[Snapshot]:
    held = dict.fromkeys(ASSETS, Fraction(0))
    mids = dict.fromkeys(range(len(LISTINGS)), (math.nan, -(10**18)))
    open_settlements: dict[str, records.Settlement] = {}
    partial: dict[str, int] = {}
    flows, last_marks = 0.0, dict.fromkeys(ASSETS, 0.0)
    taken: list[Snapshot] = []
    pending: list[tuple[str, Fraction]] = []
    for place, record in enumerate(told):
        if isinstance(record, records.Posting):
            amount = Fraction(record.amount, UNIT) * (1 if record.to_account == "master" else -1)
            held[record.asset] += amount
            if record.reason in ("deposit", "withdrawal"):
                pending.append((record.asset, amount))
        elif isinstance(record, records.Quote):
            where = [item[:2] for item in LISTINGS].index((record.source, record.index))
            both = record.bid_lots and record.ask_lots
            mids[where] = ((record.bid_ticks + record.ask_ticks) / 20_000 if both else math.nan, record.at_ns)
        elif isinstance(record, records.Fill):
            _, _, base, quote, _ = LISTINGS[record.index]
            lots, price = Fraction(record.quantity_lots, 1_000), Fraction(record.price_ticks, 10_000)
            fee = Fraction(record.taker_fee, UNIT)
            if (record.taker_side == "buy") == (record.taker_account == "master"):
                held[base] += lots - fee
                held[quote] -= lots * price
            else:
                held[base] -= lots
                held[quote] += lots * price - fee
        elif isinstance(record, records.Settlement):
            open_settlements.pop(record.instruction_id, None)
            since_ns = partial.pop(record.instruction_id, record.at_ns)
            if record.status == "pending":
                open_settlements[record.instruction_id] = record
                if record.settled:
                    partial[record.instruction_id] = since_ns
        if place + 1 == len(told) or told[place + 1].at_ns > record.at_ns:
            left = [Fraction(known.amount - known.settled, UNIT) for known in open_settlements.values()]
            total = dict(held)
            total["USD"] += sum(left, Fraction(0))
            due = [known.contracted_ns for known in open_settlements.values()]
            now = Snapshot(record.at_ns, total, dict(mids), 0.0, sum(map(abs, left), Fraction(0)), due,
                           list(partial.values()))  # fmt: skip
            for asset in ASSETS:
                if not math.isnan(now.mark(asset)):
                    last_marks[asset] = now.mark(asset)
            for asset, amount in pending:
                flows += float(amount) * last_marks[asset]
            pending.clear()
            now.flows = flows
            taken.append(now)
    return taken


class Oracle:
    """Every measure at every time, by looking back through the snapshots."""

    def __init__(self, taken: list[Snapshot], end_ns: int) -> None:
        self.taken, self.end_ns = taken, end_ns
        moments = {snapshot.at_ns for snapshot in taken}
        for snapshot in taken:
            moments |= {quoted + STALE_NS + 1 for _, quoted in snapshot.mids.values()}
            moments |= {since + bound for since in (*snapshot.due, *snapshot.partial) for bound in (0, 3 * SECOND_NS)}
            moments.add(snapshot.at_ns + WINDOW_NS)
        moments |= {START_NS // DAY_NS * DAY_NS + day * DAY_NS for day in range(1, 4)}
        self.moments = sorted(at_ns for at_ns in moments if START_NS <= at_ns <= end_ns)
        self.earned = [snapshot.equity() - snapshot.flows for snapshot in taken]

    def last(self, at_ns: int) -> int:
        return max(place for place, snapshot in enumerate(self.taken) if snapshot.at_ns <= at_ns)

    def measure(self, mandate: str, subject: str, at_ns: int) -> float:
        place = self.last(at_ns)
        now, earned = self.taken[place], self.earned[place]
        held = {asset: float(amount) for asset, amount in now.held.items()}
        defined = [value for value in self.earned[: place + 1] if not math.isnan(value)]
        if mandate == "position_limit":
            return abs(held[subject])
        if mandate == "notional_limit":
            assets = ("BTC", "ETH") if subject == "total" else (subject,)
            return sum(now.worth(asset, abs(held[asset])) for asset in assets)
        if mandate == "delta_exposure":
            return now.worth(subject, abs(held[subject] - (2.0 if subject == "BTC" else 0.0)))
        if mandate == "drawdown":
            mark = max(defined, default=math.nan) + now.flows
            return (mark - (earned + now.flows)) / mark
        if mandate == "rapid_drawdown":
            within = [
                self.earned[other]
                for other in range(place + 1)
                if other == place or self.taken[other + 1].at_ns > at_ns - WINDOW_NS
            ]
            return max((value for value in within if not math.isnan(value)), default=math.nan) - earned
        if mandate == "daily_loss":
            midnight = at_ns // DAY_NS * DAY_NS
            since = self.last(midnight) if midnight >= START_NS else 0
            opened = [value for value in self.earned[since : place + 1] if not math.isnan(value)]
            return (opened[0] if opened else math.nan) - earned
        if mandate == "weekly_loss":  # the run's only midnight begins a Monday
            return self.measure("daily_loss", subject, at_ns)
        if mandate == "concentration":
            return now.worth(subject, abs(held[subject])) / now.equity() if now.equity() > 0 else math.nan
        if mandate == "correlation_cluster":
            assets = {"majors": ("BTC", "ETH"), "second": ("ETH",)}[subject]
            return sum(now.worth(asset, abs(held[asset])) for asset in assets)
        if mandate == "stablecoin_peg":
            return abs(now.mark(subject) - 1.0)
        if mandate == "stablecoin_exposure":
            return held[subject]
        fresh = {p: (mid if at_ns - quoted <= STALE_NS else math.nan) for p, (mid, quoted) in now.mids.items()}
        if mandate == "price_divergence":
            base, quote = subject.split("/")
            mids = [fresh[p] for p, item in enumerate(LISTINGS) if item[2:4] == (base, quote) and fresh[p] == fresh[p]]
            return (max(mids) - min(mids)) / ((max(mids) + min(mids)) / 2) if len(mids) > 1 else math.nan
        if mandate == "triangular_divergence":
            return abs(fresh[3] * fresh[1] / fresh[2] - 1.0)
        if mandate == "unsettled_exposure":
            return float(now.unsettled)
        assert mandate in ("overdue_settlement", "partial_settlement")
        waits = now.due if mandate == "overdue_settlement" else now.partial
        return max((at_ns - since for since in waits), default=-1) / SECOND_NS

    def breaches(self, mandate: str, subject: str, bound: float, threshold: float) -> list[tuple[int, int | None]]:
        """``(begins, ends)`` of every breach; time-driven measures are beyond a bound from the moment they reach it."""
        found: list[tuple[int, int | None]] = []
        inside = False
        for at_ns in self.moments:
            value = self.measure(mandate, subject, at_ns)
            if mandate in ("overdue_settlement", "partial_settlement"):
                above = value >= bound and (inside or at_ns < self.end_ns)
            else:
                above = value > threshold
            if above and not inside:
                found.append((at_ns, None))
            elif inside and not above:
                found[-1] = (found[-1][0], at_ns)
            inside = above
        return found


@settings(max_examples=200, deadline=None)
@given(story=steps, frames=st.integers(1, 30), stretch=st.integers(1, 40), tail_s=st.sampled_from((0, 5, 50)))
def test_truth_equals_the_brute_force_oracle(story: Any, frames: int, stretch: int, tail_s: int) -> None:
    told = tell(story)
    end_ns = told[-1].at_ns + tail_s * SECOND_NS
    limits = read_limits(LIMITS)
    board = GaugeBoard(limits, Buckets(START_NS, end_ns))
    failures: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world_module, "_STRETCH_RECORDS", stretch)
        world = World(limits, board, START_NS, failures)
        founding = sum(record.at_ns == START_NS for record in told[:40])
        world.take(told[:founding])
        for place in range(founding, len(told), frames):
            world.take(told[place : place + frames])
        world.finish(end_ns)
    assert failures == {}
    oracle = Oracle(snapshots(told), end_ns)
    rules = board.rules()
    assert {rule.mandate for rule in rules} >= set(limits.mandates) - {
        "feed_staleness",
        "overdue_settlement",
        "partial_settlement",
    }
    for rule in rules:
        tracker = rule.tracker
        tracker.finish(end_ns)
        expected = oracle.breaches(rule.mandate, rule.subject, tracker.bound, tracker.threshold)
        actual = [(interval.begins_ns, interval.ends_ns) for interval in tracker.intervals]
        assert actual == expected, (rule.mandate, rule.subject, rule.severity)
        for interval in tracker.intervals:
            lasted_ns = (end_ns if interval.ends_ns is None else interval.ends_ns) - interval.begins_ns
            due_ns = interval.begins_ns + tracker.hold_ns if lasted_ns >= tracker.hold_ns else None
            assert (interval.due_ns, interval.lasted_ns) == (due_ns, lasted_ns)
            highest = max(
                oracle.measure(rule.mandate, rule.subject, at_ns)
                for at_ns in oracle.moments
                if interval.begins_ns <= at_ns < (interval.ends_ns or end_ns + 1)
            )
            if rule.mandate not in ("overdue_settlement", "partial_settlement"):
                assert interval.peak == pytest.approx(highest, rel=1e-9, abs=1e-9)
