"""Drawdown: how far equity stands below its high-water mark, as a fraction of that mark."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.stretch import Books, Stretch

FIRM = "firm"


class Drawdown:
    """(high-water mark − equity) ÷ high-water mark; the mark is the largest equity since the start.

    A flow from outside shifts the mark with equity; both are therefore followed without the flows. A mark that is not
    positive leaves the fraction undefined.
    """

    mandate = "drawdown"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        self._gauge = board.bound(self.mandate, FIRM, default=FIRM)
        self._highest_earned = float("nan")

    def evaluate(self, stretch: Stretch) -> None:
        if self._gauge is None:
            return
        earned = stretch.earned
        highest = np.fmax.accumulate(np.concatenate(([self._highest_earned], earned)))[1:]
        self._highest_earned = float(highest[-1])
        high_water_mark = highest + stretch.flowed
        positive = high_water_mark > 0.0
        fraction = (highest - earned) / np.where(positive, high_water_mark, 1.0)
        show(self._gauge, stretch, np.where(positive, fraction, np.nan))
