"""Delta exposure: value gained or lost when an asset moves, as far as trading answers for it,
``|h[a] − structural[a]| × mark[a]``, USD."""

from __future__ import annotations

from risk_monitor.mandates.portfolio_lines import AssetLines, EvidenceOf
from risk_monitor.watchtower import Watchtower


class DeltaExposure(AssetLines):
    __slots__ = ("_structural",)

    def __init__(self, tower: Watchtower, assets: tuple[tuple[int, str], ...], evidence_of: EvidenceOf) -> None:
        super().__init__("delta_exposure", tower, assets, evidence_of)
        structural = dict(tower.limits.structural)
        self._structural = {index: float(structural.get(asset, 0)) for index, asset in assets}

    def evaluate(self, now_ns: int, amounts: list[float], marks: list[float]) -> None:
        for index, watch in self.lines:
            delta = abs(amounts[index] - self._structural[index])
            mark = marks[index]
            if mark > 0.0 or not delta:
                watch.observe(now_ns, delta * mark)
            else:
                watch.lose_sight()
