"""Heartbeat: time since the monitor was last reached by a sign of life of a strategy; before the first one, time since
the start."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.mandates.elapsed import Elapsed
from risk_monitor.timestamps import utc
from risk_monitor.watchtower import Watchtower

MAX_STRATEGIES = 256


class Heartbeats:
    """All strategies: those that the configuration names, and those that the gateway tells of later."""

    def __init__(self, tower: Watchtower, gateway: str, strategies: tuple[str, ...], agenda: Agenda) -> None:
        self._tower = tower
        self._gateway = gateway
        self._agenda = agenda
        self._elapsed: dict[str, Elapsed | None] = {}
        self._beaten: dict[str, int] = {}
        self._listed: tuple[str, ...] = ()
        for strategy in strategies:
            self._expect(strategy)

    def start(self, now_ns: int) -> None:
        for strategy in self._elapsed:
            self._reached(now_ns, strategy)

    def listed(self, now_ns: int, strategies: tuple[str, ...]) -> None:
        """The gateway says whom it knows. Another than the configured ones is watched once it has been named twice in a
        row: a name may arrive garbled."""
        for strategy in strategies:
            if strategy in self._listed and strategy not in self._elapsed and len(self._elapsed) < MAX_STRATEGIES:
                self._expect(strategy)
                self._reached(now_ns, strategy)
        self._listed = strategies

    def beat(self, now_ns: int, strategy: str) -> None:
        if strategy in self._elapsed:
            self._beaten[strategy] = now_ns
            self._reached(now_ns, strategy)

    def _expect(self, strategy: str) -> None:
        watch = self._tower.watch("heartbeat", strategy, lambda: self._evidence(strategy))
        self._elapsed[strategy] = Elapsed(watch, self._agenda) if watch else None

    def _reached(self, now_ns: int, strategy: str) -> None:
        elapsed = self._elapsed[strategy]
        if elapsed is None:
            return
        if elapsed.since_ns is None or elapsed.is_astir:
            elapsed.restart(now_ns, now_ns)
        else:
            elapsed.since_ns = now_ns

    def _evidence(self, strategy: str) -> tuple[str, ...]:
        beaten_ns = self._beaten.get(strategy)
        last = utc(beaten_ns) if beaten_ns is not None else "never"
        return (f"{self._gateway} stream heartbeats, {strategy} last alive {last}",)
