"""Rolling sums over a window of minute returns, kept by adding what enters and taking off what leaves.

A window is a span of minutes that ends ``lead`` minutes ago (0: with the newest). Each sum is updated once per minute,
after the series have their new returns, and costs the same however long the window is.
"""

from __future__ import annotations

import math

from risk_monitor.books.minute_returns import ReturnSeries

NOTHING = 1e-16
"""A mean square below this is a price that did not move: a return of 1e-8 is less than a tick."""


class RollingSquares:
    """Mean square of returns about zero."""

    __slots__ = ("_end", "_lead", "_series", "_sum", "count", "span")

    def __init__(self, series: ReturnSeries, lead: int, span: int) -> None:
        series.reach(lead + span + 1)
        self._series = series
        self._lead = lead
        self._end = lead + span
        self.span = span
        self._sum = 0.0
        self.count = 0

    def roll(self) -> None:
        """A minute has passed."""
        entering, leaving = self._series.at(self._lead), self._series.at(self._end)
        if entering is not None:
            self._sum += entering * entering
            self.count += 1
        if leaving is not None:
            self._sum -= leaving * leaving
            self.count -= 1
            if not self.count:
                self._sum = 0.0  # sums of floats leave crumbs

    @property
    def mean_square(self) -> float | None:
        """None while there is no return, or none that moved the price."""
        mean = self._sum / self.count if self.count else 0.0
        return mean if mean > NOTHING else None


class RollingCorrelation:
    """Pearson's correlation of two series over the minutes of which both have a return."""

    __slots__ = ("_end", "_first", "_lead", "_second", "_sums", "count", "span")

    def __init__(self, first: ReturnSeries, second: ReturnSeries, lead: int, span: int) -> None:
        for series in (first, second):
            series.reach(lead + span + 1)
        self._first = first
        self._second = second
        self._lead = lead
        self._end = lead + span
        self.span = span
        self.count = 0
        self._sums = [0.0] * 5

    def roll(self) -> None:
        """A minute has passed."""
        self._weigh(self._lead, 1)
        self._weigh(self._end, -1)
        if not self.count:
            self._sums = [0.0] * 5

    def _weigh(self, lag: int, sign: int) -> None:
        x, y = self._first.at(lag), self._second.at(lag)
        if x is None or y is None:
            return
        self.count += sign
        for index, term in enumerate((x, y, x * x, y * y, x * y)):
            self._sums[index] += sign * term

    @property
    def correlation(self) -> float | None:
        """Within −1 and 1; None while one of the prices has not moved."""
        count = self.count
        if not count:
            return None
        x, y, xx, yy, xy = (total / count for total in self._sums)
        variance_x, variance_y = xx - x * x, yy - y * y
        if variance_x <= NOTHING or variance_y <= NOTHING:
            return None
        return min(max((xy - x * y) / math.sqrt(variance_x * variance_y), -1.0), 1.0)
