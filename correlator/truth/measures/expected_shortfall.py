"""Expected shortfall: what the firm loses, on average, on the worst days that its quantile leaves over, in USD.

For normal returns it is σ × φ(z_q) ÷ (1 − q): McNeil, Frey, Embrechts, *Quantitative Risk Management* (2015), 2.3.4.
The covariance is exponentially weighted about zero, as in RiskMetrics (1996).
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.statistic import half_full, show_by_minute, window_minutes
from correlator.truth.returns import MinuteReturns
from correlator.truth.stretch import Books, Stretch

FIRM = "firm"
MINUTES_A_DAY = 1_440


class ExpectedShortfall:
    """σ × √1440 × φ(z_q) ÷ (1 − q), σ² = w′Σw over all assets but USD, w = exposure × mark, half-life ``window``.

    A minute in which one of two assets has no return leaves their covariance as it was, weights included. Undefined
    until every asset that the firm is exposed to has returns in half of the window's minutes.
    """

    mandate = "expected_shortfall"

    def __init__(self, board: GaugeBoard, books: Books, returns: MinuteReturns) -> None:
        self._gauge = board.bound(self.mandate, FIRM, default=FIRM)
        self._returns = returns
        mandate = books.limits.mandate(self.mandate)
        quantile = mandate.quantile if mandate is not None else 0.99
        self._minutes = window_minutes(mandate.window_ns if mandate is not None else 0)
        self._decay = 0.5 ** (1.0 / self._minutes)
        normal = NormalDist()
        self._tail = MINUTES_A_DAY**0.5 * normal.pdf(normal.inv_cdf(quantile)) / (1.0 - quantile)
        assets = len(returns.assets)
        self._products = np.zeros((assets, assets))
        self._weights = np.zeros((assets, assets))

    def evaluate(self, stretch: Stretch) -> None:
        if self._gauge is None:
            return
        returns = self._returns
        count = returns.take(stretch)
        if not count:
            return
        worths = np.vstack([stretch.worth(stretch.exposure(asset), asset)[returns.places] for asset in returns.assets])
        columns = returns.history.shape[1]
        values = []
        for place in range(count):
            end = columns - count + place + 1
            self._learn(returns.history[:, end - 1])
            recent = returns.history[:, end - self._minutes : end]
            values.append(self._shortfall(worths[:, place], recent))
        show_by_minute(self._gauge, stretch, returns, values)

    def _learn(self, latest: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
        known = ~np.isnan(latest)
        both = np.outer(known, known)
        shown = np.where(known, latest, 0.0)
        self._products = np.where(both, self._decay * self._products + np.outer(shown, shown), self._products)
        self._weights = np.where(both, self._decay * self._weights + 1.0, self._weights)

    def _shortfall(
        self,
        worths: np.ndarray[tuple[int], np.dtype[np.float64]],
        recent: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    ) -> float:
        held = np.flatnonzero(worths != 0.0)  # what has no mark is NaN, and leaves the whole undefined
        if not all(half_full(recent[place], self._minutes) for place in held.tolist()):
            return float("nan")
        chosen = np.ix_(held, held)
        covariance = self._products[chosen] / self._weights[chosen]
        variance = float(worths[held] @ covariance @ worths[held])
        return self._tail * max(0.0, variance) ** 0.5 if variance == variance else float("nan")
