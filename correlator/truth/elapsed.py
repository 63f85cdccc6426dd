"""Elapsed: a measure that is the time since something, while it lasts; time alone moves it."""

from __future__ import annotations

from correlator.truth.gauge import Gauge


class Elapsed:
    """now − ``since`` while it runs, 0 while it does not. Calls do not go back in time."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._since_ns: int | None = None
        self._known_ns = 0
        self._seq = 0
        self._drawn_ns = 0

    @property
    def runs(self) -> bool:
        return self._since_ns is not None

    def begin(self, since_ns: int, known_ns: int, seq: int = 0) -> None:
        """It runs since ``since_ns``, which is known from ``known_ns`` on. Nothing changes if it runs already."""
        if self._since_ns is not None:
            return
        self._since_ns, self._known_ns, self._seq = since_ns, known_ns, seq
        self._drawn_ns = max(since_ns, known_ns)
        self._gauge.envelope.add(self._drawn_ns, (self._drawn_ns - since_ns) / 1e9)

    def end(self, at_ns: int) -> None:
        """It runs no more."""
        if self._since_ns is None:
            return
        self.finish(at_ns)
        self._since_ns = None
        self._gauge.envelope.add(max(at_ns, self._drawn_ns), 0.0)
        for rule in self._gauge.rules:
            rule.tracker.end(at_ns)

    def advance(self, to_ns: int) -> None:
        """Let time pass. What is drawn does not depend on how often this is called: a point every so long since it
        began to run."""
        since_ns = self._since_ns
        if since_ns is None:
            return
        envelope = self._gauge.envelope
        for at_ns in range(self._drawn_ns + envelope.buckets.width_ns, to_ns + 1, envelope.buckets.width_ns):
            envelope.add(at_ns, (at_ns - since_ns) / 1e9)
            self._drawn_ns = at_ns
        for rule in self._gauge.rules:
            begins_ns = max(since_ns + round(rule.tracker.bound * 1e9), self._known_ns)
            if to_ns > begins_ns:
                rule.tracker.begin(begins_ns, self._seq, (to_ns - since_ns) / 1e9)

    def finish(self, at_ns: int) -> None:
        """It runs no longer than this, or is not seen to: the last point is drawn too."""
        self.advance(at_ns)
        if self._since_ns is not None and at_ns > self._drawn_ns:
            self._drawn_ns = at_ns
            self._gauge.envelope.add(at_ns, (at_ns - self._since_ns) / 1e9)
