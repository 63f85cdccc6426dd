"""Reconciliation confidence: how far a venue's account views have lately been such as they must be."""

from __future__ import annotations

from correlator.truth.gauge import Gauge

LOST = 20
REGAINED = 1
FULL = 100


class ReconciliationConfidence:
    """Starts at 100 %; each account view that shows a mismatch takes 20 points, each clean one adds 1."""

    mandate = "reconciliation_confidence"

    def __init__(self, gauge: Gauge, start_ns: int) -> None:
        self._gauge = gauge
        self._points = FULL
        gauge.set(start_ns, 1.0)

    def compared(self, at_ns: int, seq: int, *, is_clean: bool) -> None:
        """A view was compared with what it must show."""
        before = self._points
        self._points = min(FULL, before + REGAINED) if is_clean else max(0, before - LOST)
        if self._points != before:
            self._gauge.set(at_ns, self._points / FULL, seq)
