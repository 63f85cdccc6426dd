"""Reconciliation confidence: how far what a venue shows has been borne out. It starts at 100 %; each account view that
shows a mismatch takes 20 points, each clean one adds 1, within 0 and 100 %."""

from __future__ import annotations

from risk_monitor.watchtower import Watchtower

FULL = 100
TAKEN = 20
ADDED = 1


class ReconciliationConfidence:
    """One exchange or custodian. The breach is a measure below its bound."""

    __slots__ = ("_points", "_venue", "_views", "_watch")

    def __init__(self, tower: Watchtower, venue: str) -> None:
        self._venue = venue
        self._points = FULL
        self._views = [0, 0]
        self._watch = tower.watch("reconciliation_confidence", venue, self._evidence)

    @property
    def is_kept(self) -> bool:
        return self._watch is not None

    def judged(self, now_ns: int, is_clean: bool) -> None:
        self._views[is_clean] += 1
        points = self._points + ADDED if is_clean else self._points - TAKEN
        self._points = min(max(points, 0), FULL)
        if self._watch is not None:
            self._watch.observe(now_ns, self._points / FULL)

    def _evidence(self) -> tuple[str, ...]:
        mismatched, clean = self._views
        return (f"{self._venue} {clean} account views agreed with their events, {mismatched} did not",)
