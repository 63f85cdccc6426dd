"""API latency: how long a venue takes to answer the monitor, as a quantile over a sliding window."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque

from correlator.truth.gauge import Gauge

FEWEST_REPLIES = 20


class ApiLatency:
    """Nearest-rank ``quantile`` of (reply's arrival − request's departure) over replies that arrived within ``window``.

    Of the last 20 replies if those are more; undefined before there are so many. Bounded: at most ``_MOST_REPLIES`` are
    kept, the oldest leave early beyond that.
    """

    mandate = "api_latency"
    _MOST_REPLIES = 65_536

    def __init__(self, gauge: Gauge, window_ns: int, quantile: float) -> None:
        self._gauge = gauge
        self._window_ns = window_ns
        self._quantile = quantile
        self._bounds = [(rule.tracker, round(rule.tracker.bound * 1e9)) for rule in gauge.rules]
        self._arrived: deque[tuple[int, int]] = deque()  # arrival, latency
        self._sorted: list[int] = []
        self._ranks: dict[int, int] = {}  # of so many replies, which one is the quantile
        self._shown_ns = -1  # the quantile as last judged; -1: undefined

    def arrived(self, arrives_ns: int, departed_ns: int, seq: int) -> None:
        """A reply arrived; arrivals come in order."""
        arrived = self._arrived
        if len(arrived) > FEWEST_REPLIES and arrived[0][0] + self._window_ns <= arrives_ns:
            self.advance(arrives_ns)
        latency_ns = arrives_ns - departed_ns
        arrived.append((arrives_ns, latency_ns))
        insort(self._sorted, latency_ns)
        while len(arrived) > FEWEST_REPLIES and (
            arrived[0][0] + self._window_ns <= arrives_ns or len(arrived) > self._MOST_REPLIES
        ):
            self._forget()
        self._judge(arrives_ns, seq)

    def advance(self, to_ns: int) -> None:
        """Let replies leave the window that were in it before ``to_ns``, each at its time."""
        arrived = self._arrived
        while len(arrived) > FEWEST_REPLIES and (leaves_ns := arrived[0][0] + self._window_ns) <= to_ns:
            self._forget()
            self._judge(leaves_ns, 0)

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        self.advance(at_ns)
        for rule in self._gauge.rules:
            rule.tracker.finish(at_ns)

    def _forget(self) -> None:
        _, latency_ns = self._arrived.popleft()
        del self._sorted[bisect_left(self._sorted, latency_ns)]

    def _judge(self, at_ns: int, seq: int) -> None:
        count = len(self._sorted)
        if count < FEWEST_REPLIES:
            return
        rank = self._ranks.get(count)
        if rank is None:
            # Rounded first, so that 0.95 × 20 is rank 19 however the product falls out.
            rank = self._ranks[count] = max(1, math.ceil(round(self._quantile * count, 9)))
        latency_ns = self._sorted[rank - 1]
        if latency_ns == self._shown_ns:
            return  # most replies leave the quantile where it was
        self._shown_ns = latency_ns
        self._gauge.envelope.add(at_ns, latency_ns / 1e9)
        for tracker, bound_ns in self._bounds:
            if latency_ns > bound_ns:
                tracker.begin(at_ns, seq, latency_ns / 1e9)
            else:
                tracker.end(at_ns)
