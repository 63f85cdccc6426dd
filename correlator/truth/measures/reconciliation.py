"""Reconciliation: whether the balances that venues show are those that follow from what they have shown before."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.truth.measures.reconciliation_confidence import ReconciliationConfidence

_ZERO = Decimal(0)
Mark = Callable[[str, int], float]
"""The mark of an asset at a moment, from quotes shown by then; NaN if there is none."""


class Reconciliation:
    """|balance shown − balance that follows| × mark when it was found, per ``venue:asset``, over the venue's accounts.

    Each account counts with what its last view that was compared had shown.
    """

    mandate = "reconciliation"

    def __init__(self, board: GaugeBoard, venue: str, mark: Mark, start_ns: int) -> None:
        self._board = board
        self._venue = venue
        self._mark = mark
        self._gauges: dict[str, Gauge | None] = {}
        self._differences: dict[str, dict[str, Decimal]] = {}  # account → asset → amount
        self.confidence: ReconciliationConfidence | None = None
        gauge = board.bound(ReconciliationConfidence.mandate, venue)
        if gauge is not None:
            self.confidence = ReconciliationConfidence(gauge, start_ns)

    def compared(self, at_ns: int, seq: int, account: str, difference: dict[str, Decimal]) -> None:
        """A view of an account was compared with its running balance."""
        if self.confidence is not None:
            self.confidence.compared(at_ns, seq, is_clean=not difference)
        self._set(at_ns, seq, account, difference)

    def began_anew(self, at_ns: int, account: str) -> None:
        """An account's running balance begins anew, or cannot be followed: nothing is known against it."""
        self._set(at_ns, 0, account, {})

    def _set(self, at_ns: int, seq: int, account: str, difference: dict[str, Decimal]) -> None:
        before = self._differences.get(account, {})
        if not difference and not before:
            return
        self._differences[account] = difference
        for asset in sorted(before.keys() | difference.keys()):
            gauge = self._gauge(asset)
            if gauge is not None:
                total = sum((known.get(asset, _ZERO) for known in self._differences.values()), _ZERO)
                gauge.set(at_ns, abs(float(total)) * self._mark(asset, at_ns) if total else 0.0, seq)

    def _gauge(self, asset: str) -> Gauge | None:
        if asset not in self._gauges:
            self._gauges[asset] = self._board.bound(self.mandate, f"{self._venue}:{asset}")
        return self._gauges[asset]
