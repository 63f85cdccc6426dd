"""Slippage: how much worse the firm's orders are filled than its model of the market says, as a multiple.

Realised is what a taker pays beyond the mid that stood when its order was accepted; modelled is half the spread, more
by as much as the order is larger than what stands at the best opposite price.
"""

from __future__ import annotations

from collections import deque

import msgspec

from correlator.records import Fill, Order, Record
from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.valued import Waiting
from correlator.truth.measures.watch import Watch
from correlator.truth.sliding import MOST_KEPT
from correlator.truth.stretch import Books, Stretch

FEWEST_ORDERS = 5
_MOST_ACCEPTED = 1_024  # orders just accepted: what takes does so at once, at the moment of its acceptance


class _Taking(msgspec.Struct, gc=False):
    """An order that took: what it found when it was accepted, and what it has taken since."""

    at_ns: int
    seq: int
    account: str
    quote: str
    side: int
    mid_ticks: float
    half_spread_ticks: float
    opposite_lots: int
    lots: int = 0
    ticks_lots: int = 0
    value: float = 0.0  # in the quote asset

    def realised(self) -> float:
        """What it paid beyond the mid, as a fraction of it."""
        return self.side * (self.ticks_lots / self.lots - self.mid_ticks) / self.mid_ticks

    def modelled(self) -> float:
        """What the model says it should have paid beyond the mid, as a fraction of it."""
        return self.half_spread_ticks / self.mid_ticks * (1.0 + self.lots / self.opposite_lots)


class _Orders:
    """An account's taker orders within the window."""

    def __init__(self, gauge: Gauge, window_ns: int) -> None:
        self._gauge = gauge
        self._window_ns = window_ns
        self._entries: deque[tuple[int, float, float]] = deque()
        self._realised = 0.0
        self._modelled = 0.0

    def add(self, at_ns: int, seq: int, realised_usd: float, modelled_usd: float) -> None:
        self.advance(at_ns)
        if len(self._entries) >= MOST_KEPT:
            self._forget()
        self._entries.append((at_ns, realised_usd, modelled_usd))
        self._realised += realised_usd
        self._modelled += modelled_usd
        self._show(at_ns, seq)

    def advance(self, to_ns: int) -> None:
        while self._entries and (leaves_ns := self._entries[0][0] + self._window_ns) <= to_ns:
            self._forget()
            self._show(leaves_ns, 0)

    def _forget(self) -> None:
        _, realised, modelled = self._entries.popleft()
        self._realised = self._realised - realised if self._entries else 0.0
        self._modelled = self._modelled - modelled if self._entries else 0.0

    def _show(self, at_ns: int, seq: int) -> None:
        known = len(self._entries) >= FEWEST_ORDERS and self._modelled > 0.0
        self._gauge.set(at_ns, self._realised / self._modelled if known else float("nan"), seq)


class Slippage(Watch):
    """Σ value × realised ÷ Σ value × modelled over the taker orders within ``window``, at least 5, per account.

    Of an order only what it took counts, at the moment it was accepted; what it did as a maker later does not. An order
    that found no mid, or nothing on the other side, says nothing.
    """

    mandate = "slippage"
    takes = (Order, Fill)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        self._accounts: dict[str, _Orders] = {}
        self._accepted: dict[tuple[str, int], _Taking] = {}
        self._waiting: Waiting[_Taking] = Waiting()

    def open_account(self, venue: str, account: str) -> None:
        name = f"{venue}:{account}"
        gauge = self.board.bound_account(self.mandate, name)
        if gauge is not None:
            self._accounts[name] = _Orders(gauge, self.window_ns)

    def take(self, record: Record) -> None:
        if isinstance(record, Order):
            if record.event == "accepted" and f"{record.source}:{record.account}" in self._accounts:
                self._accept(record)
            return
        assert isinstance(record, Fill)
        taking = self._accepted.get((record.source, record.taker_order))
        book = self.books.tape.find(record.source, record.index)
        if taking is None or book is None or record.at_ns != taking.at_ns:
            return
        if not taking.lots:
            self._waiting.add(taking)
        taking.lots += record.quantity_lots
        taking.ticks_lots += record.price_ticks * record.quantity_lots
        taking.value += book.value(record.price_ticks * record.quantity_lots)

    def _accept(self, record: Order) -> None:
        book = self.books.tape.find(record.source, record.index)
        quote = self.books.tape.last_quote(record.source, record.index)
        if book is None or quote is None or not (quote.bid_lots and quote.ask_lots):
            return
        is_buy = record.side == "buy"
        if len(self._accepted) >= _MOST_ACCEPTED:
            del self._accepted[next(iter(self._accepted))]
        self._accepted[record.source, record.order_id] = _Taking(
            record.at_ns,
            record.seq,
            f"{record.source}:{record.account}",
            book.quote,
            1 if is_buy else -1,
            (quote.bid_ticks + quote.ask_ticks) / 2.0,
            (quote.ask_ticks - quote.bid_ticks) / 2.0,
            quote.ask_lots if is_buy else quote.bid_lots,
        )

    def evaluate(self, stretch: Stretch) -> None:
        for place, taking in self._waiting.due(stretch):
            usd = taking.value * stretch.last_mark(taking.quote, place)
            self._accounts[taking.account].add(
                taking.at_ns, taking.seq, usd * taking.realised(), usd * taking.modelled()
            )
        for orders in self._accounts.values():
            orders.advance(int(stretch.ends[-1]) - 1)
