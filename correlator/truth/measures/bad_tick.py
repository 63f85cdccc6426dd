"""Bad tick: a price that does not follow from those shown just before it."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from correlator.truth.gauge import Gauge
from correlator.truth.intervals import Values
from correlator.truth.shown.quotes import QuoteStretch

BEFORE = 11
"""How many mids a mid is held against."""


class BadTick:
    """|mid ÷ median of the 11 mids shown before it − 1|, per ``venue:pair``, until the next quote.

    A mid that is older than ``age_ns`` when the next one comes begins the count anew, as does the lack of any.
    """

    mandate = "bad_tick"

    def __init__(self, gauge: Gauge, age_ns: int | None) -> None:
        self._gauge = gauge
        self._age_ns = age_ns
        self._before: Values = np.empty(0, np.float64)  # the last mids shown, at most 11, none from before a gap
        self._last_ns = 0

    def evaluate(self, stretch: QuoteStretch) -> None:
        has_mid = ~np.isnan(stretch.mids)
        deviations = np.full(len(stretch.times), np.nan)
        if has_mid.any():
            deviations[has_mid] = self._deviations(stretch.mids[has_mid], stretch.times[has_mid])
        self._gauge.update(stretch.times, deviations, stretch.seq_at, stretch.edges)

    def _deviations(self, mids: Values, times: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Values:
        begins = [0]
        if self._age_ns is not None:
            waits = np.diff(np.concatenate(([self._last_ns], times)))
            stale = np.flatnonzero(waits > self._age_ns).tolist()
            if stale and stale[0] == 0:
                self._before = self._before[:0]
                del stale[0]
            begins += stale
        self._last_ns = int(times[-1])
        parts = []
        for begin, end in zip(begins, [*begins[1:], len(mids)], strict=True):
            parts.append(self._row(mids[begin:end]))
            if end < len(mids):
                self._before = self._before[:0]
        return np.concatenate(parts)

    def _row(self, mids: Values) -> Values:
        """Deviations of mids that no gap parts from each other nor from ``_before``."""
        row = np.concatenate((self._before, mids))
        self._before = row[-BEFORE:]
        deviations = np.full(len(row), np.nan)
        if len(row) > BEFORE:
            medians = np.sort(sliding_window_view(row[:-1], BEFORE), axis=1)[:, BEFORE // 2]
            deviations[BEFORE:] = np.abs(row[BEFORE:] / medians - 1.0)
        return deviations[len(row) - len(mids) :]

    def finish(self, at_ns: int) -> None:
        """The last quote shown stands until the end."""
