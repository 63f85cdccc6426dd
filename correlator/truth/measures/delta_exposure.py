"""Delta exposure: what the firm gains or loses in USD when an asset's price doubles, beyond its structural holding."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.stretch import Books, Stretch


class DeltaExposure:
    """|exposure − structural holding| × mark, per asset that is neither USD nor a stablecoin."""

    mandate = "delta_exposure"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        structural = books.limits.structural
        gauges = [
            (asset, structural.get(asset, 0.0), board.bound(self.mandate, asset)) for asset in books.risk_assets()
        ]
        self._gauges = [(asset, kept, gauge) for asset, kept, gauge in gauges if gauge is not None]

    def evaluate(self, stretch: Stretch) -> None:
        for asset, kept, gauge in self._gauges:
            show(gauge, stretch, stretch.worth(np.abs(stretch.exposure(asset) - kept), asset))
