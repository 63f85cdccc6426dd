"""Instrument whitelist: what the firm traded that it may not trade at all, in USD."""

from __future__ import annotations

import msgspec

from correlator.records import Fill, Record
from correlator.truth.gauge import GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.valued import Waiting
from correlator.truth.measures.watch import Watch
from correlator.truth.shown.invented import InventedFill
from correlator.truth.sliding import SlidingSum
from correlator.truth.stretch import Books, Stretch


class _Traded(msgspec.Struct, frozen=True, gc=False):
    at_ns: int
    seq: int
    symbol: str
    quote: str
    value: float  # in the quote asset


class InstrumentWhitelist(Watch):
    """Σ quantity × price × mark of the quote asset over the firm's fills within ``window``, per pair not whitelisted.

    Where the firm traded with itself, both sides are fills of its own. A fill that an exchange invented counts as one.
    """

    mandate = "instrument_whitelist"
    takes = (Fill, InventedFill)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        self._allowed = frozenset(board.limits.whitelist)
        self._sums: dict[str, SlidingSum | None] = {}
        self._waiting: Waiting[_Traded] = Waiting()

    def enlist(self, venue: str, symbol: str) -> None:
        if symbol in self._allowed or symbol in self._sums:
            return
        gauge = self.board.bound(self.mandate, symbol)
        self._sums[symbol] = SlidingSum(gauge, self.window_ns) if gauge is not None else None

    def take(self, record: Record) -> None:
        if isinstance(record, InventedFill):
            if self._sums.get(record.symbol) is not None:
                quote = record.symbol.partition("/")[2]
                self._waiting.add(_Traded(record.at_ns, record.seq, record.symbol, quote, record.amount))
            return
        assert isinstance(record, Fill)
        book = self.books.tape.find(record.source, record.index)
        if book is None or self._sums.get(book.symbol) is None:
            return
        sides = (record.taker_account, record.maker_account)
        own = sum(self.is_firms(record.source, account) for account in sides)
        if own:
            value = own * book.value(record.price_ticks * record.quantity_lots)
            self._waiting.add(_Traded(record.at_ns, record.seq, book.symbol, book.quote, value))

    def evaluate(self, stretch: Stretch) -> None:
        for place, traded in self._waiting.due(stretch):
            total = self._sums[traded.symbol]
            if total is not None:
                usd = traded.value * stretch.last_mark(traded.quote, place)
                total.add(traded.at_ns, usd, traded.seq)
        for total in self._sums.values():
            if total is not None:
                total.advance(int(stretch.ends[-1]) - 1)
