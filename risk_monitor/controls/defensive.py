"""Defensive mode: while a strategy cannot be trusted to see straight (its heartbeat is stale, its orders slip), its
orders go through at a fraction of their size."""

from __future__ import annotations

from risk_monitor.agenda import Agenda, Job
from risk_monitor.controls.config import Allows, DefensiveConfig
from risk_monitor.controls.deeds import Deed, DeedBook, SavedDeed
from risk_monitor.controls.order_path import EVERY
from risk_monitor.controls.restraint import Restraint
from risk_monitor.controls.triggers import Alarm, Roster
from risk_monitor.effects import AlertState, Signal

CONTROL = "defensive"


class _Mode:
    __slots__ = ("deed", "job")

    def __init__(self, deed: Deed, job: Job) -> None:
        self.deed = deed
        self.job = job


class Defensive:
    """Alerts that speak of no strategy put the whole firm on the defensive."""

    def __init__(self, config: DefensiveConfig, roster: Roster, agenda: Agenda, deeds: DeedBook) -> None:
        self._config = config
        self._roster = roster
        self._agenda = agenda
        self._deeds = deeds
        self._alarm = Alarm(config.on)
        self._modes: dict[str, _Mode] = {}

    def on_signal(self, now_ns: int, signal: Signal) -> None:
        if self._alarm.rang(signal):
            for scope in self._scopes(signal):
                self._begin(scope, signal.alert_id)
        elif signal.state is AlertState.RESOLVED:
            for scope, mode in self._modes.items():
                if not self._is_alarmed(scope) and mode.job.due_ns > now_ns + self._config.calm_ns:
                    self._agenda.arm(mode.job, now_ns + self._config.calm_ns)

    def save(self) -> tuple[SavedDeed, ...]:
        return tuple(mode.deed.save() for mode in self._modes.values())

    def resume(self, now_ns: int, deeds: tuple[SavedDeed, ...], firing: tuple[Signal, ...]) -> None:
        """The monitor was restarted: whoever was on the defensive still is, and for as long as its alerts fire."""
        self._alarm.resume(firing)
        for deed in deeds:
            if deed.control == CONTROL:
                self._defend(deed.subject, self._deeds.resume(deed))
                if not self._is_alarmed(deed.subject):
                    self._agenda.arm(self._modes[deed.subject].job, now_ns + self._config.calm_ns)

    def restraint(self, strategy: str) -> Restraint | None:
        mode = self._modes.get(strategy) or self._modes.get(EVERY)
        if mode is None:
            return None
        return Restraint(CONTROL, self._config.scale, Allows.EVERYTHING, f"defensive mode since {mode.deed.trigger}")

    def _begin(self, scope: str, trigger: str) -> None:
        mode = self._modes.get(scope)
        if mode is not None:
            self._agenda.cancel(mode.job)
            return
        deed = self._deeds.take(CONTROL, scope, trigger, f"orders at {self._config.scale:.0%} of their size")
        self._defend(scope, deed)

    def _defend(self, scope: str, deed: Deed) -> None:
        self._modes[scope] = _Mode(deed, Job(lambda now_ns: self._end(scope)))

    def _end(self, scope: str) -> None:
        mode = self._modes.get(scope)
        if mode is not None and not self._is_alarmed(scope):
            mode.deed.ended(f"calm for {self._config.calm_ns // 10**9} s")
            del self._modes[scope]

    def _is_alarmed(self, scope: str) -> bool:
        return any(scope in self._scopes(signal) for signal in self._alarm.firing.values())

    def _scopes(self, signal: Signal) -> tuple[str, ...]:
        return self._roster.strategies_of(signal.subject) or (EVERY,)
