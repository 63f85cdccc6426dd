"""Correlation breakdown: how far two assets that used to move together have parted, the correlation of their minute
returns in the 24 h before ``window`` less that within it."""

from __future__ import annotations

from risk_monitor.books.minute_returns import MINUTES_PER_DAY, MinuteReturns, minutes_of
from risk_monitor.books.rolling import RollingCorrelation
from risk_monitor.mandates.portfolio_lines import EvidenceOf
from risk_monitor.watchtower import Watchtower

LEAST_BASELINE = 60
"""Returns before the window without which there is nothing to compare with."""


class CorrelationBreakdown:
    """Two assets, ``BTC~ETH``. Looked at once a minute."""

    def __init__(
        self, tower: Watchtower, first: str, second: str, returns: MinuteReturns, evidence_of: EvidenceOf
    ) -> None:
        kept = tower.limits.mandate("correlation_breakdown")
        both = evidence_of(first), evidence_of(second)
        self.watch = tower.watch(
            "correlation_breakdown", f"{first}~{second}", lambda: tuple(text for one in both for text in one()[-2:])
        )
        if self.watch is None or kept is None:
            return
        span = minutes_of(kept.window_ns)
        pair = returns.series(first, 1), returns.series(second, 1)
        self._now = RollingCorrelation(*pair, 0, span)
        self._before = RollingCorrelation(*pair, span, MINUTES_PER_DAY)
        returns.listeners.append(self._on_minute)

    def _on_minute(self, now_ns: int) -> None:
        now, before, watch = self._now, self._before, self.watch
        now.roll()
        before.roll()
        if watch is None:
            return
        current, baseline = now.correlation, before.correlation
        is_known = 2 * now.count >= now.span and before.count >= LEAST_BASELINE
        if current is None or baseline is None or not is_known:
            watch.lose_sight()
        else:
            watch.observe(now_ns, baseline - current)
