"""Unsettled exposure: what counterparties have promised to settle, or the firm has, and not yet settled, in USD."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.stretch import Books, Stretch

TOTAL = "total"


class UnsettledExposure:
    """Σ |amount − settled| × mark over the instructions that are not fully settled."""

    mandate = "unsettled_exposure"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        self._gauge = board.bound(self.mandate, TOTAL, default=TOTAL)

    def evaluate(self, stretch: Stretch) -> None:
        if self._gauge is None:
            return
        total = np.zeros(len(stretch.times))
        for asset, unsettled in stretch.books.unsettled.items():
            total += stretch.worth(unsettled.column(stretch.times), asset)
        show(self._gauge, stretch, total)
