"""Clock drift: how far a venue's clock and the monitor's are apart."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from correlator.records import Clock, Record
from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.truth.intervals import BreachTracker
from correlator.truth.ledger import Ledger
from correlator.truth.measures.watch import Watch
from correlator.truth.stretch import Books, Stretch

MONITOR = "monitor"


class _Course(msgspec.Struct, frozen=True, gc=False):
    """How a clock goes: its offset from true time at a moment, and how that grows, ns per ns."""

    since_ns: int = 0
    offset_ns: int = 0
    rate: float = 0.0

    def at(self, at_ns: int) -> float:
        """Its offset from true time, ns."""
        return self.offset_ns + self.rate * (at_ns - self.since_ns)


class _Difference:
    """One venue's clock against the monitor's, between two changes of either: a straight line."""

    def __init__(self, gauge: Gauge, start_ns: int) -> None:
        self._gauge = gauge
        self._from_ns = start_ns
        self._seq = 0
        self.venue = _Course()

    def advance(self, to_ns: int, monitor: _Course) -> None:
        """Let both clocks go on to ``to_ns``, as they have gone since the last change."""
        from_ns = self._from_ns
        if to_ns <= from_ns:
            return
        self._from_ns = to_ns
        begins = (self.venue.at(from_ns) - monitor.at(from_ns)) / 1e9
        slope = (self.venue.rate - monitor.rate) / 1e9
        ends = begins + slope * (to_ns - from_ns)
        self._draw(from_ns, to_ns, begins, slope)
        for rule in self._gauge.rules:
            for tracker in rule.trackers:
                self._judge(tracker, from_ns, to_ns, begins, slope, max(abs(begins), abs(ends)))

    def changed(self, seq: int) -> None:
        """A clock goes another way from now on."""
        self._seq = seq

    def _judge(
        self, tracker: BreachTracker, from_ns: int, to_ns: int, begins: float, slope: float, peak: float
    ) -> None:
        crossings = [from_ns, to_ns]
        for threshold in (tracker.threshold, -tracker.threshold):
            if slope and from_ns < (at_ns := from_ns + round((threshold - begins) / slope)) < to_ns:
                crossings.append(at_ns)
        crossings.sort()
        for one_ns, other_ns in pairwise(crossings):
            middle = begins + slope * ((one_ns + other_ns) / 2 - from_ns)
            if abs(middle) > tracker.threshold:
                tracker.begin(one_ns, self._seq, peak)
            elif other_ns > one_ns:
                tracker.end(one_ns)

    def _draw(self, from_ns: int, to_ns: int, begins: float, slope: float) -> None:
        envelope = self._gauge.envelope
        for at_ns in (*range(from_ns, to_ns, envelope.buckets.width_ns), to_ns):
            envelope.add(at_ns, abs(begins + slope * (at_ns - from_ns)))


class ClockDrift(Watch):
    """|clock of the venue − clock of the monitor|, per venue that tells its time."""

    mandate = "clock_drift"
    takes = (Clock,)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        self._differences: dict[str, _Difference | None] = {}
        self._monitor = _Course()

    def enlist(self, venue: str, symbol: str) -> None:
        self._difference(venue)

    def _difference(self, venue: str) -> _Difference | None:
        if venue not in self._differences:
            gauge = self.board.bound(self.mandate, venue)
            start_ns = self.board.buckets.start_ns
            self._differences[venue] = _Difference(gauge, start_ns) if gauge is not None else None
        return self._differences[venue]

    def take(self, record: Record) -> None:
        assert isinstance(record, Clock)
        course = _Course(record.at_ns, record.offset_ns, record.drift_ppb / 1e9)
        if record.source == MONITOR:
            self._advance(record.at_ns)
            self._monitor = course
            for difference in self._differences.values():
                if difference is not None:
                    difference.changed(record.seq)
            return
        difference = self._difference(record.source)
        if difference is not None:
            difference.advance(record.at_ns, self._monitor)
            difference.venue = course
            difference.changed(record.seq)

    def _advance(self, to_ns: int) -> None:
        for difference in self._differences.values():
            if difference is not None:
                difference.advance(to_ns, self._monitor)

    def evaluate(self, stretch: Stretch) -> None:
        self._advance(int(stretch.ends[-1]) - 1)
