"""Rapid drawdown: what the firm has lost within a short window, from the highest equity in it, in USD."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.intervals import Times, Values
from correlator.truth.stretch import Books, Stretch

FIRM = "firm"


class RapidDrawdown:
    """Largest equity within the last ``window`` − equity; flows from outside left out.

    Equity keeps its value from one moment to the next, so a moment's value is within the window until the window has
    passed the *end* of it. Of the past only values that no later one exceeds are kept.
    """

    mandate = "rapid_drawdown"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        self._gauge = board.bound(self.mandate, FIRM, default=FIRM)
        mandate = books.limits.mandate(self.mandate)
        self._window_ns = mandate.window_ns if mandate is not None else 0
        self._values: Values = np.empty(0, np.float64)
        self._ends: Times = np.empty(0, np.int64)

    def evaluate(self, stretch: Stretch) -> None:
        if self._gauge is None:
            return
        earned = stretch.earned
        past = len(self._values)
        values = np.concatenate((self._values, np.where(np.isnan(earned), -np.inf, earned)))
        ends = np.concatenate((self._ends, stretch.ends))
        own = np.arange(past, len(values))
        table = _range_maxima(values)
        since = np.searchsorted(ends, stretch.times - self._window_ns, side="right")
        highest = _largest(table, np.minimum(since, own), own)
        losses = highest - earned
        still = np.searchsorted(ends, stretch.ends - self._window_ns, side="left")
        losses_at_end = _largest(table, np.minimum(still, own), own) - earned
        times, shown = stretch.times, losses
        for tracker in (each for rule in self._gauge.rules for each in rule.trackers):
            threshold = tracker.threshold
            for place in np.flatnonzero((losses > threshold) & (losses_at_end <= threshold)).tolist():
                at_ns, left = self._falls_to(values, ends, int(since[place]), past + place, threshold)
                if at_ns < int(stretch.ends[place]):
                    where = int(np.searchsorted(times, at_ns))
                    times = np.insert(times, where, at_ns)
                    shown = np.insert(shown, where, left)
        self._gauge.update(times, shown, stretch.seq_at, self._gauge.envelope.buckets.edges(times))
        self._keep(values, ends)

    def _falls_to(self, values: Values, ends: Times, first: int, last: int, threshold: float) -> tuple[int, float]:
        """When, and to what, the loss falls within the bound while equity stands still: a peak leaves the window."""
        losses = values[first : last + 1] - values[last]
        peak = int(np.flatnonzero(losses > threshold)[-1])
        return int(ends[first + peak]) + self._window_ns, float(losses[peak + 1 :].max())

    def _keep(self, values: Values, ends: Times) -> None:
        later_highest = np.concatenate((np.maximum.accumulate(values[::-1])[::-1][1:], [-np.inf]))
        matter = (values > later_highest) & (ends > ends[-1] - self._window_ns)
        matter[-1] = True
        self._values, self._ends = values[matter], ends[matter]


def _range_maxima(values: Values) -> list[Values]:
    """Sparse table: row k holds, for each place, the largest of the 2**k values that begin there."""
    table = [values]
    width = 1
    while 2 * width <= len(values):
        last = table[-1]
        table.append(np.maximum(last[:-width], last[width:]))
        width *= 2
    return table


def _largest(table: list[Values], first: Times, last: Times) -> Values:
    """The largest value of each range ``first[i]..last[i]``, both included."""
    powers = np.frexp((last - first + 1).astype(np.float64))[1] - 1
    largest = np.empty(len(first), np.float64)
    for power in np.unique(powers).tolist():
        chosen = powers == power
        row = table[power]
        largest[chosen] = np.maximum(row[first[chosen]], row[last[chosen] - (1 << power) + 1])
    return largest
