"""Moving averages and deviations of closes, one value in, one out."""

from __future__ import annotations

import math
from collections import deque


class ExponentialAverage:
    """Exponential moving average over ``bars``: weight 2 / (bars + 1) on the newest, as charting programs have it.

    It starts as the plain mean of the values so far, and ``value`` is None until ``bars`` values have been seen.
    """

    __slots__ = ("_average", "_bars", "_seen")

    def __init__(self, bars: int) -> None:
        self._bars = bars
        self._seen = 0
        self._average = 0.0

    def update(self, close: float) -> None:
        self._seen += 1
        weight = 1.0 / self._seen if self._seen <= self._bars else 2.0 / (self._bars + 1)
        self._average += weight * (close - self._average)

    @property
    def value(self) -> float | None:
        return self._average if self._seen >= self._bars else None


class Deviation:
    """How many standard deviations the newest close stands from the mean of the last ``bars`` (a z-score).

    Sums are taken anew over the window, which is short, so that no rounding error builds up over a long run.
    """

    __slots__ = ("_closes",)

    def __init__(self, bars: int) -> None:
        self._closes: deque[float] = deque(maxlen=bars)

    def update(self, close: float) -> None:
        self._closes.append(close)

    @property
    def value(self) -> float | None:
        """None until the window is full, or while nothing moves."""
        count = len(self._closes)
        if count < (self._closes.maxlen or 0):
            return None
        mean = math.fsum(self._closes) / count
        variance = math.fsum((close - mean) ** 2 for close in self._closes) / (count - 1)
        # A window of equal prices has no deviation; what is left of it is rounding.
        if variance <= (mean * 1e-9) ** 2:
            return None
        return (self._closes[-1] - mean) / math.sqrt(variance)
