"""Drawdown: loss from the high-water mark, ``(high-water mark − equity) ÷ high-water mark``. The high-water mark is
the largest equity since the start."""

from __future__ import annotations

from risk_monitor.alerts import Evidence
from risk_monitor.books.equity import EquityHistory
from risk_monitor.watchtower import Watchtower


class Drawdown:
    def __init__(self, tower: Watchtower, history: EquityHistory, evidence: Evidence) -> None:
        self.watch = tower.watch("drawdown", "firm", evidence)
        self._history = history

    def measure(self) -> float:
        return self._history.drawdown
