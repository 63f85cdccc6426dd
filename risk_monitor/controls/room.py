"""Control room: the controls that a firm has wired in, between the monitor's alerts, its operators and the gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from risk_monitor.agenda import Agenda
from risk_monitor.alerts import Emit
from risk_monitor.controls.approval import Approval
from risk_monitor.controls.breaker import Breaker
from risk_monitor.controls.commands import CommandBook
from risk_monitor.controls.config import ControlsConfig, GateConfig
from risk_monitor.controls.deeds import DeedBook, SavedDeed
from risk_monitor.controls.defcon import Defcon
from risk_monitor.controls.defensive import Defensive
from risk_monitor.controls.emergency_stop import EmergencyStop
from risk_monitor.controls.failover import Failover
from risk_monitor.controls.firm_view import FirmView
from risk_monitor.controls.gate import Gate, make_checks
from risk_monitor.controls.limits_log import CONTROL as LIMITS_LOG
from risk_monitor.controls.limits_log import ChangeRefused, LimitsLog, LogEntry, check_change
from risk_monitor.controls.order_path import EVERY, Acknowledgement, Intent, OrderPath
from risk_monitor.controls.restraint import Restrainer
from risk_monitor.controls.triggers import Roster
from risk_monitor.effects import AlertState, Signal
from risk_monitor.events import OperatorSaid
from risk_monitor.limits import Limits, LimitsError, parse_limits
from risk_monitor.telemetry import Telemetry
from risk_monitor.watchtower import Watchtower


class _State(msgspec.Struct, frozen=True):
    """What a restart must not undo."""

    numbers: dict[str, int]
    in_force: tuple[SavedDeed, ...]
    active: str
    approved: dict[str, int]
    limits_log: tuple[LogEntry, ...]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_State)


class _Control(Protocol):
    def on_signal(self, now_ns: int, signal: Signal) -> None: ...


class _Lasting(Protocol):
    """A control that holds over a restart of the monitor."""

    def save(self) -> tuple[SavedDeed, ...]: ...

    def resume(self, now_ns: int, deeds: tuple[SavedDeed, ...], firing: tuple[Signal, ...]) -> None: ...


class _Resettable(Protocol):
    """A control that a person may end."""

    def reset(self, now_ns: int, action_id: str, by: str, reason: str) -> bool: ...


class ControlRoom:
    """Everything that is wired in. It is the ``OrderPathListener`` of the gateway's desk.

    Args:
        on_failover: told of each failover, for the mandate that counts them.
        save_soon: asks for the monitor's state to be saved, since it has changed.
    """

    def __init__(
        self,
        config: ControlsConfig,
        tower: Watchtower,
        view: FirmView,
        path: OrderPath,
        agenda: Agenda,
        emit: Emit,
        telemetry: Telemetry,
        on_failover: Callable[[int], None],
        save_soon: Callable[[], None],
    ) -> None:
        self._path = path
        self._tower = tower
        self._telemetry = telemetry
        self._needs_gate = config.needs_gate
        self._deeds = deeds = DeedBook(emit, save_soon)
        self._commands = commands = CommandBook(agenda, path)
        roster = Roster(path)
        self._breakers: list[Breaker] = []
        if config.strategy_breaker is not None:
            self._breakers.append(
                Breaker(config.strategy_breaker, roster.strategies_of, agenda, commands, deeds, self._release, False)
            )
        if config.firm_breaker is not None:
            self._breakers.append(
                Breaker(config.firm_breaker, lambda subject: (EVERY,), agenda, commands, deeds, self._release, True)
            )
        stop = config.emergency_stop
        self._stop = None if stop is None else EmergencyStop(stop, agenda, commands, deeds, self._release)
        defensive = None if config.defensive is None else Defensive(config.defensive, roster, agenda, deeds)
        defcon = None if config.defcon is None else Defcon(config.defcon, agenda, deeds)
        self._failover = failover = None
        if config.failover is not None:
            self._failover = failover = Failover(config.failover, path, agenda, commands, deeds, on_failover)
        log = config.limits_log
        self.limits_log = None if log is None else LimitsLog(log, agenda, commands, deeds)
        self._approval = None if config.approval is None else Approval(config.approval, agenda, deeds)
        stopping = (*((self._stop,) if self._stop else ()), *self._breakers)
        self._halting: tuple[EmergencyStop | Breaker, ...] = stopping
        self._resettable: tuple[_Resettable, ...] = (*stopping, *((defcon,) if defcon else ()))
        lasting: tuple[_Lasting | None, ...] = (*stopping, defcon, defensive)
        self._lasting = tuple(control for control in lasting if control is not None)
        every = (*stopping, defensive, defcon, failover, self.limits_log)
        self._controls: tuple[_Control, ...] = tuple(control for control in every if control is not None)
        restrainers: tuple[Restrainer | None, ...] = (*stopping, defcon, defensive)
        checks, self._headroom = make_checks(config.gate or GateConfig(), tower.limits, view)
        self._gate = Gate(
            (*checks, *((self._approval,) if self._approval else ())),
            tuple(restrainer for restrainer in restrainers if restrainer is not None),
            view,
            tower.limits,
            agenda,
            deeds,
            self._on_blocked,
        )

    def save_state(self) -> bytes:
        """Whatever is in force, approvals, and the log. Questions that are open are asked anew."""
        failover = self._failover
        moved = () if failover is None else failover.save()
        return _encoder.encode(
            _State(
                self._deeds.numbers,
                (*(deed for control in self._lasting for deed in control.save()), *moved),
                "" if failover is None else failover.active,
                {} if self._approval is None else self._approval.used,
                () if self.limits_log is None else self.limits_log.entries,
            )
        )

    def restore_state(self, now_ns: int, content: bytes) -> None:
        """Hold on to whatever was in force. The alerts have been restored before."""
        state = _decoder.decode(content)
        self._deeds.numbers.update(state.numbers)
        firing = self._tower.firing()
        for control in self._lasting:
            control.resume(now_ns, state.in_force, firing)
        if self._failover is not None:
            self._failover.resume(now_ns, state.active, state.in_force, firing)
        if self._approval is not None:
            self._approval.used.update(state.approved)
        if self.limits_log is not None:
            self.limits_log.entries = state.limits_log

    # What the gateway's desk tells

    def on_connected(self, now_ns: int) -> None:
        if self._needs_gate:
            self._path.set_gate(now_ns, True)
        self._commands.on_connected(now_ns)

    def on_intent(self, now_ns: int, intent: Intent) -> None:
        self._path.send_decision(now_ns, self._gate.decide(now_ns, intent))

    def on_acknowledged(self, now_ns: int, acknowledgement: Acknowledgement) -> None:
        self._commands.on_acknowledged(now_ns, acknowledgement)

    # What the monitor and its operators tell

    def on_signal(self, now_ns: int, signal: Signal) -> None:
        """An alert began to fire, or is over."""
        if signal.state is AlertState.FIRING or signal.state is AlertState.RESOLVED:
            for control in self._controls:
                control.on_signal(now_ns, signal)

    def on_operator(self, now_ns: int, said: OperatorSaid) -> None:
        """A person in charge decided something. What cannot be done is noted, and changes nothing."""
        if not said.by.strip() or not said.reason.strip():
            self._telemetry.note(f"operator: {said.command} {said.subject[:60]}: refused, who and why must be said")
            return
        match said.command:
            case "approve" if self._approval is not None:
                is_done = self._approval.approve(now_ns, said.subject, said.by, said.reason)
            case "reject" if self._approval is not None:
                is_done = self._approval.reject(now_ns, said.subject, said.by, said.reason)
            case "reset":
                is_done = any(one.reset(now_ns, said.subject, said.by, said.reason) for one in self._resettable)
            case "change_limits" if self.limits_log is not None:
                self._change_limits(now_ns, self.limits_log, said)
                return
            case _:
                is_done = False
        if not is_done:
            self._telemetry.note(f"operator: {said.command} {said.subject[:60]}: there is nothing of the kind")

    def _change_limits(self, now_ns: int, log: LimitsLog, said: OperatorSaid) -> None:
        deed = self._deeds.take(LIMITS_LOG, "limits", said.reason, f"change asked for by {said.by}")
        try:
            limits = parse_limits(said.subject, "limits")
            check_change(self._tower.limits, limits)
            entry = log.append(now_ns, said.subject, said.reason, said.by)
        except (LimitsError, ChangeRefused) as error:
            deed.failed(str(error))
            return
        self._apply(now_ns, limits)
        deed.done(f"limits {entry.sha256} in force, approved by {entry.approver}; chain {entry.chain}")

    def _apply(self, now_ns: int, limits: Limits) -> None:
        if self._headroom is not None:
            self._headroom.change_limits(limits)
        self._tower.change_limits(now_ns, limits)

    def _on_blocked(self, now_ns: int, strategy: str, reason: str) -> None:
        for breaker in self._breakers:
            breaker.on_blocked(now_ns, strategy, reason)

    def _release(self, now_ns: int, scope: str, why: str) -> None:
        """A control no longer halts a scope. It trades again unless another control halts it, or all."""
        halted = tuple(one for control in self._halting for one in control.halted)
        if scope in halted or EVERY in halted:
            return
        self._commands.send(now_ns, "resume", scope, EVERY, why, _ignore)
        if scope == EVERY:
            for one in halted:  # to resume all would resume these too
                self._commands.send(now_ns, "pause", one, EVERY, "still halted", _ignore)


def _ignore(now_ns: int, is_done: bool, detail: str) -> None:
    """The gate blocks what is halted, whether the gateway pauses it or not."""
