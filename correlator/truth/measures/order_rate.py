"""Order rate: how many times as busy an account is as it was over the hour before."""

from __future__ import annotations

from correlator.records import Order, Record
from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.watch import Watch
from correlator.truth.sliding import SlidingTimes
from correlator.truth.stretch import Books, Stretch

MINUTE_NS = 60_000_000_000
HOUR_MINUTES = 60
QUIETEST = 10.0
"""Orders a minute below which a baseline is no measure of anything."""


class _Account:
    """One account's orders: those of the last minute, and those of the hour before it."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._minute = SlidingTimes(MINUTE_NS)
        self._hour = SlidingTimes((1 + HOUR_MINUTES) * MINUTE_NS)

    def operate(self, at_ns: int, seq: int) -> None:
        """An order was accepted or cancelled."""
        self.advance(at_ns)
        self._minute.add(at_ns)
        self._show(at_ns, seq)

    def advance(self, to_ns: int) -> None:
        """Let orders grow older: out of the minute into the hour, and out of that."""
        minute, hour = self._minute, self._hour
        while True:
            from_minute_ns, from_hour_ns = minute.leaves_ns, hour.leaves_ns
            if from_hour_ns is not None and from_hour_ns <= (
                to_ns if from_minute_ns is None else min(from_minute_ns, to_ns)
            ):
                hour.leave()
                self._show(from_hour_ns, 0)
            elif from_minute_ns is not None and from_minute_ns <= to_ns:
                hour.add(minute.leave())
                self._show(from_minute_ns, 0)
            else:
                return

    def _show(self, at_ns: int, seq: int) -> None:
        self._gauge.set(at_ns, len(self._minute) / max(len(self._hour) / HOUR_MINUTES, QUIETEST), seq)


class OrderRate(Watch):
    """Orders accepted and cancelled within the last minute ÷ max(their mean per minute over the hour before, 10)."""

    mandate = "order_rate"
    takes = (Order,)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        self._accounts: dict[tuple[str, str], _Account] = {}

    def open_account(self, venue: str, account: str) -> None:
        gauge = self.board.bound_account(self.mandate, f"{venue}:{account}")
        if gauge is not None:
            self._accounts[venue, account] = _Account(gauge)

    def take(self, record: Record) -> None:
        assert isinstance(record, Order)
        account = self._accounts.get((record.source, record.account))
        if account is not None and record.event in ("accepted", "cancelled"):
            account.operate(record.at_ns, record.seq)

    def evaluate(self, stretch: Stretch) -> None:
        for account in self._accounts.values():
            account.advance(int(stretch.ends[-1]) - 1)
