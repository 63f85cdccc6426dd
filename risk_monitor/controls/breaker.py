"""Circuit breaker: halts a strategy, or the whole firm, when alerts say that its trading has gone wrong, and lets it
trade again after a pause, or once somebody has looked."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor.agenda import Agenda, Job
from risk_monitor.controls.commands import CommandBook, Procedure, Step
from risk_monitor.controls.config import Allows, BreakerConfig
from risk_monitor.controls.deeds import Deed, DeedBook, SavedDeed
from risk_monitor.controls.order_path import EVERY
from risk_monitor.controls.restraint import Restraint
from risk_monitor.controls.triggers import Alarm
from risk_monitor.controls.window import Window
from risk_monitor.effects import Signal

CONTROL = "breaker"
MAX_STRATEGIES = 1_000

ScopesOf = Callable[[str], tuple[str, ...]]
Release = Callable[[int, str, str], None]


class _Halt:
    """One scope that is paused, until ``job`` runs; without a pause of fixed length until it is reset."""

    __slots__ = ("deed", "job", "procedure")

    def __init__(self, deed: Deed, procedure: Procedure, job: Job) -> None:
        self.deed = deed
        self.procedure = procedure
        self.job = job


class Breaker:
    """``scopes_of`` says what an alert's subject halts: names of strategies, or ``*`` where it is the firm's.

    ``release(now_ns, scope, why)`` has whoever is halted trade again, as far as no other control halts them.
    """

    def __init__(
        self,
        config: BreakerConfig,
        scopes_of: ScopesOf,
        agenda: Agenda,
        commands: CommandBook,
        deeds: DeedBook,
        release: Release,
        is_firms: bool,
    ) -> None:
        self._config = config
        self._scopes_of = scopes_of
        self._agenda = agenda
        self._commands = commands
        self._deeds = deeds
        self._release = release
        self._is_firms = is_firms
        self._alarm = Alarm(config.on)
        self._halts: dict[str, _Halt] = {}
        self._blocks: dict[str, Window] = {}

    @property
    def halted(self) -> tuple[str, ...]:
        return tuple(self._halts)

    def on_signal(self, now_ns: int, signal: Signal) -> None:
        if self._alarm.rang(signal):
            for scope in self._scopes_of(signal.subject):
                self._trip(now_ns, scope, signal.alert_id)

    def on_blocked(self, now_ns: int, strategy: str, reason: str) -> None:
        """The gate has blocked an order for what the order itself was."""
        rate = self._config.blocks
        if rate is None:
            return
        for scope in self._scopes_of(strategy) or (strategy,):
            window = self._blocks.get(scope)
            if window is None:
                if len(self._blocks) >= MAX_STRATEGIES:
                    return
                window = self._blocks[scope] = Window(rate)
            window.add(now_ns)
            if window.is_full(now_ns):
                self._trip(now_ns, scope, f"{rate.most} orders blocked, last: {reason}")

    def reset(self, now_ns: int, action_id: str, by: str, reason: str) -> bool:
        """Somebody lets a scope trade again. False if no such halt is in force."""
        for scope, halt in self._halts.items():
            if halt.deed.action_id == action_id:
                self._resume(now_ns, scope, f"reset by {by}: {reason}")
                return True
        return False

    def restraint(self, strategy: str) -> Restraint | None:
        halt = self._halts.get(strategy) or self._halts.get(EVERY)
        if halt is None:
            return None
        return Restraint(CONTROL, 0.0, Allows.NOTHING, f"circuit breaker is open: {halt.deed.trigger}")

    def _trip(self, now_ns: int, scope: str, trigger: str) -> None:
        if scope in self._halts or len(self._halts) >= MAX_STRATEGIES:
            return
        detail = f"paused for {self._config.pause_ns // 10**9} s" if self._config.pause_ns else "paused until reset"
        self._halt(now_ns, scope, self._deeds.take(CONTROL, scope, trigger, detail))

    def _halt(self, now_ns: int, scope: str, deed: Deed) -> None:
        steps = (Step("pause", scope, EVERY), *((Step("cancel_all", scope, EVERY),) if self._config.cancels else ()))
        procedure = Procedure(self._agenda, self._commands, deed, f"circuit breaker: {deed.trigger}", (steps,))
        job = Job(lambda at_ns: self._on_pause_over(at_ns, scope))
        self._halts[scope] = _Halt(deed, procedure, job)
        if self._config.pause_ns:
            self._agenda.arm(job, now_ns + self._config.pause_ns)
        procedure.begin(now_ns)

    def save(self) -> tuple[SavedDeed, ...]:
        return tuple(halt.deed.save() for halt in self._halts.values())

    def resume(self, now_ns: int, deeds: tuple[SavedDeed, ...], firing: tuple[Signal, ...]) -> None:
        """The monitor was restarted: halt again whatever was halted, for as long as if it had just begun."""
        self._alarm.resume(firing)
        for deed in deeds:
            is_mine = deed.control == CONTROL and (deed.subject == EVERY) is self._is_firms
            if is_mine and deed.subject not in self._halts:
                self._halt(now_ns, deed.subject, self._deeds.resume(deed))

    def _on_pause_over(self, now_ns: int, scope: str) -> None:
        """Trading goes on, unless an alert that would halt it anew still fires: then the pause begins again."""
        halt = self._halts.get(scope)
        if halt is None:
            return
        if any(scope in self._scopes_of(signal.subject) for signal in self._alarm.firing.values()):
            self._agenda.arm(halt.job, now_ns + self._config.pause_ns)
        else:
            self._resume(now_ns, scope, "the pause is over")

    def _resume(self, now_ns: int, scope: str, why: str) -> None:
        halt = self._halts.pop(scope)
        self._agenda.cancel(halt.job)
        halt.procedure.drop()
        if scope in self._blocks:
            self._blocks[scope].clear()
        halt.deed.ended(why)
        self._release(now_ns, scope, why)
