"""Measures worked out by hand: weeks, clocks, leverage, basis, and bounds from below."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator import records
from correlator.limits import read_limits
from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.truth.series import Buckets
from correlator.truth.shown.invented import InventedFill
from correlator.truth.world import World

SECOND_NS = 10**9
DAY_NS = 86_400 * SECOND_NS
MONDAY_NS = 19_408 * DAY_NS  # 2023-02-20
UNIT = 10**8


class Tale:
    """Records told one after another, in seconds since the start."""

    def __init__(self, start_ns: int = MONDAY_NS) -> None:
        self.start_ns = start_ns
        self.told: list[records.AuditRecord] = []

    def say(self, at_s: float, make: Any, source: str, *body: Any) -> Tale:
        self.told.append(make(len(self.told) + 1, self.start_ns + round(at_s * SECOND_NS), source, 0, *body))
        return self

    def found(self, pairs: tuple[str, ...], holds: dict[str, float]) -> Tale:
        for asset in ("USD", "USDT", "BTC"):
            self.say(0, records.Asset, "world", asset, 8)
        for account, owner in (("external", "external"), ("street", "street"), ("master", "firm")):
            self.say(0, records.Account, "apex", account, owner)
        for index, symbol in enumerate(pairs):
            base, quote = symbol.split(":")[0].split("/")
            self.say(0, records.Listing, "apex", symbol, index, base, quote, "0.01", "0.001")
        for asset, amount in holds.items():
            self.say(0, records.Posting, "apex", asset, "external", "master", round(amount * UNIT), "opening")
        return self

    def quote(self, at_s: float, index: int, price: float) -> Tale:
        ticks = round(price * 100)
        return self.say(at_s, records.Quote, "apex", index, ticks, 1_000, ticks, 1_000)

    def truth(self, limits: str, end_s: float) -> dict[tuple[str, str], Gauge]:
        end_ns = self.start_ns + round(end_s * SECOND_NS)
        kept = read_limits(f"schema: riskproof-limits/1\nstablecoins: [USDT]\nlimits:\n  {limits}\n")
        board = GaugeBoard(kept, Buckets(self.start_ns, end_ns))
        failures: dict[str, str] = {}
        world = World(kept, board, self.start_ns, failures)
        for record in self.told:
            world.take([record])
        world.finish(end_ns)
        board.finish(end_ns)
        assert (failures, world.violations.messages) == ({}, [])
        return {(gauge.mandate, gauge.subject): gauge for gauge in board.gauges}

    def breaches(self, limits: str, end_s: float, mandate: str, subject: str) -> list[tuple[float, float | None]]:
        (rule,) = self.truth(limits, end_s)[mandate, subject].rules
        return [
            (
                (breach.begins_ns - self.start_ns) / SECOND_NS,
                None if breach.ends_ns is None else (breach.ends_ns - self.start_ns) / SECOND_NS,
            )
            for breach in rule.tracker.intervals
        ]


def test_weekly_loss_adds_up_over_days_and_begins_anew_on_monday() -> None:
    day_s = 86_400
    tale = Tale(MONDAY_NS - 2 * DAY_NS).found(("BTC/USD",), {"BTC": 1})  # Saturday
    for day, price in enumerate((10_000, 9_000, 8_000, 7_500, 7_000, 6_500)):
        tale.quote(day * day_s, 0, price) if not day else tale.quote(day * day_s - 1, 0, price)
    limits = "weekly_loss: {firm: {high: 900 USD}}\n  daily_loss: {firm: {high: 900 USD}}"
    # From 10,000 on Saturday; on Monday at 8,000 anew, which Wednesday's 7,000 is 1,000 below.
    assert tale.breaches(limits, 6 * day_s, "weekly_loss", "firm") == [(day_s - 1, 2 * day_s), (4 * day_s - 1, None)]
    assert tale.breaches(limits, 6 * day_s, "daily_loss", "firm") == [(day_s - 1, day_s), (2 * day_s - 1, 2 * day_s)]


def test_drifting_clock_is_beyond_its_bound_when_the_line_says() -> None:
    tale = Tale().found(("BTC/USD",), {"BTC": 1})
    tale.say(100, records.Clock, "apex", 0, 1_000_000)  # a ms a second
    tale.say(400, records.Clock, "apex", 0, 0)
    limits = "clock_drift: {each: {high: 100 ms}}"
    assert tale.breaches(limits, 600, "clock_drift", "apex") == [(pytest.approx(200), 400)]
    gauge = tale.truth(limits, 600)["clock_drift", "apex"]
    assert (gauge.unit, gauge.rules[0].tracker.intervals[0].peak) == ("ms", pytest.approx(0.3))


def test_monitors_own_clock_counts_against_every_venue_and_two_alike_are_not_apart() -> None:
    tale = Tale().found(("BTC/USD",), {"BTC": 1})
    tale.say(50, records.Clock, "monitor", -150_000_000, 0)
    tale.say(90, records.Clock, "apex", -120_000_000, 0)
    assert tale.breaches("clock_drift: {each: {high: 100 ms}}", 100, "clock_drift", "apex") == [(50, 90)]


@settings(max_examples=60, deadline=None)
@given(
    changes=st.lists(
        st.tuples(
            st.sampled_from((0, 1, 7)),
            st.sampled_from(("apex", "monitor")),
            st.integers(-300, 300),
            st.integers(-60, 60),
        ),
        max_size=8,
    )
)
def test_clocks_are_apart_whenever_a_look_every_half_second_says_so(
    changes: list[tuple[int, str, int, int]],
) -> None:
    tale, at_s = Tale().found(("BTC/USD",), {"BTC": 1}), 1
    courses: list[tuple[int, str, int, int]] = []
    for wait_s, source, offset_ms, ms_a_second in changes:
        at_s += wait_s
        courses.append((at_s, source, offset_ms, ms_a_second))
        tale.say(at_s, records.Clock, source, offset_ms * 1_000_000, ms_a_second * 1_000_000)
    end_s = at_s + 5
    found = tale.breaches("clock_drift: {each: {high: 100 ms}}", end_s, "clock_drift", "apex")
    for half in range(2 * end_s):
        moment_s = half / 2 + 0.000001
        offsets = {}
        for since_s, source, offset_ms, ms_a_second in courses:
            if since_s <= moment_s:
                offsets[source] = offset_ms + ms_a_second * (moment_s - since_s)
        apart_ms = abs(offsets.get("apex", 0) - offsets.get("monitor", 0))
        if abs(apart_ms - 100) > 0.001:
            inside = any(begins <= moment_s and (ends is None or moment_s < ends) for begins, ends in found)
            assert inside == (apart_ms > 100), (moment_s, apart_ms, found)


def test_leverage_is_what_positions_are_worth_against_what_is_left_to_carry_them() -> None:
    tale = Tale().found(("BTC/USD", "USDT/USD", "BTC/USDT:USDT"), {"USDT": 10_000})
    tale.quote(0, 0, 20_000).quote(0, 1, 1)
    tale.say(0, records.MarkPrice, "apex", "BTC/USDT:USDT", 2_000_000.0, 2_000_000.0, 0.0, 0)
    tale.say(10, records.Fill, "apex", 2, 1, 2_000_000, 1_000, "buy", "master", 1, "street", 2, 0, 0)  # 1 BTC at 20,000
    tale.say(20, records.MarkPrice, "apex", "BTC/USDT:USDT", 1_500_000.0, 1_500_000.0, 0.0, 0)
    tale.say(30, records.MarkPrice, "apex", "BTC/USDT:USDT", 900_000.0, 900_000.0, 0.0, 0)
    limits = "leverage: {each: {warning: 1 x, high: 2.5 x, critical: 500 x}}"
    gauge = tale.truth(limits, 40)["leverage", "apex:master"]
    # 20,000 ÷ 10,000 = 2 x; 15,000 ÷ 5,000 = 3 x; 9,000 with 1,000 less than nothing: ruined.
    begins = [(rule.tracker.intervals[0].begins_ns - MONDAY_NS) / SECOND_NS for rule in gauge.rules]
    assert (begins, gauge.rules[0].tracker.intervals[0].peak, gauge.unit) == ([10, 20, 30], 1_000.0, "x")


def test_basis_is_the_perpetual_against_the_mean_of_its_spot_pair() -> None:
    tale = Tale().found(("BTC/USD", "USDT/USD", "BTC/USDT:USDT", "BTC/USDT"), {"USDT": 10_000})
    tale.quote(0, 0, 20_000).quote(0, 1, 1).quote(0, 2, 20_050).quote(0, 3, 20_000)
    tale.quote(10, 2, 20_150).quote(20, 3, 20_100)
    limits = "basis: {each: {high: 50 bp}}"
    assert tale.breaches(limits, 40, "basis", "BTC/USDT:USDT") == [(10, 20)]


def test_measure_with_a_lower_bound_is_in_breach_below_it() -> None:
    limits = read_limits(
        "schema: riskproof-limits/1\nlimits: {tail_exponent: {each: {warning: 3 alpha, high: 2 alpha}}}"
    )
    board = GaugeBoard(limits, Buckets(0, 100))
    gauge = board.bound("tail_exponent", "BTC")
    assert gauge is not None
    for at_ns, exponent in ((10, 4.0), (20, 2.5), (30, 1.5), (40, 2.0), (50, float("nan"))):
        gauge.set(at_ns, exponent)
    board.finish(100)
    found = [[(each.begins_ns, each.ends_ns, each.peak) for each in rule.tracker.intervals] for rule in gauge.rules]
    assert found == [[(20, 50, 1.5)], [(30, 40, 1.5)]]


def test_invented_fill_counts_where_a_mandate_speaks_of_reports_and_nowhere_else() -> None:
    tale = Tale().found(("BTC/USD", "USDT/USD"), {"USD": 90_000.0, "BTC": 1.0})
    tale.quote(0, 0, 10_000.0).quote(0, 1, 1.0)
    tale.say(
        1, records.Intent, "gateway", "maker", "apex", "master", "own", "BTC/USD", "buy", "limit", "1", "1", "sent", ""
    )
    for at_s, trade, client_order_id in ((10, 77, "strange"), (11, 78, "strange"), (12, 79, "own")):
        tale.say(at_s, InventedFill, "apex", "master", "USDT/USD", trade, 5, client_order_id, 2_000.0)
    tale.quote(60, 0, 10_000.0)
    limits = "\n  ".join(
        (
            "unauthorised_orders: {each: {critical: 0 times}, window: 30 s}",
            "instrument_whitelist: {each: {high: 5k USD}, window: 30 s}",
            "single_trade_risk: {each: {high: 5 %}, window: 30 s}",
            "position_limit: {BTC: {high: 1 BTC}}",
            "drawdown: {firm: {high: 0 %}}",
        )
    )
    assert tale.breaches(limits, 100, "unauthorised_orders", "apex:master") == [(15, 40)]
    assert tale.breaches(limits, 100, "instrument_whitelist", "USDT/USD") == [(12, 40)]
    assert tale.breaches(limits, 100, "single_trade_risk", "apex:master") == [(12, 42)]
    assert tale.breaches(limits, 100, "position_limit", "BTC") == []
    assert tale.breaches(limits, 100, "drawdown", "firm") == []
