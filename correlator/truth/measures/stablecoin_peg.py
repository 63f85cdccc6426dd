"""Stablecoin peg: how far a stablecoin trades from the dollar it promises, as a fraction."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.stretch import USD, Books, Stretch


class StablecoinPeg:
    """|mark − 1|, per stablecoin that some exchange lists against USD."""

    mandate = "stablecoin_peg"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        listed = {book.symbol for book in books.tape.books}
        coins = [coin for coin in books.limits.stablecoins if f"{coin}/{USD}" in listed]
        gauges = [(coin, board.bound(self.mandate, coin)) for coin in coins]
        self._gauges = [(coin, gauge) for coin, gauge in gauges if gauge is not None]

    def evaluate(self, stretch: Stretch) -> None:
        for coin, gauge in self._gauges:
            show(gauge, stretch, np.abs(stretch.mark(coin) - 1.0))
