"""Failover storm: the order path is moved from exchange to exchange too often to be of use."""

from __future__ import annotations

from correlator.records import Action, Record
from correlator.truth.gauge import GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.watch import Watch
from correlator.truth.sliding import SlidingSum
from correlator.truth.stretch import Books, Stretch

ORDERS = "orders"


class FailoverStorm(Watch):
    """Failovers of the order path, as control actions that were taken, within ``window``."""

    mandate = "failover_storm"
    takes = (Action,)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        gauge = board.bound(self.mandate, ORDERS)
        self._sum = SlidingSum(gauge, self.window_ns) if gauge is not None else None

    def take(self, record: Record) -> None:
        assert isinstance(record, Action)
        if self._sum is not None and record.control == "failover" and record.state == "taken":
            self._sum.add(record.at_ns, 1.0, record.seq)

    def evaluate(self, stretch: Stretch) -> None:
        if self._sum is not None:
            self._sum.advance(int(stretch.ends[-1]) - 1)
