"""Failover: while a venue cannot be traded on, orders go to the next one of a chain that can; back when it has been
well for a while."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor.agenda import Agenda, Job
from risk_monitor.controls.commands import CommandBook, Procedure, Step
from risk_monitor.controls.config import FailoverConfig
from risk_monitor.controls.deeds import Deed, DeedBook, SavedDeed
from risk_monitor.controls.order_path import EVERY, OrderPath
from risk_monitor.controls.triggers import Alarm
from risk_monitor.effects import AlertState, Signal

CONTROL = "failover"


class Failover:
    """``active`` is the venue that takes the orders meant for the first of the chain. ``on_failover`` is told of each
    move away from a venue that is not well; the return is none."""

    def __init__(
        self,
        config: FailoverConfig,
        path: OrderPath,
        agenda: Agenda,
        commands: CommandBook,
        deeds: DeedBook,
        on_failover: Callable[[int], None],
    ) -> None:
        self._config = config
        self._path = path
        self._agenda = agenda
        self._commands = commands
        self._deeds = deeds
        self._on_failover = on_failover
        self._alarm = Alarm(config.on)
        self._well_since_ns = dict.fromkeys(config.chain, -1)  # -1: always was
        self._job = Job(self._look)
        self._move: tuple[Deed, Procedure] | None = None
        self.active = config.chain[0]

    def on_signal(self, now_ns: int, signal: Signal) -> None:
        venue = signal.subject.partition(":")[0]
        if venue not in self._well_since_ns:
            return
        if self._alarm.rang(signal):
            self._look(now_ns)
        elif signal.state is AlertState.RESOLVED and self._alarm.counts(signal) and self._is_well(venue):
            self._well_since_ns[venue] = now_ns
            self._look(now_ns)

    def save(self) -> tuple[SavedDeed, ...]:
        return () if self._move is None else (self._move[0].save(),)

    def resume(self, now_ns: int, active: str, deeds: tuple[SavedDeed, ...], firing: tuple[Signal, ...]) -> None:
        """The monitor was restarted: orders go where they went, and whoever seems well has to prove it anew."""
        self._alarm.resume(firing)
        for deed in deeds:
            if deed.control == CONTROL and active in self._config.chain:
                self.active = active
                self._well_since_ns = dict.fromkeys(self._config.chain, now_ns)
                self._begin(now_ns, self._deeds.resume(deed))
        self._look(now_ns)

    def _is_well(self, venue: str) -> bool:
        return all(signal.subject.partition(":")[0] != venue for signal in self._alarm.firing.values())

    def _look(self, now_ns: int) -> None:
        """Whether the orders should go elsewhere now, and if not, when to look again."""
        chain = self._config.chain
        if not self._is_well(self.active):
            well = next((venue for venue in chain if self._is_well(venue)), None)
            if well is not None:
                self._go_to(now_ns, well, next(iter(self._reasons(self.active))))
                self._on_failover(now_ns)
            return
        for venue in chain[: chain.index(self.active)]:
            if not self._is_well(venue):
                continue
            due_ns = self._well_since_ns[venue] + self._config.back_after_ns
            if self._well_since_ns[venue] < 0 or now_ns >= due_ns:
                self._go_to(now_ns, venue, f"{venue} was well for {self._config.back_after_ns // 10**9} s")
                return
            if due_ns < self._job.due_ns:
                self._agenda.arm(self._job, due_ns)

    def _movable(self, first: str, venue: str) -> tuple[str, ...]:
        """The strategies that can trade there as they do at the first of the chain: under an account of the same name.
        The others' orders stay with the venue that is not well."""
        return tuple(
            one.name
            for one in self._path.strategies
            if any((venue, account) in one.accounts for at, account in one.accounts if at == first)
        )

    def _reasons(self, venue: str) -> list[str]:
        return [signal.alert_id for signal in self._alarm.firing.values() if signal.subject.partition(":")[0] == venue]

    def _go_to(self, now_ns: int, venue: str, why: str) -> None:
        first = self._config.chain[0]
        left = self.active
        self.active = venue
        self._agenda.cancel(self._job)
        if self._move is not None:
            deed, procedure = self._move
            procedure.drop()
            deed.ended(f"orders go to {venue}: {why}")
            self._move = None
        if venue == first:
            self._commands.send(now_ns, "reroute", EVERY, first, why, _ignore, to=first)
        else:
            self._begin(now_ns, self._deeds.take(CONTROL, left, why, f"orders for {first} go to {venue}"))
        self._look(now_ns)

    def _begin(self, now_ns: int, deed: Deed) -> None:
        first = self._config.chain[0]
        steps = tuple(Step("reroute", strategy, first, self.active) for strategy in self._movable(first, self.active))
        procedure = Procedure(self._agenda, self._commands, deed, f"failover: {deed.trigger}", (steps,))
        self._move = (deed, procedure)
        if steps:
            procedure.begin(now_ns)
        else:
            deed.failed(f"no strategy that trades at {first} has an account of that name at {self.active}")


def _ignore(now_ns: int, is_done: bool, detail: str) -> None:
    """Orders that still go to a venue that is well are in good hands."""
