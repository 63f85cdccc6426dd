"""Basis: how far a perpetual trades from the asset it stands for, as a fraction of the spot price."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.measures.price_divergence import oldest_quote_ns
from correlator.truth.prices import mean_of_defined
from correlator.truth.stretch import Books, Stretch

_Legs = list[tuple[int, int | None]]  # place of a book, and how old its last quote may be


class Basis:
    """|mid of the perpetual ÷ mean mid of its spot pair over the exchanges − 1|, per perpetual (``BTC/USDT:USDT``).

    A book whose last quote is older than the ``prices`` staleness bound is left out.
    """

    mandate = "basis"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        listed: dict[str, _Legs] = {}
        for place, book in enumerate(books.tape.books):
            listed.setdefault(book.symbol, []).append((place, oldest_quote_ns(books.limits, books, place)))
        self._perpetuals = []
        for symbol, legs in listed.items():
            spot = listed.get(symbol.partition(":")[0], [])
            gauge = board.bound(self.mandate, symbol) if ":" in symbol and spot else None
            if gauge is not None:
                self._perpetuals.append((legs, spot, gauge))

    def evaluate(self, stretch: Stretch) -> None:
        for perpetual, spot, gauge in self._perpetuals:
            contract, asset = (
                mean_of_defined([stretch.fresh_mid(place, age_ns) for place, age_ns in legs])
                for legs in (perpetual, spot)
            )
            show(gauge, stretch, np.abs(contract / asset - 1.0))
