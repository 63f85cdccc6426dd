"""Expected shortfall: what the firm would lose on the average of its worst days, by the volatility of late, USD.

Of a normal distribution of daily results: σ × φ(z_q) ÷ (1 − q), with σ² = w′Σw, w[a] = e[a] × mark[a] and Σ the
covariance of a day's returns (A. J. McNeil, R. Frey, P. Embrechts, "Quantitative Risk Management", 2015, 2.3.4). Σ is
1440 times the exponentially weighted covariance of minute returns about zero, half-life ``window``, as RiskMetrics
(Technical Document, 1996) weighs daily ones.
"""

from __future__ import annotations

import math

from risk_monitor.alerts import Evidence
from risk_monitor.books.minute_returns import MINUTES_PER_DAY, MinuteReturns, ReturnSeries, minutes_of
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.watchtower import Watchtower


class ExpectedShortfall:
    """Of the whole firm, once a minute. No measure until every asset held has had returns for half a window."""

    def __init__(self, tower: Watchtower, portfolio: Portfolio, returns: MinuteReturns, evidence: Evidence) -> None:
        kept = tower.limits.mandate("expected_shortfall")
        self.watch = tower.watch("expected_shortfall", "firm", evidence)
        if self.watch is None or kept is None:
            return
        half_life = minutes_of(kept.window_ns)
        self._portfolio = portfolio
        self._least = half_life / 2
        self._factor = normal_shortfall(kept.quantile) * math.sqrt(MINUTES_PER_DAY)
        assets = tuple(asset for asset in portfolio.marks.assets if asset != "USD")
        self._indices = tuple(portfolio.marks.index[asset] for asset in assets)
        self._covariance = Covariance(tuple(returns.series(asset, 1) for asset in assets), half_life)
        returns.listeners.append(self._on_minute)

    def _on_minute(self, now_ns: int) -> None:
        self._covariance.roll()
        if self.watch is None:
            return
        variance = self._variance()
        if variance is None:
            self.watch.lose_sight()
        else:
            self.watch.observe(now_ns, math.sqrt(variance) * self._factor)

    def _variance(self) -> float | None:
        """σ² of a minute's result, USD²; None while it cannot be known."""
        portfolio = self._portfolio
        if not portfolio.holdings.are_known:
            return None
        amounts, marks = portfolio.amounts, portfolio.marks.marks
        held = [(row, amounts[index] * marks[index]) for row, index in enumerate(self._indices) if amounts[index]]
        variance = 0.0
        for row, weight in held:
            if not weight or self._covariance.returns_of(row) < self._least:
                return None
            for column, other in held:
                variance += weight * other * self._covariance.of(row, column)
        return max(variance, 0.0)


class Covariance:
    """Exponentially weighted covariance about zero of each two series, over the minutes of which both have returns."""

    __slots__ = ("_counts", "_decay", "_products", "_series", "_weights")

    def __init__(self, series: tuple[ReturnSeries, ...], half_life: int) -> None:
        size = len(series)
        self._series = series
        self._decay = 0.5 ** (1.0 / half_life)
        self._products = [[0.0] * (row + 1) for row in range(size)]
        self._weights = [[0.0] * (row + 1) for row in range(size)]
        self._counts = [0] * size

    def roll(self) -> None:
        """A minute has passed."""
        decay = self._decay
        newest = [series.at(0) for series in self._series]
        for row, x in enumerate(newest):
            products, weights = self._products[row], self._weights[row]
            if x is not None:
                self._counts[row] += 1
            for column in range(row + 1):
                y = newest[column]
                products[column] *= decay
                weights[column] *= decay
                if x is not None and y is not None:
                    products[column] += x * y
                    weights[column] += 1.0

    def of(self, row: int, column: int) -> float:
        """0.0 while the two have had no minute in common."""
        if row < column:
            row, column = column, row
        weight = self._weights[row][column]
        return self._products[row][column] / weight if weight > 0.0 else 0.0

    def returns_of(self, row: int) -> int:
        """How many returns a series has had."""
        return self._counts[row]


def normal_shortfall(quantile: float) -> float:
    """φ(z_q) ÷ (1 − q): mean of a standard normal variable beyond its quantile, ``0 < quantile < 1``."""
    low, high = -40.0, 40.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        # The upper tail by erfc, so that quantiles near 1 keep their digits.
        if 0.5 * math.erfc(middle / math.sqrt(2.0)) > 1.0 - quantile:
            low = middle
        else:
            high = middle
    return math.exp(-0.5 * low * low) / math.sqrt(2.0 * math.pi) / (1.0 - quantile)
