"""Defcon: the firm's readiness, from 5 (all is well) to 1. Each level narrows what strategies may do. Alerts make it
graver at once; only calm or a person makes it milder."""

from __future__ import annotations

from risk_monitor.agenda import Agenda, Job
from risk_monitor.controls.config import RANK, DefconConfig
from risk_monitor.controls.deeds import Deed, DeedBook, SavedDeed
from risk_monitor.controls.restraint import Restraint
from risk_monitor.effects import AlertState, Severity, Signal

CONTROL = "defcon"
PEACE = 5


class Defcon:
    """``level`` is the level in force."""

    def __init__(self, config: DefconConfig, agenda: Agenda, deeds: DeedBook) -> None:
        self._config = config
        self._agenda = agenda
        self._deeds = deeds
        self._levels = {level.level: level for level in config.levels}
        self._firing: dict[str, int] = {}
        self._job = Job(self._on_calm)
        self._deed: Deed | None = None
        self.level = PEACE

    def on_signal(self, now_ns: int, signal: Signal) -> None:
        level = self._level_for(signal.severity)
        if level == PEACE:
            return
        if signal.state is AlertState.FIRING:
            self._firing[signal.alert_id] = level
            self._agenda.cancel(self._job)
            if level < self.level:
                self._go_to(level, signal.alert_id, "ended by a graver alert")
        elif signal.state is AlertState.RESOLVED:
            self._firing.pop(signal.alert_id, None)
            self._wait_for_calm(now_ns)

    def reset(self, now_ns: int, action_id: str, by: str, reason: str) -> bool:
        """Somebody declares peace. False if that level is not in force."""
        if self._deed is None or self._deed.action_id != action_id:
            return False
        self._agenda.cancel(self._job)
        self._go_to(PEACE, "", f"reset by {by}: {reason}")
        return True

    def save(self) -> tuple[SavedDeed, ...]:
        return () if self._deed is None else (self._deed.save(),)

    def resume(self, now_ns: int, deeds: tuple[SavedDeed, ...], firing: tuple[Signal, ...]) -> None:
        """The monitor was restarted: the level that was in force still is."""
        for signal in firing:
            if (level := self._level_for(signal.severity)) < PEACE:
                self._firing[signal.alert_id] = level
        for deed in deeds:
            if deed.control == CONTROL:
                self._deed = self._deeds.resume(deed)
                self.level = int(deed.subject.removeprefix("level "))
        self._wait_for_calm(now_ns)

    def restraint(self, strategy: str) -> Restraint | None:
        rule = self._levels.get(self.level)
        if rule is None:
            return None
        return Restraint(CONTROL, rule.scale, rule.allows, f"defcon {self.level}")

    def _level_for(self, severity: Severity) -> int:
        """The level of the gravest severity in the table that the alert reaches."""
        rank = RANK[severity]
        return min((level for reached, level in self._config.rises if RANK[reached] <= rank), default=PEACE)

    def _wait_for_calm(self, now_ns: int) -> None:
        if self._config.calm_ns and not self._firing and self.level < PEACE:
            self._agenda.arm(self._job, now_ns + self._config.calm_ns)

    def _on_calm(self, now_ns: int) -> None:
        """One level back; the next one takes as long again."""
        why = f"calm for {self._config.calm_ns // 10**9} s"
        self._go_to(self.level + 1, why, why)
        self._wait_for_calm(now_ns)

    def _go_to(self, level: int, trigger: str, why: str) -> None:
        self.level = level
        if self._deed is not None:
            self._deed.ended(why)
            self._deed = None
        rule = self._levels.get(level)
        if rule is not None:
            detail = f"orders at {rule.scale:.0%} of their size, {rule.allows.value} allowed"
            self._deed = self._deeds.take(CONTROL, f"level {level}", trigger, detail)
