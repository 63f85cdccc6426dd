"""Runner: one strategy of the firm, under its name, for as long as the run lasts.

Whoever acts under that name may change: a strategy that malfunctions stands in for the sound one for a while, and a
strategy that raised an exception is down until somebody starts it again. Pauses, positions and heartbeats belong to the
name, not to the instance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

from simulators.ports import Audit
from simulators.strategies.base import Positions, Strategy
from simulators.strategies.guard import OnError

Make = Callable[[OnError, str, Positions], Strategy[Any]]
"""Makes an instance: told of its errors, with this beginning of its orders' names and these positions to go on from."""

_CONTROL = "control"
_STAND_IN = "stand-in"


class Runner:
    """Starts, pauses, replaces and buries the instances of one strategy.

    The rule for an exception: the instance that raised it is stopped, its open orders are cancelled, the journal says
    ``crashed`` with what was raised, and the run goes on. Nothing trades under the name until ``restart``.
    """

    def __init__(self, name: str, kind: str, account: str, pairs: Sequence[str], make: Make, audit: Audit) -> None:
        self.name = name
        self.kind = kind
        self.account = account
        self.pairs = tuple(pairs)
        self.has_crashed = False
        self.control_reason = ""
        self.positions: Positions = {}
        self._make = make
        self._audit = audit
        self._generation = 0
        self._is_started = False
        self._instances: list[Strategy[Any]] = []  # the last one acts
        self._push(make)

    @property
    def acting(self) -> Strategy[Any]:
        """The instance that trades under the name."""
        return self._instances[-1]

    @property
    def state(self) -> str:
        """``running``, ``paused`` (by whomever), ``crashed`` or ``stopped``."""
        if self.has_crashed:
            return "crashed"
        if not self.acting.is_running:
            return "stopped"
        return "running" if self.acting.may_trade else "paused"

    @property
    def venues(self) -> tuple[str, ...]:
        return tuple(self.acting.clients)

    def start(self) -> None:
        self._is_started = True
        self._start(self.acting)

    def stop(self) -> None:
        self.acting.stop()

    def pause(self, reason: str, cause: int = 0) -> None:
        """A control has the strategy paused: its resting orders are cancelled, and it places none."""
        if not self.control_reason:
            self.control_reason = reason
            self.acting.pause(reason, cause, _CONTROL)

    def resume(self, cause: int = 0) -> None:
        """The control lifts its pause; other pauses stay."""
        if self.control_reason:
            self.control_reason = ""
            self.acting.resume(cause, _CONTROL)

    def stand_in(self, make: Make, why: str, cause: int) -> Strategy[Any]:
        """Have another instance act under the name, until ``stand_down``. Positions go on being counted together."""
        before = self.acting
        instance = self._push(make)
        before.pause(why, cause, _STAND_IN)
        if self.control_reason:
            instance.pause(self.control_reason, cause, _CONTROL)
        if self._is_started and not self.has_crashed:
            self._start(instance)
        return instance

    def stand_down(self, instance: Strategy[Any], cause: int) -> None:
        """The instance acts no more; whoever it stood in for is itself again."""
        if instance not in self._instances[1:]:
            return  # a restart has cleared it away
        was_acting = instance is self.acting
        self._instances.remove(instance)
        instance.stop()
        if was_acting:
            self.acting.resume(cause, _STAND_IN)
            if self.control_reason:
                self.acting.pause(self.control_reason, cause, _CONTROL)
            else:
                self.acting.resume(cause, _CONTROL)

    def fail(self, error: Exception) -> None:
        """Have the acting instance raise ``error`` the next time it is called, which is now."""

        def call(_: object) -> None:
            raise error

        clock = self.acting.clock
        clock.call_at(clock.now_ns, call)

    def restart(self, cause: int) -> None:
        """Start the strategy anew after a crash, as its operators would: a fresh instance, with the old positions."""
        if not self.has_crashed:
            return
        self.has_crashed = False
        self._instances.clear()
        instance = self._push(self._make)
        if self.control_reason:
            instance.pause(self.control_reason, cause, _CONTROL)
        self._start(instance)

    def book(self, venue: str, symbol: str, units: int) -> None:
        """Count a trade that somebody else made under the name: bought, or sold if negative."""
        key = (venue, symbol)
        self.positions[key] = self.positions.get(key, 0) + units

    def open_positions(self) -> list[tuple[str, str, int]]:
        """(venue, symbol, units bought less sold) of everything that is not level."""
        return [(venue, symbol, units) for (venue, symbol), units in self.positions.items() if units]

    def _start(self, instance: Strategy[Any]) -> None:
        try:
            instance.start()
        except Exception as error:
            self._crashed(instance, error)

    def _push(self, make: Make) -> Strategy[Any]:
        self._generation += 1
        prefix = self.name if self._generation == 1 else f"{self.name}-g{self._generation}"
        instance: list[Strategy[Any]] = []

        def failed(error: Exception) -> None:
            if instance:
                self._crashed(instance[0], error)
            else:
                raise error  # not a strategy yet

        instance.append(make(failed, prefix, self.positions))
        self._instances.append(instance[0])
        return instance[0]

    def _crashed(self, instance: Strategy[Any], error: Exception) -> None:
        """Bury the name. What else is raised, by replies still under way, is the same crash."""
        if instance not in self._instances or self.has_crashed:
            return
        self.has_crashed = True
        detail = f"{type(error).__name__}: {error}{_place_of(error, type(instance).__module__)}"
        record = self._audit.record("strategy", self.name, 0, "crashed", detail)
        for one in self._instances:
            _bury(one, record)


def _place_of(error: Exception, module: str) -> str:
    """`` (mine.py:31)``: the line of the strategy's own module from which it came, however deep it was raised."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == module:
            # without its folder: a journal tells nothing of the machine on which it was written
            place = f" ({PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})"
        trace = trace.tb_next
    return place


def _bury(instance: Strategy[Any], cause: int) -> None:
    for client in instance.clients.values():
        for order in client.desk:
            client.desk.cancel(order, cause)
    try:
        instance.stop()
    except Exception:  # its own way of stopping is broken too
        Strategy.stop(instance)
