"""Statistic: a measure of minute returns, looked at once a minute and keeping its value in between."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import Gauge
from correlator.truth.intervals import Values
from correlator.truth.returns import MinuteReturns
from correlator.truth.stretch import Stretch


def show_by_minute(gauge: Gauge, stretch: Stretch, returns: MinuteReturns, values: list[float]) -> None:
    """Give a gauge its values at a stretch's full minutes."""
    column: Values = np.array(values, np.float64)
    gauge.update(returns.minutes, column, stretch.seq_at, gauge.envelope.buckets.edges(returns.minutes))


def window_minutes(window_ns: int) -> int:
    """How many returns a window holds, at least one."""
    return max(1, window_ns // 60_000_000_000)


def half_full(returns: Values, minutes: int) -> bool:
    """Whether at least half the minutes of a window have a return."""
    return 2 * int(np.count_nonzero(~np.isnan(returns))) >= minutes
