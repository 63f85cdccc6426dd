"""Breach: a state beyond a limit; when each one began, ended, and when an alert became due for it.

A rule is in breach while its measure is strictly beyond its bound (above it, or below where the mandate says so), and
due once the breach has lasted the rule's hold time (``for``). A measure that is undefined (NaN) is beyond nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Values = NDArray[np.float64]

MOST_INTERVALS = 512
_FIRST_GAP_NS = 1_000_000_000


class Interval(msgspec.Struct, gc=False):
    """One breach, or several that were coalesced because only short gaps parted them.

    ``ends_ns`` is None while it lasts; ``due_ns`` the first moment in it at which an alert was due, None if the breach
    did not last that long; ``lasted_ns`` the time really spent in breach.
    """

    begins_ns: int
    begins_seq: int
    ends_ns: int | None = None
    due_ns: int | None = None
    lasted_ns: int = 0
    peak: float = 0.0
    breaches: int = 1
    below: bool = False

    def reach(self, value: float) -> None:
        """The measure came to ``value``; the peak is what lies farthest beyond the bound."""
        self.peak = min(self.peak, value) if self.below else max(self.peak, value)


class BreachTracker:
    """Follows one rule through the run and remembers its breaches.

    Memory is bounded: beyond ``MOST_INTERVALS`` breaches, those parted by a second or less become one, then those
    parted by two seconds, four, …, until at most half as many are left (``coalesced_gap_ns`` tells the gap reached).
    First beginning, first due, last end and the sums stay exact.
    """

    def __init__(self, bound: float, hold_ns: int = 0, slack: float = 0.0, below: bool = False) -> None:
        self.bound = bound
        self.below = below
        self.hold_ns = hold_ns
        self.intervals: list[Interval] = []
        self.breaches = 0
        self.dues = 0
        self.coalesced_gap_ns = 0
        # Two ways to add the same floats differ in the last digits; a bound touched exactly is not exceeded.
        slack += abs(bound) * 1e-9
        self.threshold = bound - slack if below else bound + slack
        self._open: Interval | None = None

    @property
    def is_open(self) -> bool:
        """Whether the measure is beyond the bound now."""
        return self._open is not None

    def update(self, times: Times, values: Values, seq_at: Callable[[int], int]) -> None:
        """Take a stretch of the measure: ``values[i]`` holds from ``times[i]`` on.

        ``seq_at(time)`` names the record that brought about the value then; it is asked only where a breach begins.
        """
        beyond = values < self.threshold if self.below else values > self.threshold
        if self._open is None and not beyond.any():
            return
        edges = np.flatnonzero(beyond[1:] != beyond[:-1]) + 1
        starts = [0, *edges.tolist()]
        ends = [*edges.tolist(), len(values)]
        for start, end in zip(starts, ends, strict=True):
            if beyond[start]:
                peak = float(values[start:end].min() if self.below else values[start:end].max())
                if self._open is None:
                    self.begin(int(times[start]), seq_at(int(times[start])), peak)
                else:
                    self._open.reach(peak)
            elif self._open is not None:
                self.end(int(times[start]))

    def set(self, at_ns: int, value: float, seq: int) -> None:
        """From ``at_ns`` on the measure is ``value``; calls do not go back in time."""
        if value < self.threshold if self.below else value > self.threshold:
            self.begin(at_ns, seq, value)
        elif self._open is not None:
            self.end(at_ns)

    def begin(self, at_ns: int, seq: int = 0, peak: float = 0.0) -> None:
        """The measure went beyond the bound."""
        if self._open is not None:
            self._open.reach(peak)
            return
        self._open = Interval(at_ns, seq, peak=peak, below=self.below)

    def end(self, at_ns: int) -> None:
        """The measure came back within the bound."""
        interval = self._open
        if interval is None:
            return
        self._open = None
        self._measure(interval, at_ns)
        interval.ends_ns = at_ns
        self._keep(interval)

    def finish(self, at_ns: int) -> None:
        """The history ends here; a breach that still lasts stays open."""
        interval = self._open
        if interval is None:
            return
        self._open = None
        self._measure(interval, at_ns)
        self._keep(interval)

    def first_due(self, from_ns: int) -> Interval | None:
        """The first breach that became due at or after ``from_ns``."""
        for interval in self.intervals:
            if interval.due_ns is not None and interval.due_ns >= from_ns:
                return interval
        return None

    def due_anew(self, at_ns: int) -> Interval | None:
        """The rest of a breach that was due before ``at_ns``, for a monitor that begins to look then."""
        for interval in self.intervals:
            ends_ns = interval.ends_ns
            if interval.due_ns is None or interval.due_ns >= at_ns or (ends_ns is not None and ends_ns <= at_ns):
                continue
            due_ns = at_ns + self.hold_ns
            if ends_ns is not None and ends_ns < due_ns:
                return None
            return msgspec.structs.replace(interval, begins_ns=at_ns, due_ns=due_ns)
        return None

    def was_due_before(self, at_ns: int) -> bool:
        """Whether a breach that had become due before ``at_ns`` still lasted then."""
        return any(
            interval.due_ns is not None
            and interval.due_ns < at_ns
            and (interval.ends_ns is None or interval.ends_ns > at_ns)
            for interval in self.intervals
        )

    def breached_within(self, from_ns: int, to_ns: int) -> bool:
        """Whether the rule was in breach at any moment of ``[from_ns, to_ns]``."""
        return any(
            interval.begins_ns <= to_ns and (interval.ends_ns is None or interval.ends_ns > from_ns)
            for interval in self.intervals
        )

    def longest_ns(self, from_ns: int, to_ns: int, gap_ns: int) -> int:
        """How long the longest breach with a moment in ``[from_ns, to_ns]`` lasted, gaps up to ``gap_ns`` included."""
        return max(
            (
                interval.lasted_ns if interval.ends_ns is None else interval.ends_ns - interval.begins_ns
                for interval in coalesce(self.intervals, gap_ns)
                if interval.begins_ns <= to_ns and (interval.ends_ns is None or interval.ends_ns > from_ns)
            ),
            default=0,
        )

    def _measure(self, interval: Interval, at_ns: int) -> None:
        interval.lasted_ns = at_ns - interval.begins_ns
        if interval.lasted_ns >= self.hold_ns:
            interval.due_ns = interval.begins_ns + self.hold_ns
            self.dues += 1
        self.breaches += 1

    def _keep(self, interval: Interval) -> None:
        self.intervals.append(interval)
        if len(self.intervals) <= MOST_INTERVALS:
            return
        self.coalesced_gap_ns = self.coalesced_gap_ns or _FIRST_GAP_NS
        self.intervals = coalesce(self.intervals, self.coalesced_gap_ns)
        while len(self.intervals) > MOST_INTERVALS // 2:
            self.coalesced_gap_ns *= 2
            self.intervals = coalesce(self.intervals, self.coalesced_gap_ns)


def coalesce(intervals: list[Interval], gap_ns: int) -> list[Interval]:
    """Join neighbours parted by ``gap_ns`` or less; what they were is left unchanged."""
    joined: list[Interval] = []
    for interval in intervals:
        last = joined[-1] if joined else None
        if last is None or last.ends_ns is None or interval.begins_ns - last.ends_ns > gap_ns:
            joined.append(msgspec.structs.replace(interval))
            continue
        last.ends_ns = interval.ends_ns
        last.due_ns = interval.due_ns if last.due_ns is None else last.due_ns
        last.lasted_ns += interval.lasted_ns
        last.reach(interval.peak)
        last.breaches += interval.breaches
    return joined
