"""API outage: time since the departure of the first failed request after the last successful one. Failed: status ≥ 500,
403, 418 or 429, or no reply before the client's timeout."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.alerts import Watch
from risk_monitor.mandates.elapsed import Elapsed
from risk_monitor.timestamps import utc
from risk_monitor.watchtower import Watchtower


class ApiOutage:
    """One venue. Requests are ordered by departure: a success that left before a failure does not end the outage."""

    def __init__(self, tower: Watchtower, venue: str, agenda: Agenda) -> None:
        self._venue = venue
        self._answered_ns = -1
        self._first_failed_ns = -1
        self._last_failed_ns = -1
        self._watch: Watch | None = tower.watch("api_outage", venue, self._evidence)
        self._elapsed = Elapsed(self._watch, agenda) if self._watch else None

    def replied(self, now_ns: int, took_ns: int) -> None:
        """Says nothing of success."""

    def answered(self, now_ns: int, departed_ns: int) -> None:
        self._answered_ns = max(self._answered_ns, departed_ns)
        if self._elapsed is None or self._watch is None:
            return
        if self._watch.value is None or 0 <= self._first_failed_ns < departed_ns:
            # Of the failures that left later than this success only the last is still known.
            later = self._last_failed_ns > departed_ns
            self._first_failed_ns = self._last_failed_ns if later else -1
            self._elapsed.restart(now_ns, self._first_failed_ns if later else None)

    def failed(self, now_ns: int, departed_ns: int) -> None:
        if departed_ns <= self._answered_ns:
            return
        self._last_failed_ns = max(self._last_failed_ns, departed_ns)
        if self._first_failed_ns < 0 or departed_ns < self._first_failed_ns:
            self._first_failed_ns = departed_ns
        if self._elapsed is not None:
            self._elapsed.restart(now_ns, self._first_failed_ns)

    def _evidence(self) -> tuple[str, ...]:
        if self._first_failed_ns < 0:
            return (f"{self._venue} answered the request that left at {utc(self._answered_ns)}",)
        answered = utc(self._answered_ns) if self._answered_ns >= 0 else "never"
        return (
            f"{self._venue} request that left at {utc(self._first_failed_ns)} failed",
            f"{self._venue} request that left at {utc(self._last_failed_ns)} failed",
            f"{self._venue} last answered the request that left at {answered}",
        )
