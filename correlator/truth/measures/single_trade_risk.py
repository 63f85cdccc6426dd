"""Single-trade risk: the largest share of the firm's equity that one order has put to work, per account."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

import msgspec

from correlator.records import Fill, Record
from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.valued import Waiting
from correlator.truth.measures.watch import Watch
from correlator.truth.shown.invented import InventedFill
from correlator.truth.stretch import Books, Stretch

_MOST_ORDERS = 65_536  # of an account, remembered with what they have traded so far


class _Traded(msgspec.Struct, frozen=True, gc=False):
    at_ns: int
    seq: int
    account: str
    order: int
    quote: str
    value: float  # in the quote asset


class _Orders:
    """An account's orders: what each has traded so far, and the shares of those with a fill within the window."""

    def __init__(self, gauge: Gauge, window_ns: int) -> None:
        self._gauge = gauge
        self._window_ns = window_ns
        self._traded: dict[int, float] = {}  # order → USD, the least recently filled first
        self._shares: dict[int, tuple[int, float]] = {}  # order → its last fill, its share of equity then
        self._sorted: list[float] = []
        self._fills: deque[tuple[int, int]] = deque()

    def fill(self, at_ns: int, seq: int, order: int, usd: float, equity: float) -> None:
        """An order traded."""
        self.advance(at_ns)
        total = self._traded.pop(order, 0.0) + usd
        self._traded[order] = total
        if len(self._traded) > _MOST_ORDERS:
            del self._traded[next(iter(self._traded))]
        self._drop(order)
        if equity > 0.0:
            share = total / equity
            self._shares[order] = (at_ns, share)
            insort(self._sorted, share)
            self._fills.append((at_ns, order))
        self._show(at_ns, seq)

    def advance(self, to_ns: int) -> None:
        """Let orders leave whose last fill is no longer within the window."""
        while self._fills and (leaves_ns := self._fills[0][0] + self._window_ns) <= to_ns:
            filled_ns, order = self._fills.popleft()
            if order in self._shares and self._shares[order][0] == filled_ns:
                self._drop(order)
                self._show(leaves_ns, 0)

    def _drop(self, order: int) -> None:
        known = self._shares.pop(order, None)
        if known is not None:
            del self._sorted[bisect_left(self._sorted, known[1])]

    def _show(self, at_ns: int, seq: int) -> None:
        self._gauge.set(at_ns, self._sorted[-1] if self._sorted else 0.0, seq)


class SingleTradeRisk(Watch):
    """Largest, over the orders with a fill within ``window``, of what the order traded ÷ equity at its last fill.

    What it traded is Σ quantity × price × mark of the quote asset over all its fills. Without equity there is no share.
    A fill that an exchange invented counts as one.
    """

    mandate = "single_trade_risk"
    takes = (Fill, InventedFill)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        self._accounts: dict[str, _Orders] = {}
        self._waiting: Waiting[_Traded] = Waiting()

    def open_account(self, venue: str, account: str) -> None:
        name = f"{venue}:{account}"
        gauge = self.board.bound_account(self.mandate, name)
        if gauge is not None:
            self._accounts[name] = _Orders(gauge, self.window_ns)

    def take(self, record: Record) -> None:
        if isinstance(record, InventedFill):
            name, quote = f"{record.source}:{record.account}", record.symbol.partition("/")[2]
            if name in self._accounts:
                self._waiting.add(_Traded(record.at_ns, record.seq, name, record.order_id, quote, record.amount))
            return
        assert isinstance(record, Fill)
        book = self.books.tape.find(record.source, record.index)
        if book is None:
            return
        value = book.value(record.price_ticks * record.quantity_lots)
        for account, order in (
            (record.taker_account, record.taker_order),
            (record.maker_account, record.maker_order),
        ):
            name = f"{record.source}:{account}"
            if name in self._accounts:
                self._waiting.add(_Traded(record.at_ns, record.seq, name, order, book.quote, value))

    def evaluate(self, stretch: Stretch) -> None:
        for place, traded in self._waiting.due(stretch):
            usd = traded.value * stretch.last_mark(traded.quote, place)
            equity = float(stretch.equity[place])
            self._accounts[traded.account].fill(traded.at_ns, traded.seq, traded.order, usd, equity)
        for orders in self._accounts.values():
            orders.advance(int(stretch.ends[-1]) - 1)
