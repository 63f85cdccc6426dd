"""Correlation cluster: what the firm has in assets that fall together, in USD."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.stretch import Books, Stretch


class CorrelationCluster:
    """Σ |exposure| × mark over the assets of a cluster of the limits file."""

    mandate = "correlation_cluster"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        self._gauges = []
        for name, assets in books.limits.clusters.items():
            gauge = board.bound(self.mandate, name)
            if gauge is not None:
                self._gauges.append(([asset for asset in assets if asset in books.holdings], gauge))

    def evaluate(self, stretch: Stretch) -> None:
        for assets, gauge in self._gauges:
            total = np.zeros(len(stretch.times))
            for asset in assets:
                total += stretch.worth(np.abs(stretch.exposure(asset)), asset)
            show(gauge, stretch, total)
