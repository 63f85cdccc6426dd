"""Stablecoin exposure: how much was trusted to a coin's promise, ``h[s]`` at par, USD: what was believed to be safe."""

from __future__ import annotations

from risk_monitor.mandates.portfolio_lines import AssetLines, EvidenceOf
from risk_monitor.watchtower import Watchtower


class StablecoinExposure(AssetLines):
    def __init__(self, tower: Watchtower, assets: tuple[tuple[int, str], ...], evidence_of: EvidenceOf) -> None:
        super().__init__("stablecoin_exposure", tower, assets, evidence_of)

    def evaluate(self, now_ns: int, amounts: list[float], marks: list[float]) -> None:
        for index, watch in self.lines:
            watch.observe(now_ns, amounts[index])
