"""Window: how many things happened lately, counted exactly and in bounded memory."""

from __future__ import annotations

from collections import deque

from risk_monitor.controls.config import Rate


class Window:
    """Remembers the last ``rate.most`` times; whether one more would be too many follows from the oldest of them."""

    __slots__ = ("_times", "_within_ns")

    def __init__(self, rate: Rate) -> None:
        self._times: deque[int] = deque(maxlen=rate.most)
        self._within_ns = rate.within_ns

    def is_full(self, now_ns: int) -> bool:
        """Whether as many as are allowed have happened within the window that ends now."""
        times = self._times
        return len(times) == times.maxlen and now_ns - times[0] < self._within_ns

    def add(self, now_ns: int) -> None:
        self._times.append(now_ns)

    def clear(self) -> None:
        self._times.clear()
