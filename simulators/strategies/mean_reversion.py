"""Mean reversion: buy what fell far below its recent mean and sell what rose far above, expecting it to come back."""

from __future__ import annotations

from typing import ClassVar

from simulators.strategies.bar_trading import BarStrategy
from simulators.strategies.indicators import Deviation
from simulators.strategies.params import MeanReversionParams


class MeanReversionStrategy(BarStrategy[MeanReversionParams]):
    """Long at so many deviations below the mean, short as far above, flat once back near it.

    While a market keeps falling, this is the strategy that keeps buying, up to its cap.
    """

    kind: ClassVar[str] = "mean_reversion"

    def set_up(self) -> None:
        super().set_up()
        self._deviations: dict[tuple[str, str], Deviation] = {}

    def bars_wanted(self) -> int:
        return self.params.window_bars

    def signal(self, key: tuple[str, str], close: float, target: float) -> float | None:
        window = self._deviations.get(key)
        if window is None:
            window = self._deviations[key] = Deviation(self.params.window_bars)
        window.update(close)
        deviation = window.value
        if deviation is None:
            return None
        if abs(deviation) > self.params.entry_deviations:
            return -1.0 if deviation > 0.0 else 1.0
        # Back near the mean, or through to its other side: the return has happened.
        is_over = abs(deviation) < self.params.exit_deviations or deviation * target > 0.0
        return 0.0 if is_over else target
