"""Volatility regime: how many times as volatile as it was an asset has become, √(mean r² within ``window``) over
√(mean r² in the 24 h before that window), r being minute returns."""

from __future__ import annotations

import math

from risk_monitor.books.minute_returns import MINUTES_PER_DAY, MinuteReturns, minutes_of
from risk_monitor.books.rolling import RollingSquares
from risk_monitor.mandates.portfolio_lines import EvidenceOf
from risk_monitor.watchtower import Watchtower

LEAST_BASELINE = 60
"""Returns before the window without which there is nothing to compare with."""


class VolatilityRegime:
    """One asset. Looked at once a minute."""

    def __init__(self, tower: Watchtower, asset: str, returns: MinuteReturns, evidence_of: EvidenceOf) -> None:
        kept = tower.limits.mandate("volatility_regime")
        self.watch = tower.watch("volatility_regime", asset, evidence_of(asset))
        if self.watch is None or kept is None:
            return
        span = minutes_of(kept.window_ns)
        series = returns.series(asset, 1)
        self._now = RollingSquares(series, 0, span)
        self._before = RollingSquares(series, span, MINUTES_PER_DAY)
        returns.listeners.append(self._on_minute)

    def _on_minute(self, now_ns: int) -> None:
        now, before, watch = self._now, self._before, self.watch
        now.roll()
        before.roll()
        if watch is None:
            return
        baseline = before.mean_square
        if baseline is None or 2 * now.count < now.span or before.count < LEAST_BASELINE:
            watch.lose_sight()
        else:
            watch.observe(now_ns, math.sqrt((now.mean_square or 0.0) / baseline))
