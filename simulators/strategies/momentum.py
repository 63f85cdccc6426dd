"""Momentum: buy what has been rising and sell what has been falling, by two moving averages of minute closes."""

from __future__ import annotations

from typing import ClassVar

from simulators.strategies.bar_trading import BarStrategy
from simulators.strategies.indicators import ExponentialAverage
from simulators.strategies.params import MomentumParams


class MomentumStrategy(BarStrategy[MomentumParams]):
    """Long while the fast average stands above the slow one by the entry distance, short while below, else flat."""

    kind: ClassVar[str] = "momentum"

    def set_up(self) -> None:
        super().set_up()
        self._averages: dict[tuple[str, str], tuple[ExponentialAverage, ExponentialAverage]] = {}

    def bars_wanted(self) -> int:
        return max(self.params.fast_bars, self.params.slow_bars)

    def signal(self, key: tuple[str, str], close: float, target: float) -> float | None:
        pair = self._averages.get(key)
        if pair is None:
            pair = ExponentialAverage(self.params.fast_bars), ExponentialAverage(self.params.slow_bars)
            self._averages[key] = pair
        for average in pair:
            average.update(close)
        fast, slow = pair[0].value, pair[1].value
        if fast is None or slow is None:
            return None
        trend_bp = (fast / slow - 1.0) * 1e4
        if abs(trend_bp) > self.params.entry_bp:
            return 1.0 if trend_bp > 0.0 else -1.0
        is_over = abs(trend_bp) < self.params.exit_bp or trend_bp * target < 0.0
        return 0.0 if is_over else target
