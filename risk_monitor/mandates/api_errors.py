"""API errors: share of the monitor's requests to a venue that failed (status ≥ 500, 403, 418, 429, or no reply in time)
among those that ended within ``window``, or among the last 20 if those are more."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.mandates.share import Share
from risk_monitor.timestamps import utc
from risk_monitor.watchtower import Watchtower

MIN_REQUESTS = 20


class ApiErrors:
    """One venue. A request without a reply ends when the monitor gives it up."""

    __slots__ = ("_share", "_venue")

    def __init__(self, tower: Watchtower, venue: str, agenda: Agenda) -> None:
        self._venue = venue
        of_what = f"requests to {venue} failed"
        self._share = Share(tower, "api_errors", venue, MIN_REQUESTS, of_what, agenda, keeps_latest=True)

    def replied(self, now_ns: int, took_ns: int) -> None:
        """Says nothing of success."""

    def answered(self, now_ns: int, departed_ns: int) -> None:
        self._share.ended(now_ns, False)

    def failed(self, now_ns: int, departed_ns: int) -> None:
        self._share.ended(now_ns, True, f"{self._venue} request that left at {utc(departed_ns)}")
