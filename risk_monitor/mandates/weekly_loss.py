"""Weekly loss: equity at the last Monday 00:00 UTC (or at the start, if later) less equity now, USD."""

from __future__ import annotations

from risk_monitor.alerts import Evidence
from risk_monitor.books.equity import EquityHistory
from risk_monitor.watchtower import Watchtower


class WeeklyLoss:
    def __init__(self, tower: Watchtower, history: EquityHistory, evidence: Evidence) -> None:
        self.watch = tower.watch("weekly_loss", "firm", evidence)
        self._history = history

    def measure(self) -> float:
        return self._history.loss_this_week
