"""Minute returns: how each asset's mark moved from one full UTC minute to the next, and those of the last hours.

A minute's return is the logarithm of the mark at its end over the mark at its beginning. Marks are made from fresh
quotes only (those not older than the ``prices`` staleness bound); where there is none at either end, the minute has no
return (NaN).
"""

from __future__ import annotations

import numpy as np

from correlator.truth.intervals import Times, Values
from correlator.truth.measures.price_divergence import oldest_quote_ns
from correlator.truth.prices import mean_of_defined
from correlator.truth.stretch import USD, Books, Stretch

MINUTE_NS = 60_000_000_000
BASELINE_MINUTES = 24 * 60
FEWEST_BASELINE_RETURNS = 60


def full_minutes(from_ns: int, to_ns: int) -> list[int]:
    """Every full UTC minute in ``(from_ns, to_ns]``."""
    return list(range((from_ns // MINUTE_NS + 1) * MINUTE_NS, to_ns + 1, MINUTE_NS))


class MinuteReturns:
    """The last ``kept`` minutes before a stretch and the stretch's own, for every asset but USD.

    ``history`` has a row per asset of ``assets`` and a column per minute; its last columns are those that end at
    ``minutes``, which stand at ``places`` of the stretch's moments. A minute of which the run knows nothing is NaN.
    """

    def __init__(self, books: Books, kept: int) -> None:
        self._books = books
        self._kept = kept
        self._taken: Stretch | None = None
        self._ages = [oldest_quote_ns(books.limits, books, place) for place in range(len(books.tape.books))]
        self.assets = [asset for asset in books.holdings if asset != USD]
        self._last_marks = np.full((len(self.assets), 1), np.nan)
        self.history: Values = np.full((len(self.assets), kept), np.nan)
        self.minutes: Times = np.empty(0, np.int64)
        self.places: Times = np.empty(0, np.int64)

    def take(self, stretch: Stretch) -> int:
        """Take a stretch, unless it is taken already; returns how many full minutes it has."""
        if stretch is self._taken:
            return len(self.minutes)
        self._taken = stretch
        self.places = np.flatnonzero(stretch.times % MINUTE_NS == 0)
        self.minutes = stretch.times[self.places]
        if not len(self.minutes):
            return 0
        marks = np.hstack((self._last_marks, np.vstack([self._marks(stretch, asset) for asset in self.assets])))
        self._last_marks = marks[:, -1:]
        returns = np.log(marks[:, 1:] / marks[:, :-1])
        self.history = np.concatenate((self.history[:, -self._kept :], returns), axis=1)
        return len(self.minutes)

    def _marks(self, stretch: Stretch, asset: str) -> Values:
        """The fresh mark of an asset at the stretch's minutes."""
        places, crossed = self._books.mark_places(asset)
        if not places or (crossed and asset == "USDT"):
            return np.full(len(self.minutes), np.nan)
        mean = mean_of_defined([self._fresh_mid(stretch, place) for place in places])
        return mean * self._marks(stretch, "USDT") if crossed else mean

    def _fresh_mid(self, stretch: Stretch, place: int) -> Values:
        mids, age_ns = stretch.mid(place)[self.places], self._ages[place]
        if age_ns is None:
            return mids
        quoted_ns = self._books.tape.quoted_at(place, self.minutes)
        return np.where(self.minutes - quoted_ns <= age_ns, mids, np.nan)
