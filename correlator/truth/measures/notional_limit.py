"""Notional: what a position is worth, long or short, in USD; per asset and over all of them."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.stretch import Books, Stretch

TOTAL = "total"


class NotionalLimit:
    """|exposure| × mark, per asset that is neither USD nor a stablecoin, and the sum."""

    mandate = "notional_limit"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        self._gauges = [(asset, board.bound(self.mandate, asset)) for asset in books.risk_assets()]
        self._total = board.bound(self.mandate, TOTAL, default=TOTAL)

    def evaluate(self, stretch: Stretch) -> None:
        total = np.zeros(len(stretch.times))
        for asset, gauge in self._gauges:
            notional = stretch.worth(np.abs(stretch.exposure(asset)), asset)
            total += notional
            if gauge is not None:
                show(gauge, stretch, notional)
        if self._total is not None:
            show(self._total, stretch, total)
