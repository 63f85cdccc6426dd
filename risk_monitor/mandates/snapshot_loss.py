"""Snapshot loss: share of book snapshots (``GET depth``) that did not come within ``window``, or of the last 10 if
those are more."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.mandates.share import Share
from risk_monitor.timestamps import utc
from risk_monitor.watchtower import Watchtower

MIN_SNAPSHOTS = 10


class SnapshotLoss:
    """One exchange. A snapshot that cannot be read is as lost as one that did not come."""

    __slots__ = ("_share", "_venue")

    def __init__(self, tower: Watchtower, venue: str, agenda: Agenda) -> None:
        self._venue = venue
        of_what = f"book snapshots of {venue} lost"
        self._share = Share(tower, "snapshot_loss", venue, MIN_SNAPSHOTS, of_what, agenda, keeps_latest=True)

    @property
    def is_kept(self) -> bool:
        return self._share.is_kept

    def came(self, now_ns: int) -> None:
        self._share.ended(now_ns, False)

    def lost(self, now_ns: int) -> None:
        self._share.ended(now_ns, True, f"{self._venue} GET /api/v3/depth without a usable reply at {utc(now_ns)}")
