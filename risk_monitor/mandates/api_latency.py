"""API latency: nearest-rank quantile of (reply's arrival − request's departure) over the replies that arrived within
the window, or over the last 20 if those are more: a venue that is seldom asked is judged by what it answered last."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque

from risk_monitor.agenda import Agenda, Job
from risk_monitor.alerts import Watch
from risk_monitor.watchtower import Watchtower

MIN_REPLIES = 20
MAX_REPLIES = 4_096
"""Beyond this many within the window the oldest are left out."""


class ApiLatency:
    """One venue. Late replies count: they arrived. While an alert is astir, the window is looked at as it empties."""

    def __init__(self, tower: Watchtower, venue: str, agenda: Agenda) -> None:
        kept = tower.limits.mandate("api_latency")
        self._venue = venue
        self._agenda = agenda
        self._window_ns = kept.window_ns if kept else 0
        self._quantile = kept.quantile if kept else 0.0
        self._replies: deque[tuple[int, int]] = deque()
        self._sorted_ns: list[int] = []
        self._ranked_count = 0  # of how many replies `_rank` is the quantile's rank
        self._rank = 0
        self._job = Job(self._look)
        self._watch: Watch | None = tower.watch("api_latency", venue, self._evidence)

    def answered(self, now_ns: int, departed_ns: int) -> None:
        """Latency does not ask whether the reply was a success."""

    def failed(self, now_ns: int, departed_ns: int) -> None:
        """A request without a reply has no latency; it is an outage's business."""

    def replied(self, now_ns: int, took_ns: int) -> None:
        if self._watch is None:
            return
        if len(self._replies) >= MAX_REPLIES:
            self._forget()
        self._replies.append((now_ns, took_ns))
        insort(self._sorted_ns, took_ns)
        self._look(now_ns)

    def _look(self, now_ns: int) -> None:
        watch = self._watch
        if watch is None:
            return
        replies = self._replies
        oldest_ns = now_ns - self._window_ns
        while len(replies) > MIN_REPLIES and replies[0][0] <= oldest_ns:
            self._forget()
        count = len(self._sorted_ns)
        if count < MIN_REPLIES:
            watch.lose_sight()
        else:
            if count != self._ranked_count:
                # Rounded first: 0.95 × 20 is rank 19, whichever way the product falls in binary.
                self._rank = math.ceil(round(self._quantile * count, 9))
                self._ranked_count = count
            watch.observe(now_ns, self._sorted_ns[self._rank - 1])
        if not watch.quiet and len(replies) > MIN_REPLIES:
            self._agenda.arm(self._job, replies[0][0] + self._window_ns)

    def _forget(self) -> None:
        _, latency_ns = self._replies.popleft()
        del self._sorted_ns[bisect_left(self._sorted_ns, latency_ns)]

    def _evidence(self) -> tuple[str, ...]:
        return (
            f"{self._venue} {len(self._sorted_ns)} replies within {self._window_ns // 1_000_000_000} s,"
            f" slowest {self._sorted_ns[-1] / 1e6:.0f} ms"
            if self._sorted_ns
            else f"{self._venue} no replies",
        )
