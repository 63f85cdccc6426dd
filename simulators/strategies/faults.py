"""Faults of strategies: one turns into a kind that does harm, or raises an exception."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulators.ports import Clock
from simulators.strategies.base import Strategy
from simulators.strategies.harm import StrategyMalfunctionParams, StrategyRaisesParams
from simulators.strategies.malfunction import Malfunction
from simulators.strategies.orders import OwnOrder
from simulators.strategies.runner import Make, Runner

TookEffect = Callable[[str], None]


class StrategyMalfunction:
    """``strategy_malfunction``: another instance stands in for the strategy, on its wires, keys and account.

    What the strategy had resting in the market is cancelled first: that, or the first order of the stand-in, is what a
    venue sees of it.
    """

    def __init__(
        self,
        runner: Runner,
        make: Make,
        clock: Clock,
        params: StrategyMalfunctionParams,
        took_effect: TookEffect,
    ) -> None:
        self._runner = runner
        self._make = make
        self._clock = clock
        self._params = params
        self._took_effect = took_effect
        self._stand_in: Strategy[Any] | None = None
        self._has_taken_effect = False

    def begin(self, cause: int) -> None:
        before = self._runner.acting
        if any(len(client.desk) for client in before.clients.values()):
            self._report("its resting orders are cancelled")
        instance = self._runner.stand_in(self._make, f"turns into {self._params.kind}", cause)
        if isinstance(instance, Malfunction):
            instance.strength = self._strength
            instance.on_placed = self._placed
        self._stand_in = instance

    def end(self, cause: int) -> None:
        if self._stand_in is not None:
            self._runner.stand_down(self._stand_in, cause)
            self._stand_in = None

    def _placed(self, order: OwnOrder) -> None:
        self._report(f"order {order.client_order_id} was sent")

    def _report(self, detail: str) -> None:
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect(detail)

    def _strength(self) -> float:
        """How strong it is now: its intensity, less what the ramps take of it."""
        return self._params.intensity * self._params.level(self._clock.now_ns)


class StrategyRaises:
    """``strategy_raises``: the acting instance raises; at the end its operators start the strategy anew."""

    def __init__(self, runner: Runner, params: StrategyRaisesParams, took_effect: TookEffect) -> None:
        self._runner = runner
        self._params = params
        self._took_effect = took_effect

    def begin(self, cause: int) -> None:
        self._runner.fail(RuntimeError(self._params.message))
        self._took_effect("the strategy raised an exception")

    def end(self, cause: int) -> None:
        self._runner.restart(cause)
