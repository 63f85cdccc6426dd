"""Feed staleness: how long ago the monitor was last reached by a feed's data.

Until it first was, the time since the start.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from correlator.truth.gauge import Gauge
from correlator.truth.intervals import Times


class Arrived(Protocol):
    """A record of something that arrives: a push, a reply."""

    @property
    def seq(self) -> int: ...

    @property
    def arrives_ns(self) -> int: ...


class Feed:
    """One feed of the monitor.

    ``arrivals`` is always the same list: what is to reach the monitor is put there from outside and taken out by
    ``settle``. What never arrives (``arrives_ns`` 0) reaches nobody.
    """

    mandate = "feed_staleness"

    __slots__ = ("_gauge", "_last_ns", "_last_seq", "arrivals")

    def __init__(self, gauge: Gauge, start_ns: int) -> None:
        self._gauge = gauge
        self._last_ns = start_ns
        self._last_seq = 0
        self.arrivals: list[Arrived] = []

    def settle(self, known_ns: int) -> None:
        """Compute the silences up to ``known_ns``, the time of the last record read; later arrivals wait."""
        arrivals = self.arrivals
        if not arrivals:
            return
        times = np.fromiter([arrived.arrives_ns for arrived in arrivals], np.int64, len(arrivals))
        if not times.all():
            arrivals[:] = [arrived for arrived in arrivals if arrived.arrives_ns]
            times = times[times > 0]
        if (times[1:] < times[:-1]).any():  # two streams carry one pair, or replies overtake each other
            arrivals.sort(key=lambda arrived: arrived.arrives_ns)
            times.sort()
        count = int(np.searchsorted(times, known_ns, side="right"))
        if not count:
            return
        reached = np.concatenate(([self._last_ns], times[:count]))
        silences = reached[1:] - reached[:-1]
        self._judge(reached, silences)
        self._draw(reached, silences)
        self._last_ns, self._last_seq = int(reached[-1]), arrivals[count - 1].seq
        del arrivals[:count]

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        self.settle(at_ns)
        silent_ns = at_ns - self._last_ns
        if silent_ns > 0:
            self._draw(np.array([self._last_ns, at_ns], np.int64), np.array([silent_ns], np.int64))
        for rule in self._gauge.rules:
            bound_ns = round(rule.tracker.bound * 1e9)
            if silent_ns > bound_ns:
                rule.tracker.begin(self._last_ns + bound_ns, self._last_seq, silent_ns / 1e9)
                rule.tracker.finish(at_ns)

    def _judge(self, reached: Times, silences: Times) -> None:
        longest_ns = int(silences.max())
        for rule in self._gauge.rules:
            bound_ns = round(rule.tracker.bound * 1e9)
            if longest_ns <= bound_ns:
                continue
            for place in np.flatnonzero(silences > bound_ns).tolist():
                since_ns = int(reached[place])
                rule.tracker.begin(since_ns + bound_ns, self._seq_of(since_ns), int(silences[place]) / 1e9)
                rule.tracker.end(int(reached[place + 1]))

    def _draw(self, reached: Times, silences: Times) -> None:
        """Put the silences into the envelope: each when it ends and, if it outlasts a stretch of that, as it grows."""
        envelope = self._gauge.envelope
        width_ns = envelope.buckets.width_ns
        times, values = [reached[1:]], [silences]
        for place in np.flatnonzero(silences > width_ns).tolist():
            during = np.arange(reached[place] + width_ns, reached[place + 1], width_ns)
            times.append(during)
            values.append(during - reached[place])
        every, silent = np.concatenate(times), np.concatenate(values)
        if len(times) > 1:
            order = np.argsort(every, kind="stable")
            every, silent = every[order], silent[order]
        envelope.update(silent / 1e9, envelope.buckets.edges(every))

    def _seq_of(self, arrives_ns: int) -> int:
        """The last record that had arrived by then."""
        return next(
            (arrived.seq for arrived in reversed(self.arrivals) if arrived.arrives_ns <= arrives_ns), self._last_seq
        )
