"""Emergency stop: everything halts, every open order is cancelled, positions are flattened. Nothing but a person's
word, with a name and a reason, ends it."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.controls.breaker import Release
from risk_monitor.controls.commands import CommandBook, Procedure, Step
from risk_monitor.controls.config import Allows, EmergencyStopConfig
from risk_monitor.controls.deeds import Deed, DeedBook, SavedDeed
from risk_monitor.controls.order_path import EVERY
from risk_monitor.controls.restraint import Restraint
from risk_monitor.controls.triggers import Alarm
from risk_monitor.effects import Signal

CONTROL = "emergency_stop"


class EmergencyStop:
    def __init__(
        self,
        config: EmergencyStopConfig,
        agenda: Agenda,
        commands: CommandBook,
        deeds: DeedBook,
        release: Release,
    ) -> None:
        self._config = config
        self._agenda = agenda
        self._commands = commands
        self._deeds = deeds
        self._release = release
        self._alarm = Alarm(config.on)
        self._deed: Deed | None = None
        self._procedure: Procedure | None = None

    @property
    def halted(self) -> tuple[str, ...]:
        return () if self._deed is None else (EVERY,)

    def on_signal(self, now_ns: int, signal: Signal) -> None:
        if self._alarm.rang(signal) and self._deed is None:
            self._stop(now_ns, signal.alert_id)

    def reset(self, now_ns: int, action_id: str, by: str, reason: str) -> bool:
        """Somebody lets the firm trade again. False if this stop is not in force."""
        if self._deed is None or self._deed.action_id != action_id:
            return False
        if self._procedure is not None:
            self._procedure.drop()
        why = f"reset by {by}: {reason}"
        self._deed.ended(why)
        self._deed = self._procedure = None
        self._release(now_ns, EVERY, why)
        return True

    def restraint(self, strategy: str) -> Restraint | None:
        if self._deed is None:
            return None
        return Restraint(CONTROL, 0.0, Allows.NOTHING, f"emergency stop: {self._deed.trigger}")

    def _stop(self, now_ns: int, trigger: str) -> None:
        what = "halt, cancel all, flatten" if self._config.flattens else "halt, cancel all"
        self._carry_out(now_ns, self._deeds.take(CONTROL, EVERY, trigger, what))

    def _carry_out(self, now_ns: int, deed: Deed) -> None:
        # What open orders hold back can only be sold once they are cancelled.
        flatten = ((Step("flatten", EVERY, EVERY),),) if self._config.flattens else ()
        groups = ((Step("pause", EVERY, EVERY), Step("cancel_all", EVERY, EVERY)), *flatten)
        self._deed = deed
        self._procedure = Procedure(self._agenda, self._commands, deed, f"emergency stop: {deed.trigger}", groups)
        self._procedure.begin(now_ns)

    def save(self) -> tuple[SavedDeed, ...]:
        return () if self._deed is None else (self._deed.save(),)

    def resume(self, now_ns: int, deeds: tuple[SavedDeed, ...], firing: tuple[Signal, ...]) -> None:
        """The monitor was restarted: a stop that was in force still is, and is carried out anew."""
        self._alarm.resume(firing)
        for deed in deeds:
            if deed.control == CONTROL and self._deed is None:
                self._carry_out(now_ns, self._deeds.resume(deed))
