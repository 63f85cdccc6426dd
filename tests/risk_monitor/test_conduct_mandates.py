"""Mandates on what an account's orders do, against a naive reading of their definitions."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_monitor.agenda import Agenda
from risk_monitor.alerts import Timing
from risk_monitor.books.equity import EquityHistory
from risk_monitor.books.holdings import Holdings
from risk_monitor.books.marks import MarkBook, Quote
from risk_monitor.books.perpetuals import PerpetualBook
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.connectors.binance import BookTicker
from risk_monitor.connectors.domain import Fill, OrderEvent, OrderUpdate
from risk_monitor.effects import Effect
from risk_monitor.limits import parse_limits
from risk_monitor.mandates.conduct_board import ConductBoard
from risk_monitor.tape import AccountTape
from risk_monitor.watchtower import Watchtower

SECOND_NS = 10**9
MINUTE_NS = 60 * SECOND_NS
START_NS = 1_676_883_600 * SECOND_NS  # a full minute
LINK_NS = 5_000_000

LIMITS = """
schema: riskproof-limits/1
firm: x
base_currency: USD
stablecoins: [USDT]
whitelist: [BTC/USD, BTC/USDT]
profiles: {"apex:maker": aggressive}
limits:
  instrument_whitelist: {each: {high: 0 USD}, window: 10 min}
  single_trade_risk: {aggressive: {high: 5 %}, each: {high: 1 %}, window: 10 min}
  repeated_execution: {each: {high: 3 times}, window: 2 min}
  order_rate: {each: {high: 3 x}}
  message_rate: {each: {high: 2 x}}
  slippage: {each: {high: 2 x}, window: 10 min}
