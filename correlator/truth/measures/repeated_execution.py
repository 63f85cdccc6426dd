"""Repeated execution: how often in a row an account has executed the same order, as a stuck strategy would."""

from __future__ import annotations

from collections import deque

from correlator.records import Fill, Order, Record
from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.watch import Watch
from correlator.truth.sliding import MOST_KEPT
from correlator.truth.stretch import Books, Stretch

_MOST_ORDERS = 65_536  # open orders of the firm whose quantity is remembered
_Kind = tuple[int, str, int]  # listing, side, quantity in lots


class _Row:
    """An account's latest row of executed orders that are all of one pair, side and quantity."""

    def __init__(self, gauge: Gauge, window_ns: int) -> None:
        self._gauge = gauge
        self._window_ns = window_ns
        self._kind: _Kind | None = None
        self._orders: dict[int, None] = {}  # those that were counted once, the earliest first
        self._first_fills: deque[int] = deque(maxlen=MOST_KEPT)

    def execute(self, at_ns: int, seq: int, order: int, kind: _Kind) -> None:
        """An order was filled, in part or whole."""
        self.advance(at_ns)
        if kind != self._kind:
            self._kind = kind
            self._first_fills.clear()
        elif order in self._orders:
            return
        if order not in self._orders:
            self._orders[order] = None
            if len(self._orders) > _MOST_ORDERS:
                del self._orders[next(iter(self._orders))]
            self._first_fills.append(at_ns)
        self._gauge.set(at_ns, float(len(self._first_fills)), seq)

    def advance(self, to_ns: int) -> None:
        """Let orders leave that were first filled before the window began."""
        while self._first_fills and (leaves_ns := self._first_fills[0] + self._window_ns) <= to_ns:
            self._first_fills.popleft()
            self._gauge.set(leaves_ns, float(len(self._first_fills)))


class RepeatedExecution(Watch):
    """Executed orders of one pair, side and quantity in a row with no other execution between, within ``window``.

    An order counts once, at its first fill, be the count begun anew since; its quantity is the one it was accepted
    with.
    """

    mandate = "repeated_execution"
    takes = (Order, Fill)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        self._rows: dict[tuple[str, str], _Row] = {}
        self._open: dict[tuple[str, int], _Kind] = {}

    def open_account(self, venue: str, account: str) -> None:
        gauge = self.board.bound_account(self.mandate, f"{venue}:{account}")
        if gauge is not None:
            self._rows[venue, account] = _Row(gauge, self.window_ns)

    def take(self, record: Record) -> None:
        if isinstance(record, Order):
            if record.event == "accepted" and (record.source, record.account) in self._rows:
                if len(self._open) >= _MOST_ORDERS:
                    del self._open[next(iter(self._open))]
                self._open[record.source, record.order_id] = (record.index, record.side, record.quantity_lots)
            elif record.event in ("cancelled", "expired"):
                self._open.pop((record.source, record.order_id), None)
            return
        assert isinstance(record, Fill)
        for account, order in (
            (record.taker_account, record.taker_order),
            (record.maker_account, record.maker_order),
        ):
            row = self._rows.get((record.source, account))
            kind = self._open.get((record.source, order))
            if row is not None and kind is not None:
                row.execute(record.at_ns, record.seq, order, kind)

    def evaluate(self, stretch: Stretch) -> None:
        for row in self._rows.values():
            row.advance(int(stretch.ends[-1]) - 1)
