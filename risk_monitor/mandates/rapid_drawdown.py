"""Rapid drawdown: loss within minutes, the largest equity within the last ``window`` less equity now, USD."""

from __future__ import annotations

from risk_monitor.alerts import Evidence
from risk_monitor.books.equity import EquityHistory
from risk_monitor.watchtower import Watchtower


class RapidDrawdown:
    def __init__(self, tower: Watchtower, history: EquityHistory, evidence: Evidence) -> None:
        self.watch = tower.watch("rapid_drawdown", "firm", evidence)
        self._history = history

    def measure(self) -> float:
        return self._history.loss_in_window
