"""Frozen feed: a feed that goes on and always says the same."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import Gauge
from correlator.truth.shown.quotes import QuoteStretch

FEWEST_SAME = 10
"""How many quotes must have been shown since the last change."""


class FrozenFeed:
    """now − when the best bid or ask shown last changed, while 10 quotes or more have been shown since."""

    mandate = "frozen_feed"

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._last: tuple[float, ...] | None = None
        self._since_ns = 0
        self._same = 0  # quotes shown since the last change
        self._counts_ns: int | None = None  # when they had become 10
        self._seq = 0

    def evaluate(self, stretch: QuoteStretch) -> None:
        shown = np.column_stack((stretch.bids, stretch.asks))
        before = shown[:1] if self._last is None else np.array([self._last])
        differs = (np.concatenate((before, shown))[:-1] != shown).any(axis=1)
        differs[0] |= self._last is None
        self._last = tuple(shown[-1].tolist())
        self._draw(stretch, differs)
        begins = np.flatnonzero(differs)
        ends = np.append(begins[1:], len(differs))
        self._go_on(stretch, 0, int(begins[0]) if len(begins) else len(differs))
        # Most quotes change at once. Only long spells matter, and what ends them.
        long = ends - begins > FEWEST_SAME
        matters = long.copy()
        matters[1:] |= long[:-1]
        matters[:1] = matters[-1:] = True
        for place in np.flatnonzero(matters).tolist():
            self._change(stretch, int(begins[place]))
            self._go_on(stretch, int(begins[place]) + 1, int(ends[place]))

    def _change(self, stretch: QuoteStretch, place: int) -> None:
        at_ns = int(stretch.times[place])
        if self._counts_ns is not None:
            self._advance(at_ns)
            for rule in self._gauge.rules:
                rule.tracker.end(at_ns)
        self._since_ns, self._same, self._counts_ns = at_ns, 0, None
        self._seq = stretch.seq(place)

    def _go_on(self, stretch: QuoteStretch, begin: int, end: int) -> None:
        """The quotes from ``begin`` to ``end`` are all as the one before them."""
        if self._counts_ns is None and self._same + end - begin >= FEWEST_SAME:
            self._counts_ns = int(stretch.times[begin + FEWEST_SAME - self._same - 1])
        self._same += end - begin

    def _advance(self, to_ns: int) -> None:
        """Let time pass since the last change."""
        if self._counts_ns is None:
            return
        for rule in self._gauge.rules:
            begins_ns = max(self._since_ns + round(rule.tracker.bound * 1e9), self._counts_ns)
            if to_ns > begins_ns:
                rule.tracker.begin(begins_ns, self._seq, (to_ns - self._since_ns) / 1e9)

    def _draw(self, stretch: QuoteStretch, differs: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        """Show how long nothing had changed when each quote arrived."""
        places = np.arange(len(differs))
        last_change = np.maximum.accumulate(np.where(differs, places, -1))
        since = np.where(last_change >= 0, stretch.times[np.maximum(last_change, 0)], self._since_ns)
        same = np.where(last_change >= 0, places - last_change, self._same + places + 1)
        elapsed = np.where(same >= FEWEST_SAME, (stretch.times - since) / 1e9, 0.0)
        self._gauge.envelope.update(elapsed, stretch.edges)

    def finish(self, at_ns: int) -> None:
        self._advance(at_ns)
