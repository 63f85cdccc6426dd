"""Quotes as they were shown: the best bid and ask of a pair at a venue, each from when it reached the monitor on."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np

from correlator.records import Push
from correlator.truth.intervals import Times, Values
from correlator.truth.series import Buckets
from correlator.truth.shown.inbox import Inbox
from correlator.truth.shown.payloads import Ticker, read_ticker, read_tickers


class QuoteStretch:
    """Some quotes of one pair in the order in which they arrived; the last ones known up to ``known_ns``.

    A quote with an empty side has no mid (NaN).
    """

    def __init__(
        self, pushes: list[Push], times: Times, tickers: list[Ticker], known_ns: int, buckets: Buckets
    ) -> None:
        count = len(tickers)
        self.known_ns = known_ns
        self.times = times
        self._pushes = pushes
        self.bids: Values = np.fromiter([ticker.b for ticker in tickers], np.float64, count)
        self.asks: Values = np.fromiter([ticker.a for ticker in tickers], np.float64, count)
        self.bid_sizes: Values = np.fromiter([ticker.B for ticker in tickers], np.float64, count)
        self.ask_sizes: Values = np.fromiter([ticker.A for ticker in tickers], np.float64, count)
        self._buckets = buckets

    @cached_property
    def mids(self) -> Values:
        two_sided = (self.bid_sizes > 0) & (self.ask_sizes > 0) & (self.bids > 0) & (self.asks > 0)
        return np.where(two_sided, (self.bids + self.asks) / 2, np.nan)

    @cached_property
    def edges(self) -> tuple[Times, Times]:
        return self._buckets.edges(self.times)

    def seq_at(self, at_ns: int) -> int:
        """The record that was the last to arrive by then."""
        found = int(np.searchsorted(self.times, at_ns, side="right"))
        return self.seq(found - 1) if found else 0

    def seq(self, place: int) -> int:
        """The record of one of them."""
        return self._pushes[place].seq


class QuoteMeasure(Protocol):
    """A measure of one pair's quotes."""

    def evaluate(self, stretch: QuoteStretch) -> None:
        """Take the next quotes, of which there is at least one."""

    def finish(self, at_ns: int) -> None:
        """The history ends here."""


class ShownQuotes:
    """The quotes of one pair, gathered and decoded many at a time.

    ``age_ns``: how long a quote is fresh, None for ever.
    """

    def __init__(self, venue: str, pair: str, age_ns: int | None, buckets: Buckets) -> None:
        self.venue = venue
        self.pair = pair
        self.age_ns = age_ns
        self.inbox = Inbox()
        self.measures: list[QuoteMeasure] = []
        self._buckets = buckets
        self._last_mid = float("nan")
        self._last_ns: int | None = None

    def settle(self, known_ns: int) -> QuoteStretch | None:
        """Measure everything that had arrived by ``known_ns``; None if that is nothing."""
        pushes, times = self.inbox.take(known_ns)
        if not pushes:
            return None
        read = read_tickers([push.payload for push in pushes])
        tickers = [ticker for ticker in read if ticker is not None]
        if not tickers:
            return None
        if len(tickers) < len(pushes):
            places = [place for place, ticker in enumerate(read) if ticker is not None]
            pushes, times = [pushes[place] for place in places], times[places]
        stretch = QuoteStretch(pushes, times, tickers, known_ns, self._buckets)
        self._last_mid, self._last_ns = float(stretch.mids[-1]), int(stretch.times[-1])
        for measure in self.measures:
            measure.evaluate(stretch)
        return stretch

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        for measure in self.measures:
            measure.finish(at_ns)

    def mid(self, at_ns: int) -> tuple[float, bool]:
        """Mid of the last quote shown by ``at_ns``, not before what was settled last, NaN if it has none; and whether
        the quote is fresh then."""
        came = [push for push in self.inbox.arrivals if 0 < push.arrives_ns <= at_ns]
        for push in sorted(came, key=lambda push: push.arrives_ns, reverse=True):
            ticker = read_ticker(push.payload)
            if ticker is not None:
                mid = (ticker.b + ticker.a) / 2 if ticker.B > 0 and ticker.A > 0 else float("nan")
                return mid, self._is_fresh(push.arrives_ns, at_ns)
        return self._last_mid, self._last_ns is not None and self._is_fresh(self._last_ns, at_ns)

    def _is_fresh(self, came_ns: int, at_ns: int) -> bool:
        return self.age_ns is None or at_ns - came_ns <= self.age_ns
