"""NAB score: the scoring rule of the Numenta Anomaly Benchmark, on one stream of rows.

Lavin and Ahmad, *Evaluating Real-time Anomaly Detection Algorithms – the Numenta Anomaly Benchmark* (2015), section
III, with the details that only the benchmark's own scorer (version 1.1) settles: how a place becomes a position, and
that detections in the probationary period count for nothing. Each window is worth its earliest detection; a detection
after a window costs the more the farther behind it lies::

    σ(y)  = 2 / (1 + e^(5y)) - 1,     -1 for y > 3
    in a window of w rows that ends at row e:   y = -(e - i + 1) / w,     worth  tp · σ(y) / σ(-1)
    behind it, before the next one:             y = (i - e) / (w - 1),    costs  fp · σ(y)
    before the first window:                                              costs  fp
    a window without a detection:                                         costs  fn

    score = 100 · (raw - null) / (perfect - null),   null = -fn · windows,   perfect = tp · windows
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

PROBATION = 0.15
"""The share of a stream in which a detector may learn, and is not scored."""

PROBATION_ROWS = 750
"""The probationary period is never longer: 15 % of 5,000 rows."""


class Profile(NamedTuple):
    """What a true detection is worth at most, and what a false and a missed one cost."""

    tp: float
    fp: float
    fn: float


PROFILES: Mapping[str, Profile] = {
    "standard": Profile(1.0, 0.11, 1.0),
    "reward_low_FP_rate": Profile(1.0, 0.22, 1.0),
    "reward_low_FN_rate": Profile(1.0, 0.11, 2.0),
}


class Window(NamedTuple):
    """Rows ``first`` to ``last``, both within."""

    first: int
    last: int


def sigma(position: float) -> float:
    """The scoring function: +0.99 at the left edge of a window (-1), 0 at its right edge, -1 far behind."""
    return -1.0 if position > 3.0 else 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0


def probation(rows: int) -> int:
    """The first row that counts, in a stream of so many."""
    return min(math.floor(PROBATION * rows), PROBATION_ROWS)


def raw_score(windows: Sequence[Window], detections: Sequence[int], profile: Profile, first_row: int = 0) -> float:
    """The score before it is normalised.

    Args:
        windows: in order, none of them overlapping.
        detections: rows, in any order.
        profile: the costs.
        first_row: detections before it count for nothing; as little does a window that ends before it.
    """
    best = {window: -profile.fn for window in windows if window.last >= first_row}
    lasts = [window.last for window in windows]
    costs = []
    for row in sorted(detections):
        if row < first_row:
            continue
        place = bisect_left(lasts, row)
        if place < len(windows) and windows[place].first <= row:
            window = windows[place]
            width = window.last - window.first + 1
            worth = profile.tp * sigma(-(window.last - row + 1) / width) / sigma(-1.0)
            best[window] = max(best[window], worth)
        elif place == 0:
            costs.append(-profile.fp)
        else:
            behind = windows[place - 1]
            reach = behind.last - behind.first
            costs.append(profile.fp * sigma((row - behind.last) / reach if reach else math.inf))
    return math.fsum([*best.values(), *costs])


def normalised(raw: float, windows: int, profile: Profile) -> float | None:
    """0 for a detector that never detects, 100 for one that detects each window at its first row and nothing else.

    Below 0 for one that is worse than silent; null without a window.
    """
    null, perfect = -profile.fn * windows, profile.tp * windows
    return 100.0 * (raw - null) / (perfect - null) if windows else None
