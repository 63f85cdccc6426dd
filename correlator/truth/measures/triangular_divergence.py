"""Triangular divergence: how far one venue's ETH/BTC, BTC/USDT and ETH/USDT are from agreeing, as a fraction."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.measures.price_divergence import oldest_quote_ns
from correlator.truth.stretch import Books, Stretch

LEGS = ("ETH/BTC", "BTC/USDT", "ETH/USDT")


class TriangularDivergence:
    """|mid(ETH/BTC) × mid(BTC/USDT) ÷ mid(ETH/USDT) − 1|, per exchange that lists all three.

    Undefined while one of the three has no mid, or a last quote older than the ``prices`` staleness bound.
    """

    mandate = "triangular_divergence"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        self._triangles = []
        for venue in dict.fromkeys(book.venue for book in books.tape.books):
            places = [place for leg in LEGS if (place := books.tape.place_of(venue, leg)) is not None]
            gauge = board.bound(self.mandate, venue) if len(places) == len(LEGS) else None
            if gauge is not None:
                ages = [oldest_quote_ns(books.limits, books, place) for place in places]
                self._triangles.append((list(zip(places, ages, strict=True)), gauge))

    def evaluate(self, stretch: Stretch) -> None:
        for legs, gauge in self._triangles:
            cross, base, quote = (stretch.fresh_mid(place, age_ns) for place, age_ns in legs)
            show(gauge, stretch, np.abs(cross * base / quote - 1.0))
