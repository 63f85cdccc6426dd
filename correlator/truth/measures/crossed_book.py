"""Crossed book: a bid above the ask, which no market that works shows."""

from __future__ import annotations

from correlator.truth.gauge import Gauge
from correlator.truth.shown.quotes import QuoteStretch


class CrossedBook:
    """(bid − ask) ÷ mid of the last quote shown, per ``venue:pair``."""

    mandate = "crossed_book"

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge

    def evaluate(self, stretch: QuoteStretch) -> None:
        crossed = (stretch.bids - stretch.asks) / stretch.mids
        self._gauge.update(stretch.times, crossed, stretch.seq_at, stretch.edges)

    def finish(self, at_ns: int) -> None:
        """The last quote shown stands until the end."""
