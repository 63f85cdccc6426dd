"""Sequence gap: an update of the book that was never shown. Frames of a pair's depth stream, within ``window``, whose
first update id is not the last one's plus 1 (on one connection)."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.mandates.recent import Recent
from risk_monitor.watchtower import Watchtower


class SequenceGap:
    """One pair at one exchange. While the stream is not open, more may be missed than is seen."""

    __slots__ = ("_last_id", "_name", "_recent")

    def __init__(self, tower: Watchtower, venue: str, pair: str, stream: str, agenda: Agenda) -> None:
        self._recent = Recent(tower, "sequence_gap", f"{venue}:{pair}", agenda)
        self._name = f"{venue} stream {stream}"
        self._last_id = -1

    @property
    def is_kept(self) -> bool:
        return self._recent.is_kept

    def opened(self, now_ns: int) -> None:
        """A new connection begins anywhere."""
        self._last_id = -1
        self._recent.regain(now_ns)

    def closed(self) -> None:
        self._recent.lose_sight()

    def told(self, now_ns: int, first_id: int, last_id: int) -> None:
        """A frame covers the updates from ``first_id`` to ``last_id``."""
        if self._last_id >= 0 and first_id != self._last_id + 1:
            self._recent.happened(now_ns, f"{self._name} U={first_id} after u={self._last_id}")
        self._last_id = last_id
