"""Notional limit: the largest value that may stand in one asset, ``|h[a]| × mark[a]``, and in all of them, USD."""

from __future__ import annotations

from risk_monitor.alerts import Evidence
from risk_monitor.mandates.portfolio_lines import AssetLines, EvidenceOf
from risk_monitor.watchtower import Watchtower


class NotionalLimit(AssetLines):
    """The total counts every asset, whether it has a limit of its own or not."""

    __slots__ = ("_indices", "_total")

    def __init__(
        self, tower: Watchtower, assets: tuple[tuple[int, str], ...], evidence_of: EvidenceOf, evidence: Evidence
    ) -> None:
        super().__init__("notional_limit", tower, assets, evidence_of)
        self._indices = tuple(index for index, _ in assets)
        self._total = tower.watch("notional_limit", "total", evidence)

    def evaluate(self, now_ns: int, amounts: list[float], marks: list[float]) -> None:
        for index, watch in self.lines:
            mark = marks[index]
            if mark > 0.0 or not amounts[index]:
                watch.observe(now_ns, abs(amounts[index]) * mark)
            else:
                watch.lose_sight()
        if self._total is not None:
            total = 0.0
            for index in self._indices:
                amount = amounts[index]
                if amount:
                    if marks[index] <= 0.0:
                        self._total.lose_sight()
                        return
                    total += abs(amount) * marks[index]
            self._total.observe(now_ns, total)
