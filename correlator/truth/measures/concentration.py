"""Concentration: how much of the firm's equity stands on one asset, as a fraction."""

from __future__ import annotations

import numpy as np

from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.measure import show
from correlator.truth.stretch import Books, Stretch


class Concentration:
    """|exposure| × mark ÷ equity, per asset that is neither USD nor a stablecoin; undefined without equity."""

    mandate = "concentration"

    def __init__(self, board: GaugeBoard, books: Books) -> None:
        gauges = [(asset, board.bound(self.mandate, asset)) for asset in books.risk_assets()]
        self._gauges = [(asset, gauge) for asset, gauge in gauges if gauge is not None]

    def evaluate(self, stretch: Stretch) -> None:
        if not self._gauges:
            return
        solvent = stretch.equity > 0.0
        equity = np.where(solvent, stretch.equity, 1.0)
        for asset, gauge in self._gauges:
            share = stretch.worth(np.abs(stretch.exposure(asset)), asset) / equity
            show(gauge, stretch, np.where(solvent, share, np.nan))