"""


class Desk:
    """Two accounts at one exchange, whose tapes the test writes."""

    def __init__(self) -> None:
        out: list[Effect] = []
        self.out = out
        self.agenda = Agenda()
        self.tower = Watchtower(parse_limits(LIMITS, "f"), self.agenda, Timing(0), out.append)
        self.quotes = (Quote("apex", "BTC/USD"), Quote("apex", "USDT/USD"), Quote("apex", "ETH/BTC"))
        for quote, mid in zip(self.quotes, (20_000.0, 0.5, 0.1), strict=True):
            quote.mid, quote.is_fresh = mid, True
        marks = MarkBook(self.quotes, ("BTC", "ETH", "USD", "USDT"))
        marks.refresh()
        history = EquityHistory(0)
        self.portfolio = Portfolio(
            Holdings(0), marks, history, self.agenda, MINUTE_NS, 1, lambda: None, PerpetualBook(())
        )
        self.portfolio.equity = 1_000_000.0
        pairs = {"BTCUSD": "BTC/USD", "BTCUSDT": "BTC/USDT", "ETHBTC": "ETH/BTC"}
        self.maker, self.taker = AccountTape("apex", "maker", pairs), AccountTape("apex", "taker", pairs)
        self.board = ConductBoard(self.tower, (self.maker, self.taker), self.quotes, self.portfolio, self.agenda)
        self.now_ns = START_NS
        self.agenda.run_due(START_NS)
        self.board.start(START_NS)
        for tape in (self.maker, self.taker):
            tape.set_live(START_NS, True)

    def at(self, seconds: float) -> int:
        """Let time pass until ``seconds`` after the start."""
        end_ns = START_NS + round(seconds * SECOND_NS)
        while self.agenda.deadline_ns <= end_ns:
            self.agenda.run_due(self.agenda.deadline_ns)
        self.agenda.now_ns = self.now_ns = end_ns
        return end_ns

    def order(self, tape: AccountTape, seconds: float, event: OrderEvent = OrderEvent.ACCEPTED) -> None:
        tape.on_order(self.at(seconds), OrderUpdate("BTCUSD", 1, "NEW", event))

    def fill(
        self, tape: AccountTape, seconds: float, order_id: int, quantity: str = "1", symbol: str = "BTCUSD",
        price: str = "20000", is_buy: bool = True, of: str = "", is_maker: bool = False,
    ) -> None:  # fmt: skip
        paid = Decimal(quantity) * Decimal(price)
        tape.on_fill(
            self.at(seconds),
            Fill(
                symbol, 1, is_buy, Decimal(quantity), paid, float(price), Decimal(0), "USD", 0, order_id, is_maker,
                Decimal(of or quantity),
            ),
        )  # fmt: skip

    def measure(self, mandate: str, subject: str) -> float | None:
        [rule] = [rule for rule in self.tower.status() if (rule.mandate, rule.subject) == (mandate, subject)]
        return rule.observed


GAPS = st.lists(
    st.one_of(st.floats(0.001, 5.0), st.floats(20.0, 400.0), st.integers(0, 120).map(float)), min_size=1, max_size=80
)


def moments(gaps: list[float]) -> list[float]:
    at, seconds = [], 0.0
    for gap in gaps:
        seconds = round(seconds + gap, 3)
        at.append(seconds)
    return at


@settings(max_examples=60, deadline=None)
@given(GAPS, st.lists(st.booleans(), min_size=80, max_size=80), st.floats(0.0, 200.0))
def test_order_rate_is_the_last_minute_over_the_hour_before(gaps: list[float], taken: list[bool], rest: float) -> None:
    desk = Desk()
    orders = moments(gaps)
    for seconds, is_cancelled in zip(orders, taken, strict=False):
        desk.order(desk.taker, seconds, OrderEvent.CANCELLED if is_cancelled else OrderEvent.ACCEPTED)
    end = round(orders[-1] + rest, 3)
    desk.at(end)
    ages_ms = [round((end - seconds) * 1000) for seconds in orders]  # in floats 60.062 − 60 is less than 0.062
    minute = sum(age_ms < 60_000 for age_ms in ages_ms)
    # The hour is counted by the second, so that its far end may be one second off.
    least = sum(60_000 <= age_ms < 3_659_000 for age_ms in ages_ms)
    most = sum(60_000 <= age_ms < 3_661_000 for age_ms in ages_ms)
    measure = desk.measure("order_rate", "apex:taker")
    assert measure is not None
    assert minute / max(most / 60, 10) - 1e-9 <= measure <= minute / max(least / 60, 10) + 1e-9
    assert desk.measure("order_rate", "apex:maker") == 0.0


def test_a_burst_is_measured_against_a_busy_hour() -> None:
    desk = Desk()
    for number in range(60 * 30):
        desk.order(desk.taker, 2 * number)
    assert desk.measure("order_rate", "apex:taker") == pytest.approx(30 / (1770 / 60))
    for number in range(70):
        desk.order(desk.taker, 3600 + number / 10)
    assert desk.measure("order_rate", "apex:taker") == pytest.approx(96 / (1774 / 60))
    assert [effect.signal.mandate for effect in desk.out if effect.signal.subject == "apex:taker"] == ["order_rate"]  # type: ignore[union-attr]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 120)), min_size=1, max_size=12), st.integers(0, 100))
def test_message_rate_is_the_last_minute_over_the_largest_before(bursts: list[tuple[int, int]], rest: int) -> None:
    desk = Desk()
    orders: list[int] = []
    seconds = 0
    for gap, count in bursts:
        seconds += gap
        for number in range(count):
            desk.order(desk.maker if number % 2 else desk.taker, seconds)
            orders.append(seconds)
    end = seconds + rest
    desk.at(end)
    minute = sum(end - 60 < at <= end for at in orders)
    full = [sum(begin <= at < begin + 60 for at in orders) for begin in range(0, end, 60) if begin + 60 <= end - 60]
    assert desk.measure("message_rate", "apex") == pytest.approx(minute / max([60, *full]))


KINDS = [("BTCUSD", True, "1"), ("BTCUSD", False, "1"), ("BTCUSD", True, "2"), ("ETHBTC", True, "1")]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from([0, 0, 0, 1, 2, 3]), st.booleans()), min_size=1, max_size=40)
)
def test_repeated_executions_are_counted_until_another_comes_between(steps: list[tuple[int, int, bool]]) -> None:
    desk = Desk()
    seconds = order_id = 0
    run: list[int] = []
    last_kind = -1
    for gap, kind, is_new in steps:
        seconds += gap
        symbol, is_buy, quantity = KINDS[kind]
        if kind != last_kind:
            run, last_kind, is_new = [], kind, True
        order_id += is_new
        if is_new:
            run.append(seconds)
        desk.fill(desk.taker, seconds, order_id, "0.5", symbol, is_buy=is_buy, of=quantity)
    desk.at(seconds)
    assert desk.measure("repeated_execution", "apex:taker") == sum(at > seconds - 120 for at in run)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.integers(1, 4), st.integers(1, 9), st.sampled_from(["BTCUSD", "BTCUSDT"])),
        min_size=1,
        max_size=30,
    ),
    st.integers(0, 700),
)
def test_single_trade_risk_is_that_of_the_largest_order(steps: list[tuple[int, int, int, str]], rest: int) -> None:
    desk = Desk()
    seconds = 0
    value: dict[tuple[str, int], float] = {}
    last: dict[tuple[str, int], int] = {}
    for gap, order_id, tenths, symbol in steps:
        seconds += gap
        desk.fill(desk.maker, seconds, order_id, str(Decimal(tenths) / 10), symbol)
        worth = tenths / 10 * 20_000 * (1.0 if symbol == "BTCUSD" else 0.5)
        value[symbol, order_id] = value.get((symbol, order_id), 0.0) + worth
        last[symbol, order_id] = seconds
    end = seconds + rest
    desk.at(end)
    shares = [value[order] / 1_000_000 for order, at in last.items() if at > end - 600]
    assert desk.measure("single_trade_risk", "apex:maker") == pytest.approx(max(shares, default=0.0) * 100)
    assert [rule.limit for rule in desk.tower.status() if rule.mandate == "single_trade_risk"] == [5.0, 1.0]


def test_what_is_not_in_the_whitelist_is_added_up_over_all_accounts() -> None:
    desk = Desk()
    desk.fill(desk.maker, 1, 1, "10", "ETHBTC", "0.1")
    desk.fill(desk.taker, 300, 2, "5", "ETHBTC", "0.2", is_buy=False)
    desk.fill(desk.taker, 310, 3, "1", "BTCUSD")
    assert desk.measure("instrument_whitelist", "ETH/BTC") == pytest.approx(40_000.0)
    assert [rule.subject for rule in desk.tower.status() if rule.mandate == "instrument_whitelist"] == ["ETH/BTC"]
    desk.at(602)
    assert desk.measure("instrument_whitelist", "ETH/BTC") == pytest.approx(20_000.0)
    desk.at(901)
    assert desk.measure("instrument_whitelist", "ETH/BTC") == 0.0


@pytest.mark.parametrize("mandate", ["order_rate", "repeated_execution", "single_trade_risk"])
def test_an_account_whose_events_are_not_subscribed_to_has_no_measure(mandate: str) -> None:
    desk = Desk()
    assert desk.measure(mandate, "apex:maker") == 0.0
    desk.maker.set_live(desk.at(5), False)
    assert (desk.measure(mandate, "apex:maker"), desk.measure(mandate, "apex:taker")) == (None, 0.0)
    assert desk.measure("message_rate", "apex") is None
    assert desk.measure("instrument_whitelist", "ETH/BTC") is None
    desk.maker.set_live(desk.at(6), True)
    assert desk.measure(mandate, "apex:maker") == 0.0
    assert desk.measure("message_rate", "apex") == 0.0


def quote_btc(desk: Desk, seconds: float, bid: float, ask: float, bid_quantity: float, ask_quantity: float) -> None:
    """A quote that left the venue at ``seconds`` arrives."""
    arrives_ns = desk.at(seconds) + LINK_NS
    trail = desk.quotes[0].trail
    assert trail is not None
    trail.append((arrives_ns, BookTicker("BTCUSD", 1, bid, bid_quantity, ask, ask_quantity)))


def accept(desk: Desk, seconds: float, order_id: int, is_buy: bool, quantity: str, late_ms: int = 0) -> None:
    """An order that the venue accepted at ``seconds`` is reported, ``late_ms`` later than it could be."""
    time_ms = desk.at(seconds) // 1_000_000
    update = OrderUpdate("BTCUSD", order_id, "NEW", OrderEvent.ACCEPTED, is_buy, Decimal(quantity), "", time_ms)
    desk.agenda.now_ns += LINK_NS + late_ms * 1_000_000
    desk.taker.on_order(desk.agenda.now_ns, update)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(1, 30),  # quantity, tenths
            st.integers(1, 40),  # half the spread
            st.integers(-30, 90),  # what the fill was worse than the mid by
            st.integers(1, 200),  # seconds since the one before
        ),
        min_size=5,
        max_size=20,
    )
)
def test_slippage_is_what_was_paid_over_what_the_book_promised(
    orders: list[tuple[bool, int, int, int, int]],
) -> None:
    desk = Desk()
    seconds = 0
    executed: list[tuple[int, float, float, float]] = []
    for order_id, (is_buy, tenths, half, worse, gap) in enumerate(orders):
        seconds += gap
        quote_btc(desk, seconds - 0.5, 20_000 - half, 20_000 + half, 2.0, 0.5)
        is_late = order_id % 4 == 3  # one report in four is held up
        if is_late:
            # What the order itself does to the book may overtake the report, and is not what it was promised.
            quote_btc(desk, seconds + 1.1 * LINK_NS / 1e9, 19_000, 21_000, 1.0, 1.0)
        # What an order does not take, of more than that it asked for, was promised to nobody.
        asked = str(Decimal(tenths) / 5)
        accept(desk, seconds, order_id, is_buy, asked, late_ms=3 * LINK_NS // 1_000_000 * is_late)
        price = 20_000 + worse if is_buy else 20_000 - worse
        quantity = tenths / 10
        desk.fill(desk.taker, seconds + 0.1, order_id, str(quantity / 2), price=str(price), is_buy=is_buy)
        desk.fill(desk.taker, seconds + 0.2, order_id, str(quantity / 2), price=str(price), is_buy=is_buy)
        modelled = half / 20_000 * (1 + quantity / (0.5 if is_buy else 2.0))
        executed.append((seconds, quantity * price, worse / 20_000, modelled))
    recent = [one for one in executed if one[0] + 0.2 > seconds + 0.2 - 600]
    expected = 0.0
    if len(recent) >= 5:
        paid = sum(value * realised for _, value, realised, _ in recent)
        expected = pytest.approx(paid / sum(value * modelled for _, value, _, modelled in recent), abs=1e-6)
    assert desk.measure("slippage", "apex:taker") == expected


def test_resting_orders_that_are_taken_have_no_slippage() -> None:
    desk = Desk()
    for number in range(8):
        quote_btc(desk, 10 * number + 1, 19_999, 20_001, 1.0, 1.0)
        accept(desk, 10 * number + 2, number, True, "1")
        desk.fill(desk.taker, 10 * number + 3, number, "1", price="20500", is_maker=True)
    assert desk.measure("slippage", "apex:taker") == 0.0


def test_slippage_of_fewer_than_five_orders_is_none_unless_others_may_have_gone_unseen() -> None:
    desk = Desk()
    for number in range(5):
        quote_btc(desk, 10 * number + 1, 19_990, 20_010, 1.0, 1.0)
        accept(desk, 10 * number + 2, number, True, "1")
        desk.fill(desk.taker, 10 * number + 3, number, "1", price="20100")
    dear = desk.measure("slippage", "apex:taker")
    assert dear == pytest.approx(5.0)
    desk.at(3 + 600.5)  # the first counts no more
    assert desk.measure("slippage", "apex:taker") == 0.0
    desk.taker.set_live(desk.now_ns, False)
    assert desk.measure("slippage", "apex:taker") is None


def test_a_trade_outside_the_whitelist_fires_through_the_whole_machine(world: Callable[[str], Any]) -> None:
    firm = world("instrument_whitelist: {each: {high: 0 USD}, window: 1 h}").start()
    assert firm.compliance("instrument_whitelist", "ETH/BTC") == [("ok", 0.0)]
    firm.trade("apex", "maker", "ETH/BTC", "BUY", "3", "0.066", trade_id=7)
    [(_, signal)] = firm.signals
    assert (signal.state, signal.subject, round(signal.observed, 2)) == ("firing", "ETH/BTC", 4752.0)
    assert signal.evidence == ("apex:maker executionReport TRADE ETHBTC BUY i=1 t=7 4752.00 USD",)
    firm.close_streams("apex")
    assert firm.compliance("instrument_whitelist", "ETH/BTC") == [("unknown", None)]
