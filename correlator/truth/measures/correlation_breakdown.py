"""Correlation breakdown: by how much two assets have ceased to move together since the day before."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.intervals import Values
from correlator.truth.measures.statistic import half_full, show_by_minute, window_minutes
from correlator.truth.returns import BASELINE_MINUTES, FEWEST_BASELINE_RETURNS, MinuteReturns
from correlator.truth.stretch import Books, Stretch


class CorrelationBreakdown:
    """Correlation in the 24 h before ``window`` − that within it, per two risk assets (``BTC~ETH``).

    Only minutes in which both have a return count.
    """

    mandate = "correlation_breakdown"

    def __init__(self, board: GaugeBoard, books: Books, returns: MinuteReturns) -> None:
        self._returns = returns
        mandate = books.limits.mandate(self.mandate)
        self._minutes = window_minutes(mandate.window_ns if mandate is not None else 0)
        self._gauges = []
        for one, other in combinations(sorted(books.risk_assets()), 2):
            gauge = board.bound(self.mandate, f"{one}~{other}")
            if gauge is not None:
                self._gauges.append(([returns.assets.index(one), returns.assets.index(other)], gauge))

    def evaluate(self, stretch: Stretch) -> None:
        count = self._returns.take(stretch) if self._gauges else 0
        if not count:
            return
        columns = self._returns.history.shape[1]
        for rows, gauge in self._gauges:
            both = self._returns.history[rows]
            both = np.where(np.isnan(both).any(axis=0), np.nan, both)
            values = [self._breakdown(both, end) for end in range(columns - count + 1, columns + 1)]
            show_by_minute(gauge, stretch, self._returns, values)

    def _breakdown(self, both: np.ndarray[tuple[int, int], np.dtype[np.float64]], end: int) -> float:
        since = end - self._minutes
        if not half_full(both[0, since:end], self._minutes):
            return float("nan")
        before = correlation(both[:, since - BASELINE_MINUTES : since], FEWEST_BASELINE_RETURNS)
        return before - correlation(both[:, since:end], 2)


def correlation(pairs: np.ndarray[tuple[int, int], np.dtype[np.float64]], fewest: int) -> float:
    """Pearson's, over the columns that are defined; NaN for fewer than ``fewest``, or where one row stands still."""
    known: Values = pairs[:, ~np.isnan(pairs[0])]
    if known.shape[1] < fewest:
        return float("nan")
    known = known - known.mean(axis=1, keepdims=True)
    one, other, shared = float(known[0] @ known[0]), float(known[1] @ known[1]), float(known[0] @ known[1])
    return shared / (one * other) ** 0.5 if one * other > 0.0 else float("nan")
