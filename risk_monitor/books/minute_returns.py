"""Minute returns: the logarithm of a mark at a full UTC minute over the mark a minute before. What the statistics of
prices are made of: sampled at equal steps, so that a market which quotes more often does not weigh more."""

from __future__ import annotations

import math
from collections.abc import Callable

from risk_monitor.agenda import Agenda, Job
from risk_monitor.books.freshness import FreshMark
from risk_monitor.books.marks import MarkBook

NS_PER_MINUTE = 60 * 10**9
MINUTES_PER_DAY = 1_440


def minutes_of(window_ns: int) -> int:
    """A window in whole minutes, at least one."""
    return max(window_ns // NS_PER_MINUTE, 1)


class ReturnSeries:
    """One asset's returns, newest at lag 0, as many as the longest window needs. None: there was no fresh mark at the
    beginning or at the end of that minute. ``mark``: at the last full minute, 0.0 if it was not fresh."""

    __slots__ = ("_newest", "_ring", "asset", "mark")

    def __init__(self, asset: str) -> None:
        self.asset = asset
        self.mark = 0.0
        self._ring: list[float | None] = [None]
        self._newest = 0

    def reach(self, minutes: int) -> None:
        """Keep at least so many returns. Only before the first sample."""
        self._ring = [None] * max(minutes, len(self._ring))

    def at(self, lag: int) -> float | None:
        """The return of ``lag`` minutes ago."""
        return self._ring[self._newest - lag]

    def sample(self, mark: float) -> None:
        """Take the mark at a full minute; 0.0 for none."""
        before = self.mark
        self.mark = mark
        self._newest = (self._newest + 1) % len(self._ring)
        self._ring[self._newest] = math.log(mark / before) if mark > 0.0 and before > 0.0 else None


class MinuteReturns:
    """The series of the assets asked for. ``listeners`` are told when every series has its new return."""

    def __init__(self, marks: MarkBook, agenda: Agenda) -> None:
        self.listeners: list[Callable[[int], None]] = []
        self._marks = marks
        self._agenda = agenda
        self._lines: dict[str, tuple[ReturnSeries, FreshMark, int]] = {}
        self._minute = -1
        self._job = Job(self._on_minute)

    def series(self, asset: str, minutes: int) -> ReturnSeries:
        """An asset's returns, of at least so many minutes. To be asked for before the start."""
        if asset not in self._lines:
            fresh = FreshMark(self._marks, asset)
            self._lines[asset] = (ReturnSeries(asset), fresh, self._marks.index[asset])
        series = self._lines[asset][0]
        series.reach(minutes)
        return series

    def start(self, now_ns: int) -> None:
        if self._lines:
            self._agenda.arm(self._job, -(-now_ns // NS_PER_MINUTE) * NS_PER_MINUTE)

    def _on_minute(self, now_ns: int) -> None:
        minute = now_ns // NS_PER_MINUTE
        self._agenda.arm(self._job, (minute + 1) * NS_PER_MINUTE)
        if self._minute >= 0:
            # A monitor that slept through minutes has no marks of them.
            for _ in range(min(minute - self._minute - 1, MINUTES_PER_DAY)):
                self._sample(now_ns, is_seen=False)
        self._minute = minute
        self._marks.refresh()
        self._sample(now_ns, is_seen=True)

    def _sample(self, now_ns: int, is_seen: bool) -> None:
        marks = self._marks.marks
        for series, fresh, index in self._lines.values():
            series.sample(marks[index] if is_seen and fresh.is_fresh else 0.0)
        for listener in self.listeners:
            listener(now_ns)
