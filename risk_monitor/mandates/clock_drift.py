"""Clock drift: how far a venue's clock is from the monitor's.

Cristian, "Probabilistic clock synchronization", *Distributed Computing* 3 (1989): a reply's server time less the middle
of the request's departure and the reply's arrival estimates the difference, with an error of at most half the round
trip. An estimate that may err by more than the lowest bound tells nothing and is left out, as Cristian leaves it out;
the measure is the absolute median of those left among the last 5, and without any there is none. While the last one is
on the other side of a bound than the median, the venue is asked again soon: waiting for three readings at the pace of
a calm day would take longer than a breach may go untold.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from risk_monitor.alerts import Watch
from risk_monitor.timestamps import utc
from risk_monitor.watchtower import Watchtower

ESTIMATES = 5

_NS_PER_MS = 1_000_000
_HALF_MS_NS = 500_000


class _Reading(NamedTuple):
    """One answer of a venue's, and what it tells of its clock. Written out only where somebody asks for evidence."""

    server_ms: int
    departed_ns: int
    drift_ns: int
    error_ns: int


class ClockDrift:
    """One venue. Server times are whole ms, cut off: half a ms is added back."""

    __slots__ = ("_estimates_ns", "_last", "_venue", "_watch")

    def __init__(self, tower: Watchtower, venue: str) -> None:
        self._venue = venue
        self._estimates_ns: deque[int | None] = deque(maxlen=ESTIMATES)
        self._last = _Reading(0, 0, 0, 0)
        self._watch: Watch | None = tower.watch("clock_drift", venue, self._evidence)

    def told(self, now_ns: int, departed_ns: int, server_ms: int) -> bool:
        """A request that left at ``departed_ns`` was answered with the venue's time. Whether to ask again soon."""
        watch = self._watch
        if watch is None:
            return False
        error_ns = (now_ns - departed_ns) // 2
        drift_ns = server_ms * _NS_PER_MS + _HALF_MS_NS - (departed_ns + error_ns)
        is_known = error_ns <= watch.lowest
        self._estimates_ns.append(drift_ns if is_known else None)
        self._last = _Reading(server_ms, departed_ns, drift_ns, error_ns)
        known = sorted(drift_ns for drift_ns in self._estimates_ns if drift_ns is not None)
        if not known:
            watch.lose_sight()
            return False
        middle = len(known) // 2
        median_ns = known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) // 2
        watch.observe(now_ns, abs(median_ns))
        return is_known and any((abs(drift_ns) > rule.bound) != (abs(median_ns) > rule.bound) for rule in watch.alerts)

    def _evidence(self) -> tuple[str, ...]:
        server_ms, departed_ns, drift_ns, error_ns = self._last
        return (
            f"{self._venue} serverTime={server_ms} to the request that left at {utc(departed_ns)}:"
            f" {drift_ns / _NS_PER_MS:.1f} ms ± {error_ns / _NS_PER_MS:.1f} ms",
        )
