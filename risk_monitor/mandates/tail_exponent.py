"""Tail exponent: how fat the tails of an asset's minute returns are. The exponent α of a power law P(|r| > x) ~ x^−α,
by Hill's estimator over the largest 5 % of the returns within ``window``: k ÷ Σ_{i ≤ k} ln(x_(i) ÷ x_(k+1)), x in
descending order. Below 2 the variance is not finite and volatility says nothing about losses.

B. M. Hill, "A simple general approach to inference about the tail of a distribution", Annals of Statistics 3 (1975).
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort

from risk_monitor.books.minute_returns import MinuteReturns, minutes_of
from risk_monitor.mandates.portfolio_lines import EvidenceOf
from risk_monitor.watchtower import Watchtower

LEAST_RETURNS = 100


class TailExponent:
    """One asset. Looked at once a minute; the sizes of its returns are kept in order, so that only the tail is read."""

    def __init__(self, tower: Watchtower, asset: str, returns: MinuteReturns, evidence_of: EvidenceOf) -> None:
        kept = tower.limits.mandate("tail_exponent")
        self.watch = tower.watch("tail_exponent", asset, evidence_of(asset))
        if self.watch is None or kept is None:
            return
        self._span = minutes_of(kept.window_ns)
        self._series = returns.series(asset, self._span + 1)
        self._sizes: list[float] = []
        self._count = 0
        returns.listeners.append(self._on_minute)

    def _on_minute(self, now_ns: int) -> None:
        entering, leaving, watch = self._series.at(0), self._series.at(self._span), self.watch
        if entering is not None:
            self._count += 1
            if entering:
                insort(self._sizes, abs(entering))
        if leaving is not None:
            self._count -= 1
            if leaving:
                del self._sizes[bisect_left(self._sizes, abs(leaving))]
        if watch is None:
            return
        exponent = hill(self._sizes) if 2 * self._count >= self._span else None
        if exponent is None:
            watch.lose_sight()
        else:
            watch.observe(now_ns, exponent)


def hill(sizes: list[float]) -> float | None:
    """Hill's estimator over sizes > 0 in ascending order; None for fewer than 100, or a tail of equals."""
    if len(sizes) < LEAST_RETURNS:
        return None
    tail = -(-len(sizes) // 20)
    threshold = sizes[-tail - 1]
    total = math.fsum(math.log(size / threshold) for size in sizes[-tail:])
    return tail / total if total > 0.0 else None
