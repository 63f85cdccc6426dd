"""Daily loss: what the firm has lost since midnight UTC, in USD; a gain is a negative loss."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.stretch import Books, Stretch

DAY_NS = 86_400_000_000_000
FIRM = "firm"


class DailyLoss:
    """Equity at the last 00:00 UTC, or at the start if that was later, − equity; flows from outside left out.

    Where equity is undefined at that moment, its first defined value after it opens the day.
    """

    mandate = "daily_loss"
    period_ns = DAY_NS
    first_ns = 0  # when some period began, before any run

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        self._gauge = board.bound(self.mandate, FIRM, default=FIRM)
        self._period = -1
        self._opening = float("nan")

    def evaluate(self, stretch: Stretch) -> None:
        if self._gauge is None:
            return
        earned = stretch.earned
        periods = (stretch.times - self.first_ns) // self.period_ns
        losses = np.full(len(earned), np.nan)
        starts = [0, *(np.flatnonzero(periods[1:] != periods[:-1]) + 1).tolist()]
        for start, end in zip(starts, [*starts[1:], len(periods)], strict=True):
            if int(periods[start]) != self._period:
                self._period, self._opening = int(periods[start]), float("nan")
            if self._opening != self._opening:
                defined = np.flatnonzero(~np.isnan(earned[start:end]))
                if not len(defined):
                    continue
                self._opening = float(earned[start + int(defined[0])])
            losses[start:end] = self._opening - earned[start:end]
        show(self._gauge, stretch, losses)
