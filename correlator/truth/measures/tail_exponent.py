"""Tail exponent: how fast large moves become rare; below 2 the variance is not finite, and σ says nothing.

Hill, *A simple general approach to inference about the tail of a distribution*, Annals of Statistics 3 (1975).
"""

from __future__ import annotations

import math

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.intervals import Values
from correlator.truth.measures.statistic import half_full, show_by_minute, window_minutes
from correlator.truth.returns import MinuteReturns
from correlator.truth.stretch import Books, Stretch

FEWEST_MOVES = 100


class TailExponent:
    """Hill's estimator over the largest 5 % of the moves |r| > 0 within ``window``, per risk asset."""

    mandate = "tail_exponent"

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
            ends = range(columns - count + 1, columns + 1)
            values = [self._exponent(history[end - self._minutes : end]) for end in ends]
            show_by_minute(gauge, stretch, self._returns, values)

    def _exponent(self, window: Values) -> float:
        if not half_full(window, self._minutes):
            return float("nan")
        moves = np.abs(window[~np.isnan(window)])
        return hill(moves[moves > 0.0])


def hill(moves: Values) -> float:
    """k ÷ Σ ln(x_i ÷ x_(k+1)) over the k = ⌈5 %⌉ largest of ``moves``; NaN for fewer than 100, or all of one size."""
    if len(moves) < FEWEST_MOVES:
        return float("nan")
    largest = math.ceil(len(moves) / 20)
    parted = np.partition(moves, len(moves) - largest - 1)[len(moves) - largest - 1 :]
    total = float(np.log(parted[1:] / parted[0]).sum())
    return largest / total if total > 0.0 else float("nan")
