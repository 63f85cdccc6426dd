"""Order rejects: how many of a strategy's requests the venues refuse, as a fraction of those they answer."""

from __future__ import annotations

from collections import deque

from correlator.records import Intent, Order, Record
from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.watch import Watch
from correlator.truth.own_orders import OwnOrders
from correlator.truth.sliding import MOST_KEPT
from correlator.truth.stretch import Books, Stretch

FEWEST_ANSWERS = 10

_REFUSED = {"accepted": False, "cancelled": False, "rejected": True, "cancel_rejected": True}


class _Strategy:
    """A strategy's answered requests within the window."""

    def __init__(self, gauge: Gauge, window_ns: int) -> None:
        self._gauge = gauge
        self._window_ns = window_ns
        self._answers: deque[tuple[int, bool]] = deque()
        self._refused = 0

    def answer(self, at_ns: int, seq: int, is_refused: bool) -> None:
        self.advance(at_ns)
        if len(self._answers) >= MOST_KEPT:
            self._forget()
        self._answers.append((at_ns, is_refused))
        self._refused += is_refused
        self._show(at_ns, seq)

    def advance(self, to_ns: int) -> None:
        while self._answers and (leaves_ns := self._answers[0][0] + self._window_ns) <= to_ns:
            self._forget()
            self._show(leaves_ns, 0)

    def _forget(self) -> None:
        self._refused -= self._answers.popleft()[1]

    def _show(self, at_ns: int, seq: int) -> None:
        count = len(self._answers)
        self._gauge.set(at_ns, self._refused / count if count >= FEWEST_ANSWERS else float("nan"), seq)


class OrderRejects(Watch):
    """Refused ÷ answered over the strategy's requests that a venue answered within ``window``, at least 10.

    A strategy's orders are those that the gateway sent on for it; an order is answered when the venue accepts or
    refuses it, its cancel when it is cancelled or the venue refuses that.
    """

    mandate = "order_rejects"
    takes = (Intent, Order)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        self._own = OwnOrders()
        self._strategies: dict[str, _Strategy | None] = {}

    def take(self, record: Record) -> None:
        if isinstance(record, Intent):
            self._own.take(record)
            if record.strategy and record.strategy not in self._strategies:
                gauge = self.board.bound(self.mandate, record.strategy)
                self._strategies[record.strategy] = _Strategy(gauge, self.window_ns) if gauge is not None else None
            return
        assert isinstance(record, Order)
        is_refused = _REFUSED.get(record.event)
        if is_refused is None:
            return
        name = (record.source, record.account, record.client_order_id)
        sender = self._own.strategy(*name)
        strategy = None if sender is None else self._strategies.get(sender)
        if strategy is not None:
            if record.event in ("rejected", "cancelled"):  # a cancel that a wire has doubled is refused for nothing
                self._own.forget(*name)
            strategy.answer(record.at_ns, record.seq, is_refused)

    def evaluate(self, stretch: Stretch) -> None:
        for strategy in self._strategies.values():
            if strategy is not None:
                strategy.advance(int(stretch.ends[-1]) - 1)
