"""Position limit: the largest amount of an asset that the firm may hold or owe, ``|h[a]|``, in the asset."""

from __future__ import annotations

from risk_monitor.mandates.portfolio_lines import AssetLines, EvidenceOf
from risk_monitor.watchtower import Watchtower


class PositionLimit(AssetLines):
    def __init__(self, tower: Watchtower, assets: tuple[tuple[int, str], ...], evidence_of: EvidenceOf) -> None:
        super().__init__("position_limit", tower, assets, evidence_of)

    def evaluate(self, now_ns: int, amounts: list[float], marks: list[float]) -> None:
        for index, watch in self.lines:
            value = amounts[index]
            watch.observe(now_ns, value if value >= 0.0 else -value)
