"""Failover storm: orders that are sent another way again and again. Failovers of the order path within ``window``."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.mandates.recent import Recent
from risk_monitor.watchtower import Watchtower


class FailoverStorm:
    """The order path of the firm. Its failovers are the monitor's own, so none of them is out of sight."""

    def __init__(self, tower: Watchtower, agenda: Agenda) -> None:
        self._failovers = Recent(tower, "failover_storm", "orders", agenda)

    def start(self, now_ns: int) -> None:
        self._failovers.regain(now_ns)

    def happened(self, now_ns: int, note: str = "failover of the order path") -> None:
        self._failovers.happened(now_ns, note)
