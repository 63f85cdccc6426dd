"""Position: how much of an asset the firm holds, long or short, in the asset itself."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.stretch import Books, Stretch


class PositionLimit:
    """|exposure|, per asset that is neither USD nor a stablecoin."""

    mandate = "position_limit"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        gauges = [(asset, board.bound(self.mandate, asset)) for asset in books.risk_assets()]
        self._gauges = [(asset, gauge) for asset, gauge in gauges if gauge is not None]

    def evaluate(self, stretch: Stretch) -> None:
        for asset, gauge in self._gauges:
            show(gauge, stretch, np.abs(stretch.exposure(asset)))
