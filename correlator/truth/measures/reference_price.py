"""Reference price: how far a price source is from what the others say, as a fraction."""

from __future__ import annotations

from heapq import heappop, heappush
from statistics import median

from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.truth.shown.quotes import QuoteStretch, ShownQuotes
from correlator.truth.shown.shown_marks import SECOND_NS, ShownMarks
from correlator.truth.shown.source_prices import SourcePrice

OLDEST_NS = 300 * SECOND_NS


class _View:
    """What one source told last of one asset."""

    def __init__(self, gauge: Gauge | None) -> None:
        self.gauge = gauge
        self.ratio = float("nan")
        self.ends_ns = 0  # when the price is older than it may be


class ReferencePrice:
    """|its ratio ÷ the middle of all ratios − 1| per ``source:asset``, of the last price told, for five minutes.

    A source's *ratio* is its price ÷ the nearest of the marks at the whole seconds from one before the second that its
    timestamp names to one after it, as shown by then; the mark's own is 1. With one source the middle is that of the
    mark, 1.
    """

    mandate = "reference_price"

    def __init__(self, board: GaugeBoard, start_ns: int) -> None:
        self.marks = ShownMarks(start_ns)
        self._board = board
        self._told: list[tuple[int, int, str, list[SourcePrice]]] = []
        self._views: dict[str, dict[str, _View]] = {}
        self._ends: list[tuple[int, str]] = []

    def told(self, at_ns: int, seq: int, source: str, prices: list[SourcePrice]) -> None:
        """A source's prices reached the monitor."""
        if prices:
            heappush(self._told, (at_ns, seq, source, prices))

    def settle(self, stretches: dict[ShownQuotes, QuoteStretch], known_ns: int) -> None:
        """Measure up to ``known_ns``; ``stretches``: the quotes that arrived since the last time."""
        self.marks.settle(stretches, known_ns)
        while self._told and self._told[0][0] <= known_ns:
            at_ns, seq, source, prices = heappop(self._told)
            self._forget(at_ns)
            for price in prices:
                self._take(at_ns, seq, source, price)
        self._forget(known_ns)

    def _take(self, at_ns: int, seq: int, source: str, price: SourcePrice) -> None:
        views = self._views.setdefault(price.asset, {})
        if source not in views:
            views[source] = _View(self._board.bound(self.mandate, f"{source}:{price.asset}"))
        view = views[source]
        to_ns = min(price.at_ns + 2 * SECOND_NS, at_ns)
        view.ratio = price.usd / self.marks.nearest(price.asset, price.usd, price.at_ns - SECOND_NS, to_ns)
        view.ends_ns = price.at_ns + OLDEST_NS + 1
        if view.ends_ns > at_ns:
            heappush(self._ends, (view.ends_ns, price.asset))
        self._compare(at_ns, seq, price.asset)

    def _forget(self, to_ns: int) -> None:
        """Prices grow too old up to ``to_ns``."""
        while self._ends and self._ends[0][0] <= to_ns:
            ends_ns, asset = heappop(self._ends)
            if any(view.ends_ns == ends_ns for view in self._views[asset].values()):
                self._compare(ends_ns, 0, asset)

    def _compare(self, at_ns: int, seq: int, asset: str) -> None:
        views = self._views[asset].values()
        counting = [view for view in views if view.ends_ns > at_ns and view.ratio == view.ratio]
        middle = median((1.0, *(view.ratio for view in counting))) if len(counting) > 1 else 1.0
        for view in views:
            if view.gauge is not None:
                value = abs(view.ratio / middle - 1.0) if view in counting else float("nan")
                view.gauge.set(at_ns, value, seq)
