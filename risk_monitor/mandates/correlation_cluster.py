"""Correlation cluster: value that falls together, ``Σ |e[a]| × mark[a]`` over the assets of a cluster, USD. Longs and
shorts are added up: in a crash the correlation that would net them is what breaks."""

from __future__ import annotations

from risk_monitor.alerts import Evidence, Watch
from risk_monitor.mandates.portfolio_lines import EvidenceOf
from risk_monitor.watchtower import Watchtower


class CorrelationCluster:
    """One watch per cluster of the limits file that has a rule; assets outside the universe are not held."""

    __slots__ = ("_lines",)

    def __init__(self, tower: Watchtower, index: dict[str, int], evidence_of: EvidenceOf) -> None:
        lines: list[tuple[tuple[int, ...], Watch]] = []
        for cluster in tower.limits.clusters:
            watch = tower.watch("correlation_cluster", cluster.name, _evidence(cluster.assets, evidence_of))
            if watch is not None:
                lines.append((tuple(index[asset] for asset in cluster.assets if asset in index), watch))
        self._lines = tuple(lines)

    def evaluate(self, now_ns: int, amounts: list[float], marks: list[float]) -> None:
        for indices, watch in self._lines:
            total = 0.0
            for index in indices:
                if amounts[index]:
                    if marks[index] <= 0.0:
                        watch.lose_sight()
                        break
                    total += abs(amounts[index]) * marks[index]
            else:
                watch.observe(now_ns, total)


def _evidence(assets: tuple[str, ...], evidence_of: EvidenceOf) -> Evidence:
    """The first of what shows each asset: who holds most of it."""
    each = tuple(evidence_of(asset) for asset in assets)
    return lambda: tuple(text for evidence in each for text in evidence()[:2])
