"""Message rate: how the firm's order traffic at an exchange compares with the busiest minute it has had there."""

from __future__ import annotations

from collections import deque

from correlator.records import Order, Record
from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.watch import Watch
from correlator.truth.sliding import SlidingTimes
from correlator.truth.stretch import Books, Stretch

MINUTE_NS = 60_000_000_000
SMALLEST_PEAK = 60
"""Orders a minute below which a peak is no measure of anything."""


class _Exchange:
    """One exchange: the last minute, and the largest full UTC minute that was over when that began."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._start_ns = gauge.envelope.buckets.start_ns
        self._minute = SlidingTimes(MINUTE_NS)
        self._peak = 0
        self._current_ns = 0  # when the full minute began in which the last order came
        self._current = 0  # how many came in it
        self._over: deque[tuple[int, int]] = deque()  # (when a full minute begins to count as a peak, its number)

    def operate(self, at_ns: int, seq: int) -> None:
        """An order was accepted or cancelled."""
        self.advance(at_ns)
        begins_ns = at_ns - at_ns % MINUTE_NS
        if begins_ns != self._current_ns:
            self._turn(at_ns, begins_ns)
        self._current += 1
        self._minute.add(at_ns)
        self._show(at_ns, seq)

    def _turn(self, at_ns: int, begins_ns: int) -> None:
        """Another full minute has begun; the one before may become the peak."""
        counts_ns = self._current_ns + 2 * MINUTE_NS
        if self._current_ns > self._start_ns:
            if counts_ns <= at_ns:  # by then nothing was left in the last minute: no ratio changed
                self._peak = max(self._peak, self._current)
            else:
                self._over.append((counts_ns, self._current))
        self._current_ns, self._current = begins_ns, 0

    def advance(self, to_ns: int) -> None:
        """Let orders leave the last minute, and full minutes become peaks, each at its time."""
        while True:
            leaves_ns = self._minute.leaves_ns
            counts_ns = self._over[0][0] if self._over else None
            if counts_ns is not None and counts_ns <= (to_ns if leaves_ns is None else min(leaves_ns, to_ns)):
                self._peak = max(self._peak, self._over.popleft()[1])
                self._show(counts_ns, 0)
            elif leaves_ns is not None and leaves_ns <= to_ns:
                self._minute.leave()
                self._show(leaves_ns, 0)
            else:
                return

    def _show(self, at_ns: int, seq: int) -> None:
        self._gauge.set(at_ns, len(self._minute) / max(self._peak, SMALLEST_PEAK), seq)


class MessageRate(Watch):
    """Orders accepted and cancelled of all the firm's accounts within the last minute ÷ max(the largest number in any
    full UTC minute that began after the start and was over before that last minute began, 60)."""

    mandate = "message_rate"
    takes = (Order,)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        self._exchanges: dict[str, _Exchange | None] = {}

    def open_account(self, venue: str, account: str) -> None:
        if venue not in self._exchanges:
            gauge = self.board.bound(self.mandate, venue)
            self._exchanges[venue] = _Exchange(gauge) if gauge is not None else None

    def take(self, record: Record) -> None:
        assert isinstance(record, Order)
        exchange = self._exchanges.get(record.source)
        if exchange is None or record.event not in ("accepted", "cancelled"):
            return
        if self.is_firms(record.source, record.account):
            exchange.operate(record.at_ns, record.seq)

    def evaluate(self, stretch: Stretch) -> None:
        for exchange in self._exchanges.values():
            if exchange is not None:
                exchange.advance(int(stretch.ends[-1]) - 1)
