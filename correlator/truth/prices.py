"""Prices: the true mid of every book, and the mark of every asset made from them.

*Mid* of a pair at a venue: the mean of its best bid and ask; none while a side is empty. *Mark* of an asset: 1 for USD;
otherwise the mean of the mids of ASSET/USD over the exchanges that list it; where none does, the mean mid of ASSET/USDT
times the mark of USDT.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from correlator.records import Quote
from correlator.truth.intervals import Times, Values
from correlator.truth.ledger import Book
from correlator.truth.timeline import Changes, step_column

_NONE = float("nan")

NO_QUOTE_NS = -(1 << 62)
"""The time of a quote that never was."""


class QuoteTape:
    """The quotes of a stretch, book by book. ``index`` of a book is its place in ``books``."""

    def __init__(self) -> None:
        self.books: list[Book] = []
        self.quotes: list[Quote] = []
        self.mid_before: list[float] = []
        self.quoted_before_ns: list[int] = []
        self._places: dict[str, dict[int, int]] = {}
        self._times: list[Times] = []
        self._mids: list[Values] = []
        self._last_quotes: dict[int, Quote] = {}  # of the stretches before

    def enlist(self, book: Book, index: int) -> None:
        """A venue lists a pair, its listing number ``index``."""
        self._places.setdefault(book.venue, {})[index] = len(self.books)
        self.books.append(book)
        self.mid_before.append(float("nan"))
        self.quoted_before_ns.append(NO_QUOTE_NS)

    def find(self, venue: str, index: int) -> Book | None:
        """The book of a venue's listing number, if it has one."""
        place = self._places.get(venue, {}).get(index)
        return None if place is None else self.books[place]

    def place_of(self, venue: str, symbol: str) -> int | None:
        """Where a venue's pair stands in ``books``."""
        for place, book in enumerate(self.books):
            if book.venue == venue and book.symbol == symbol:
                return place
        return None

    def gather(self, changes: Changes) -> None:
        """Lay the stretch's quotes out as columns. KeyError for a quote of no listing."""
        quotes = self.quotes
        count = len(quotes)
        times = np.fromiter([quote.at_ns for quote in quotes], np.int64, count)
        changes.add_many(times, lambda: np.fromiter([quote.seq for quote in quotes], np.int64, count))
        places = np.fromiter([self._places[quote.source][quote.index] for quote in quotes], np.int64, count)
        doubled = np.fromiter(
            [quote.bid_ticks + quote.ask_ticks if quote.bid_lots and quote.ask_lots else _NONE for quote in quotes],
            np.float64,
            count,
        )
        self._times.clear()
        self._mids.clear()
        for place, book in enumerate(self.books):
            mine = np.flatnonzero(places == place)
            self._times.append(times[mine])
            self._mids.append(doubled[mine] * (book.tick * 0.5))
            if len(mine):
                self._last_quotes[place] = quotes[int(mine[-1])]

    @property
    def last_seq(self) -> int:
        """Number of the stretch's last quote; 0 if there is none."""
        return self.quotes[-1].seq if self.quotes else 0

    def mid_column(self, place: int, moments: Times) -> Values:
        """The mid of a book at each moment; NaN while it has none."""
        return step_column(self.mid_before[place], self._times[place], self._mids[place], moments)

    def quoted_column(self, place: int, moments: Times) -> Times:
        """When a book was last quoted, at each moment."""
        times = self._times[place]
        places = np.searchsorted(moments, times)
        counts = np.diff(np.concatenate(([0], places, [len(moments)])))
        return np.repeat(np.concatenate(([self.quoted_before_ns[place]], times)), counts)

    def quoted_at(self, place: int, moments: Times) -> Times:
        """When a book was last quoted, at any moments of the stretch."""
        quoted = np.concatenate(([self.quoted_before_ns[place]], self._times[place]))
        return quoted[np.searchsorted(self._times[place], moments, side="right")]

    def last_quote(self, venue: str, index: int) -> Quote | None:
        """The quote of a venue's listing that was taken last."""
        for quote in reversed(self.quotes):
            if quote.index == index and quote.source == venue:
                return quote
        place = self._places.get(venue, {}).get(index)
        return None if place is None else self._last_quotes.get(place)

    def expiries(self, place: int, age_ns: int, from_ns: int, to_ns: int) -> list[int]:
        """Moments in ``(from_ns, to_ns]`` at which the book's last quote became older than ``age_ns``."""
        quoted = np.concatenate(([self.quoted_before_ns[place]], self._times[place]))
        following = np.concatenate((self._times[place], [to_ns + 1]))
        stale = quoted + (age_ns + 1)
        return [int(at_ns) for at_ns in stale[(stale < following) & (stale > from_ns)]]

    def roll(self) -> None:
        """Begin the next stretch."""
        for place, times in enumerate(self._times):
            if len(times):
                self.quoted_before_ns[place] = int(times[-1])
                self.mid_before[place] = float(self._mids[place][-1])
        self.quotes.clear()
        self._times = [np.empty(0, np.int64) for _ in self.books]
        self._mids = [np.empty(0, np.float64) for _ in self.books]


def mean_of_defined(columns: Sequence[Values]) -> Values:
    """The mean, moment by moment, of those columns that are defined there; NaN where none is."""
    if len(columns) == 1:
        return columns[0]
    stacked = np.vstack(columns)
    defined = ~np.isnan(stacked)
    if defined.all():
        return np.asarray(stacked.sum(axis=0) / len(columns), np.float64)
    counts = defined.sum(axis=0)
    sums = np.where(defined, stacked, 0.0).sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
