"""Watches on assets of the portfolio: what the mandates on holdings have in common."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor.alerts import Evidence, Watch
from risk_monitor.watchtower import Watchtower

EvidenceOf = Callable[[str], Evidence]
"""Given an asset, what shows how much of it there is and what it is worth."""


class AssetLines:
    """One watch per asset that the mandate has a rule for, with the asset's index in the portfolio."""

    __slots__ = ("lines",)

    def __init__(
        self, mandate: str, tower: Watchtower, assets: tuple[tuple[int, str], ...], evidence_of: EvidenceOf
    ) -> None:
        lines: list[tuple[int, Watch]] = []
        for index, asset in assets:
            watch = tower.watch(mandate, asset, evidence_of(asset))
            if watch is not None:
                lines.append((index, watch))
        self.lines = tuple(lines)
