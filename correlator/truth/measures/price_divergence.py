"""Price divergence: how far apart two venues price the same pair, as a fraction of their mean."""

from __future__ import annotations

import numpy as np

from correlator.limits import Limits
from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.stretch import Books, Stretch


class PriceDivergence:
    """(largest mid − smallest mid) ÷ mean of the two, per pair that two or more exchanges list.

    An exchange whose last quote is older than the ``prices`` staleness bound is left out.
    """

    mandate = "price_divergence"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        venues: dict[str, list[int]] = {}
        for place, book in enumerate(books.tape.books):
            venues.setdefault(book.symbol, []).append(place)
        self._pairs = []
        for pair, places in venues.items():
            gauge = board.bound(self.mandate, pair) if len(places) > 1 else None
            if gauge is not None:
                ages = [oldest_quote_ns(books.limits, books, place) for place in places]
                self._pairs.append((list(zip(places, ages, strict=True)), gauge))

    def evaluate(self, stretch: Stretch) -> None:
        for places, gauge in self._pairs:
            mids = np.vstack([stretch.fresh_mid(place, age_ns) for place, age_ns in places])
            smallest, largest = np.fmin.reduce(mids), np.fmax.reduce(mids)
            divergence = 2.0 * (largest - smallest) / (largest + smallest)
            alone = (~np.isnan(mids)).sum(axis=0) < 2
            show(gauge, stretch, np.where(alone, np.nan, divergence))


def oldest_quote_ns(limits: Limits, books: Books, place: int) -> int | None:
    """How old a book's last quote may be before the book is left out: the tightest ``prices`` staleness bound."""
    mandate = limits.mandate("feed_staleness")
    if mandate is None:
        return None
    book = books.tape.books[place]
    bounds = mandate.bounds(f"{book.venue}:{book.symbol}", default="prices")
    return min((round(bound.value * 1e9) for bound in bounds), default=None)
