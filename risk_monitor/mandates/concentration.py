"""Concentration: how much of the firm's worth stands in one asset, ``|e[a]| × mark[a] ÷ equity``."""

from __future__ import annotations

from risk_monitor.mandates.portfolio_lines import AssetLines, EvidenceOf
from risk_monitor.watchtower import Watchtower


class Concentration(AssetLines):
    """There is no measure while equity is unknown or used up: nothing can be a share of that."""

    def __init__(self, tower: Watchtower, assets: tuple[tuple[int, str], ...], evidence_of: EvidenceOf) -> None:
        super().__init__("concentration", tower, assets, evidence_of)

    def evaluate(self, now_ns: int, amounts: list[float], marks: list[float], equity: float | None) -> None:
        for index, watch in self.lines:
            if equity is None or equity <= 0.0 or (amounts[index] and marks[index] <= 0.0):
                watch.lose_sight()
            else:
                watch.observe(now_ns, abs(amounts[index]) * marks[index] / equity)
