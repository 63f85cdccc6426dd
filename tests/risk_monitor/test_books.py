"""Equity's history, profit and the suspense account, each against arithmetic done the plain way."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_monitor.agenda import NEVER_NS, Agenda
from risk_monitor.books.equity import EquityHistory
from risk_monitor.books.marks import MarkBook, Quote
from risk_monitor.books.pnl import ProfitBook
from risk_monitor.books.suspense import Entry, Explained, Seen, Suspense
from risk_monitor.timestamps import NS_PER_DAY, utc


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 50), st.integers(-5, 5)), min_size=1, max_size=80))
def test_the_window_holds_the_largest_level_that_was_in_force_in_it(steps: list[tuple[int, int, int]]) -> None:
    window_ns = 60
    history = EquityHistory(window_ns)
    now_ns = 0
    samples: list[tuple[int, int]] = []  # time, level net of flows
    flows = 0
    for wait_ns, net, flow in steps:
        now_ns += wait_ns
        flows += flow
        history.flow(float(flow))
        history.update(now_ns, float(net + flows))
        samples.append((now_ns, net))
        ends = [at for at, _ in samples[1:]] + [NEVER_NS]
        in_force = [level for (_, level), end in zip(samples, ends, strict=True) if end > now_ns - window_ns]
        assert history.loss_in_window == max(in_force) - net
        assert history.high_water_mark == max(level for _, level in samples) + flows
        assert history.loss_today == samples[0][1] - net
        assert len(history._window) <= window_ns + 1


def test_the_day_opens_anew_at_midnight() -> None:
    history = EquityHistory(1)
    for at_ns, equity in ((NS_PER_DAY - 5, 100.0), (NS_PER_DAY, 90.0), (NS_PER_DAY + 5, 70.0)):
        history.update(at_ns, equity)
    assert history.loss_today == 20.0


def _marks(quotes: list[tuple[str, str, float]]) -> MarkBook:
    made = []
    for venue, pair, mid in quotes:
        quote = Quote(venue, pair)
        quote.mid = mid
        made.append(quote)
    book = MarkBook(made, ("BTC", "ETH", "SOL", "USD", "USDT"))
    book.refresh()
    return book


def test_a_stale_quote_is_left_out_of_a_mark_while_another_is_fresh() -> None:
    here, there = Quote("a", "BTC/USD"), Quote("b", "BTC/USD")
    book = MarkBook([here, there], ("BTC", "USD"))
    marks = []
    here.mid, there.mid = 10.0, 20.0
    for here.is_fresh, there.is_fresh in ((True, True), (False, True), (True, False), (False, False)):
        book.refresh()
        marks.append(book.mark("BTC"))
    assert marks == [15.0, 20.0, 10.0, 15.0]


@pytest.mark.parametrize(
    ("quotes", "expected"),
    [
        ([("a", "BTC/USD", 10.0), ("b", "BTC/USD", 20.0)], 15.0),
        ([("a", "BTC/USD", 10.0), ("b", "BTC/USD", 0.0)], 10.0),
        ([("a", "BTC/USD", 10.0), ("b", "BTC/USDT", 99.0), ("b", "USDT/USD", 0.5)], 10.0),
        ([("a", "BTC/USD", 0.0), ("b", "BTC/USDT", 99.0), ("b", "USDT/USD", 0.5)], 0.0),
        ([("a", "BTC/USDT", 10.0), ("b", "BTC/USDT", 20.0), ("b", "USDT/USD", 0.5)], 7.5),
        ([("a", "BTC/USDT", 10.0)], 0.0),
    ],
)
def test_a_mark_is_the_mean_mid_against_usd_and_else_goes_through_the_tether(
    quotes: list[tuple[str, str, float]], expected: float
) -> None:
    book = _marks(quotes)
    assert (book.mark("BTC"), book.mark("USD"), book.mark("XYZ")) == (expected, 1.0, 0.0)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 5), st.integers(50, 150)), max_size=40))
def test_realised_and_unrealised_profit_add_up_to_what_was_won(trades: list[tuple[bool, int, int]]) -> None:
    book = ProfitBook(_marks([("a", "BTC/USD", 100.0)]))
    cash = 0.0
    quantity = 0.0
    for is_buy, amount, price in trades:
        value = float(amount * price)
        if is_buy:
            book.trade("a", "x", "BTC", amount, "USD", value, value)
        else:
            book.trade("a", "x", "USD", value, "BTC", amount, value)
        cash += -value if is_buy else value
        quantity += amount if is_buy else -amount
    total = sum(entry.realised_usd + (entry.unrealised_usd or 0.0) for entry in book.positions())
    assert total == pytest.approx(cash + quantity * 100.0, abs=1e-6)


class Views:
    """Custody and exchanges seen when the test says so."""

    def __init__(self) -> None:
        self.custody_ns = 0
        self.exchange_ns = 0
        self.explained = Explained.NOT
        self.looks: list[Entry] = []

    def custody_seen_ns(self) -> int:
        return self.custody_ns

    def exchange_seen_ns(self, venue: str) -> int:
        return self.exchange_ns

    def look_again(self, now_ns: int, entry: Entry) -> None:
        self.looks.append(entry)

    def explain(self, entry: Entry) -> Explained:
        return self.explained


@pytest.fixture
def suspense() -> tuple[Suspense, Views, list[tuple[str, Decimal]], Callable[[int], None]]:
    agenda = Agenda()
    views = Views()
    flows: list[tuple[str, Decimal]] = []
    book = Suspense(agenda, views, 10, lambda now_ns, asset, amount: flows.append((asset, amount)))

    def run(until_ns: int) -> None:
        while agenda.deadline_ns <= until_ns:
            agenda.run_due(agenda.deadline_ns)

    return book, views, flows, run


def test_one_instruction_cancels_several_debits(suspense: tuple[Suspense, Views, list, Callable]) -> None:
    book, _, _, _ = suspense
    for account, amount in (("master", "-70"), ("maker", "-30")):
        book.enter(0, Seen.AT_EXCHANGE, "apex", account, "USD", Decimal(amount))
    book.enter(0, Seen.AT_EXCHANGE, "boreal", "master", "USD", Decimal("-5"))
    assert book.pending() == {"USD": Decimal(-105)}
    book.enter(1, Seen.INSTRUCTED, "apex", "", "USD", Decimal(100))
    assert book.pending() == {"USD": Decimal(-5)}


def test_an_entry_waits_until_the_other_side_was_looked_at_later_than_the_transfer_takes(
    suspense: tuple[Suspense, Views, list, Callable],
) -> None:
    book, views, flows, run = suspense
    book.enter(0, Seen.AT_EXCHANGE, "apex", "master", "USD", Decimal(-5))
    views.custody_ns = 9
    run(19)
    assert book.pending() == {"USD": Decimal(-5)}
    views.custody_ns = 10
    book.settle(19)
    assert (book.pending(), flows) == ({}, [])


def test_a_transfer_under_way_is_waited_for_and_a_completed_one_is_a_flow(
    suspense: tuple[Suspense, Views, list, Callable],
) -> None:
    book, views, flows, run = suspense
    views.custody_ns = views.exchange_ns = 10**9
    views.explained = Explained.UNDER_WAY
    book.enter(0, Seen.AT_EXCHANGE, "apex", "master", "BTC", Decimal(-5))
    run(10_000)
    assert book.pending() == {"BTC": Decimal(-5)}
    views.explained = Explained.BY_FLOW
    run(10_020)
    assert (book.pending(), flows) == ({}, [("BTC", Decimal(-5))])


def test_entries_are_bounded(suspense: tuple[Suspense, Views, list, Callable]) -> None:
    book, _, _, _ = suspense
    for number in range(1000):
        book.enter(0, Seen.AT_EXCHANGE, "apex", "master", "USD", Decimal(2) ** (number % 60) + number)
    assert len(book._entries) == 128


@pytest.mark.parametrize(
    ("at_ns", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_676_883_600_250_000_000, "2023-02-20T09:00:00.250Z"),
        (1_709_251_199_999_999_999, "2024-02-29T23:59:59.999Z"),
        (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000Z"),
    ],
)
def test_times_are_written_in_utc(at_ns: int, text: str) -> None:
    assert utc(at_ns) == text
