"""Timeline: everything that moves a measure, gathered in stretches of many records and laid out as columns.

A *moment* is a time at which something changed, and only its final state counts: a settlement that leaves the exchange
in one record and stands in transit in the next, both at the same nanosecond, was never missing. Therefore the last
moment of a stretch stays open until a later one is seen.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from correlator.truth.intervals import Times, Values


class Step:
    """A quantity that keeps its value until it is set again."""

    __slots__ = ("_times", "_values", "value")

    def __init__(self, value: float = 0.0) -> None:
        self.value = value  # before the stretch
        self._times: list[int] = []
        self._values: list[float] = []

    def set(self, at_ns: int, value: float) -> None:
        """From ``at_ns`` (not before any earlier call's) on it is ``value``."""
        self._times.append(at_ns)
        self._values.append(value)

    @property
    def current(self) -> float:
        return self._values[-1] if self._values else self.value

    def column(self, moments: Times) -> Values:
        """Its value at each moment."""
        if not self._times:
            return np.full(len(moments), self.value)
        return step_column(self.value, np.array(self._times, np.int64), np.array(self._values, np.float64), moments)

    def roll(self) -> None:
        """Begin the next stretch."""
        if self._times:
            self.value = self._values[-1]
            self._times.clear()
            self._values.clear()


def step_column(before: float, times: Times, values: Values, moments: Times) -> Values:
    """A step function's value at each of the sorted ``moments``, among which are all ``times``."""
    places = np.searchsorted(moments, times)
    counts = np.diff(np.concatenate(([0], places, [len(moments)])))
    return np.repeat(np.concatenate(([before], values)), counts)


class Changes:
    """When anything changed in the stretch, and by which record."""

    def __init__(self) -> None:
        self._times: list[Times] = []
        self._seqs: list[Callable[[], Times]] = []
        self._single_times: list[int] = []
        self._single_seqs: list[int] = []
        self._last_seq = 0

    @property
    def count(self) -> int:
        """How many changes were added one by one."""
        return len(self._single_times)

    def add(self, at_ns: int, seq: int) -> None:
        self._single_times.append(at_ns)
        self._single_seqs.append(seq)

    def add_many(self, times: Times, seqs: Callable[[], Times]) -> None:
        """Many at once. ``seqs`` gives their records' numbers while the stretch lasts: most are never asked for."""
        self._times.append(times)
        self._seqs.append(seqs)

    def moments(self, open_ns: int, clock: list[int]) -> Times:
        """All distinct moments from ``open_ns``, the one left open, on; ``clock`` adds moments of no record."""
        singles = np.array([open_ns, *clock, *self._single_times], np.int64)
        moments = np.sort(np.concatenate([*self._times, singles]), kind="stable")  # nearly sorted already
        return moments[np.concatenate(([True], moments[1:] != moments[:-1]))]

    def last_ns(self, default: int) -> int:
        """The latest time at which anything changed."""
        latest = [int(times[-1]) for times in self._times if len(times)]
        return max([default, *latest, *self._single_times[-1:]])

    def seq_finder(self) -> tuple[Times, Times, int]:
        """Sorted times and numbers of the stretch's records, and the last number before them."""
        times = np.sort(np.concatenate([*self._times, np.array(self._single_times, np.int64)]))
        seqs = np.sort(np.concatenate([*(seqs() for seqs in self._seqs), np.array(self._single_seqs, np.int64)]))
        return times, seqs, self._last_seq

    def roll(self, last_seq: int) -> None:
        """Begin the next stretch; ``last_seq`` is the last number of those that were added many at once."""
        self._last_seq = max([self._last_seq, last_seq, *self._single_seqs[-1:]])
        for column in (self._times, self._seqs):
            column.clear()
        self._single_times.clear()
        self._single_seqs.clear()
