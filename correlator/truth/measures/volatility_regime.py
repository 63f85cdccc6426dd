"""Volatility regime: how many times as violently an asset moves as it did over the day before."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.intervals import Values
from correlator.truth.measures.statistic import half_full, show_by_minute, window_minutes
from correlator.truth.returns import BASELINE_MINUTES, FEWEST_BASELINE_RETURNS, MinuteReturns
from correlator.truth.stretch import Books, Stretch


class VolatilityRegime:
    """√(mean r² within ``window``) ÷ √(mean r² in the 24 h before that window), per risk asset."""

    mandate = "volatility_regime"

    def __init__(self, board: GaugeBoard, books: Books, returns: MinuteReturns) -> None:
        self._returns = returns
        mandate = books.limits.mandate(self.mandate)
        self._minutes = window_minutes(mandate.window_ns if mandate is not None else 0)
        gauges = [(returns.assets.index(asset), board.bound(self.mandate, asset)) for asset in books.risk_assets()]
        self._gauges = [(row, gauge) for row, gauge in gauges if gauge is not None]

    def evaluate(self, stretch: Stretch) -> None:
        count = self._returns.take(stretch) if self._gauges else 0
        if not count:
            return
        columns = self._returns.history.shape[1]
        for row, gauge in self._gauges:
            history = self._returns.history[row]
            values = [self._regime(history, end) for end in range(columns - count + 1, columns + 1)]
            show_by_minute(gauge, stretch, self._returns, values)

    def _regime(self, history: Values, end: int) -> float:
        since = end - self._minutes
        window, baseline = history[since:end], history[since - BASELINE_MINUTES : since]
        if not half_full(window, self._minutes):
            return float("nan")
        baseline = baseline[~np.isnan(baseline)]
        if len(baseline) < FEWEST_BASELINE_RETURNS:
            return float("nan")
        before = float(baseline @ baseline) / len(baseline)
        window = window[~np.isnan(window)]
        return (float(window @ window) / len(window) / before) ** 0.5 if before > 0.0 else float("nan")
