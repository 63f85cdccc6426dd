"""The axis of latencies: logarithmic, because a monitor answers in milliseconds and is allowed minutes."""

from __future__ import annotations

import math
from dataclasses import dataclass

_TICKS = ((0.01, "10 ms"), (0.1, "0.1 s"), (1.0, "1 s"), (10.0, "10 s"), (60.0, "1 min"),
          (600.0, "10 min"), (3_600.0, "1 h"), (86_400.0, "1 d"))  # fmt: skip
_LEAST_S = 0.001
_BEYOND = 1.5  # the longest lies a little before the right edge
_ROOM = 14.0  # pixels on the left for what came at once or before it was due


@dataclass(frozen=True, slots=True)
class LatencyAxis:
    """From what came at once, at the left edge, to ``longest_s`` at ``width`` pixels."""

    longest_s: float
    width: float

    def __call__(self, seconds: float) -> float:
        """Where a latency lies; at most a millisecond, and what came before it was due, at the left edge."""
        if seconds <= _LEAST_S:
            return _ROOM / 2
        share = math.log(seconds / _LEAST_S) / math.log(self.longest_s / _LEAST_S)
        return round(_ROOM + min(share, 1.0) * (self.width - _ROOM), 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Round latencies, by place and by name."""
        return [(self(seconds), name) for seconds, name in _TICKS if seconds <= self.longest_s]


def axis_for(latencies_s: list[float], width: float) -> LatencyAxis:
    """The axis that holds them all."""
    return LatencyAxis(max([1.0, *latencies_s]) * _BEYOND, width)
