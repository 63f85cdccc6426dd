"""Stablecoin exposure: how much the firm has entrusted to a stablecoin, at par, in USD."""

from __future__ import annotations

from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.stretch import Books, Stretch


class StablecoinExposure:
    """Holding × 1 USD, per stablecoin: what was believed to be safe."""

    mandate = "stablecoin_exposure"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        coins = [coin for coin in books.limits.stablecoins if coin in books.holdings]
        gauges = [(coin, board.bound(self.mandate, coin)) for coin in coins]
        self._gauges = [(coin, gauge) for coin, gauge in gauges if gauge is not None]

    def evaluate(self, stretch: Stretch) -> None:
        for coin, gauge in self._gauges:
            show(gauge, stretch, stretch.holding(coin))
