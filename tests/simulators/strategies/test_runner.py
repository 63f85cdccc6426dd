"""The runner: whoever acts under a strategy's name, one exception ends that strategy and nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from simulators.strategies.faults import StrategyMalfunction, StrategyRaises
from simulators.strategies.guard import GuardedClock, GuardedWire
from simulators.strategies.harm import StrategyMalfunctionParams, StrategyRaisesParams
from simulators.strategies.market_making import MarketMakingStrategy
from simulators.strategies.params import MarketMakerParams, RunawayParams
from simulators.strategies.registry import make_strategy
from simulators.strategies.rest import Key
from simulators.strategies.runner import Make, Runner

BTC = "BTC/USD"


class Fragile(MarketMakingStrategy):
    """Raises what it is told to, in the call that it is told."""

    raises_in = ""

    def on_quote(self, quote: Any) -> None:
        if self.raises_in == "on_quote":
            raise ZeroDivisionError("in a quote")
        super().on_quote(quote)

    def on_order_closed(self, order: Any, cause: int) -> None:
        if self.raises_in:
            raise KeyError("in an order's end")
        super().on_order_closed(order, cause)

    def stop(self) -> None:
        if self.raises_in == "stop":
            raise RuntimeError("cannot even stop")
        super().stop()


class Desk:
    def __init__(self, floor: Any) -> None:
        self.floor = floor
        self.runner = Runner("maker-1", "market_making", "sub", (BTC,), self.make(None), floor.journal)
        self.runner.start()
        floor.run(20.0)
        assert len(floor.open_orders()) == 2

    def make(self, kind: str | None, params: Any = None) -> Make:
        floor = self.floor

        def make(on_error: Any, prefix: str, positions: Any) -> Any:
            options = {
                "pairs": (BTC,),
                "wires": {venue: GuardedWire(wire, on_error) for venue, wire in floor.wires.items()},
                "keys": dict.fromkeys(floor.wires, Key("key-of-the-sub-account", "secret-of-the-sub-account")),
                "clock": GuardedClock(floor.kernel, on_error),
                "audit": floor.journal,
                "rng": np.random.default_rng(9),
                "order_prefix": prefix,
                "positions": positions,
            }
            if kind is None:
                return Fragile("maker-1", MarketMakerParams(), **options)
            return make_strategy(kind, "maker-1", params, **options)

        return make


@pytest.fixture
def desk(make_floor: Any) -> Desk:
    return Desk(make_floor({"apex": (BTC,)}))


@pytest.mark.parametrize("where", ["on_quote", "stop"])
def test_a_strategy_that_raises_is_stopped_and_leaves_no_order(desk: Desk, where: str) -> None:
    desk.runner.acting.raises_in = where  # type: ignore[attr-defined]
    if where == "stop":
        desk.runner.fail(ZeroDivisionError("from outside"))
    desk.floor.run(30.0)
    assert desk.runner.state == "crashed"
    assert desk.floor.open_orders() == []
    crashes = desk.floor.journal.details("crashed")
    assert len(crashes) == 1
    assert crashes[0].startswith("ZeroDivisionError: ")
    assert not desk.runner.acting.may_trade


def test_a_strategy_that_cannot_even_be_set_up_crashes_and_the_run_goes_on(desk: Desk) -> None:
    make = desk.make(None)

    def refuse() -> None:
        raise KeyError("no such indicator")

    def broken(on_error: Any, prefix: str, positions: Any) -> Any:
        strategy = make(on_error, prefix, positions)
        strategy.set_up = refuse  # type: ignore[method-assign]
        return strategy

    runner = Runner("maker-2", "market_making", "sub", (BTC,), broken, desk.floor.journal)
    runner.start()
    desk.floor.run(30.0)
    assert runner.state == "crashed"
    (crash,) = desk.floor.journal.details("crashed")
    assert crash.startswith("KeyError: 'no such indicator' (test_runner.py:")
    assert desk.runner.state == "running"


def test_a_restarted_strategy_trades_again_from_the_positions_of_old(desk: Desk) -> None:
    desk.runner.book("apex", "BTCUSD", 5_000_000)
    before = desk.runner.open_positions()
    fault = StrategyRaises(desk.runner, StrategyRaisesParams(strategy="maker-1"), lambda detail: None)
    fault.begin(1)
    desk.floor.run(10.0)
    assert desk.floor.open_orders() == []
    fault.end(2)
    desk.floor.run(30.0)
    assert desk.runner.state == "running"
    assert desk.runner.open_positions() == before == [("apex", "BTCUSD", 5_000_000)]
    assert len(desk.floor.open_orders()) == 2


def _malfunction(desk: Desk, effects: list[str], intensity: float = 1.0, **times: int) -> StrategyMalfunction:
    params = StrategyMalfunctionParams(strategy="maker-1", kind="runaway", intensity=intensity, **times)
    make = desk.make("runaway", RunawayParams(order_fraction=0.01))
    return StrategyMalfunction(desk.runner, make, desk.floor.kernel, params, effects.append)


def test_a_malfunction_takes_over_and_gives_back(desk: Desk) -> None:
    effects: list[str] = []
    fault = _malfunction(desk, effects)
    fault.begin(1)
    desk.floor.run(30.0)
    placed = desk.floor.wires["apex"].count("POST /api/v3/order")
    assert placed > 60
    assert effects == ["its resting orders are cancelled"]
    position = desk.runner.positions["apex", "BTCUSD"]
    assert position == pytest.approx((desk.floor.held("apex", "BTC") - 10.0) * 1e8, abs=2)
    fault.end(2)
    desk.floor.run(2.0)
    calm = desk.floor.wires["apex"].count("POST /api/v3/order")
    desk.floor.run(30.0)
    assert desk.floor.wires["apex"].count("POST /api/v3/order") - calm < 20
    assert desk.runner.acting.kind == "market_making"
    assert desk.runner.acting.may_trade
    assert len(desk.floor.open_orders()) == 2


def test_two_malfunctions_overlap_and_ending_one_leaves_the_other(desk: Desk) -> None:
    first, second = _malfunction(desk, []), _malfunction(desk, [])
    first.begin(1)
    desk.floor.run(5.0)
    second.begin(2)
    acting = desk.runner.acting
    first.end(3)
    assert desk.runner.acting is acting
    desk.floor.run(10.0)
    assert acting.may_trade
    second.end(4)
    desk.floor.run(30.0)
    assert desk.runner.acting.kind == "market_making"
    assert len(desk.floor.open_orders()) == 2


def test_a_malfunction_grows_along_its_ramp(desk: Desk) -> None:
    now_ns = desk.floor.kernel.now_ns
    minute_ns = 60 * 10**9
    fault = _malfunction(desk, [], starts_ns=now_ns, ends_ns=now_ns + 2 * minute_ns, ramp_ns=minute_ns)
    fault.begin(1)
    counts = [desk.floor.wires["apex"].count("POST")]
    for _ in range(4):
        desk.floor.run(20.0)
        counts.append(desk.floor.wires["apex"].count("POST"))
    grown = [after - before for before, after in itertools.pairwise(counts)]
    assert grown[0] < grown[1] < grown[2] < grown[3]


def test_a_control_pauses_whoever_acts_and_the_pause_outlives_the_malfunction(desk: Desk) -> None:
    fault = _malfunction(desk, [])
    fault.begin(1)
    desk.floor.run(5.0)
    desk.runner.pause("order rate")
    desk.floor.run(1.0)
    placed = desk.floor.wires["apex"].count("POST")
    desk.floor.run(10.0)
    fault.end(2)
    desk.floor.run(30.0)
    assert desk.floor.wires["apex"].count("POST") == placed
    assert desk.runner.state == "paused"
    desk.runner.resume()
    desk.floor.run(30.0)
    assert len(desk.floor.open_orders()) == 2


def test_nothing_stands_in_for_a_strategy_that_is_down(desk: Desk) -> None:
    desk.runner.fail(ValueError("down"))
    desk.floor.run(5.0)
    fault = _malfunction(desk, [])
    fault.begin(1)
    desk.floor.run(10.0)
    fault.end(2)
    assert desk.runner.state == "crashed"
    assert desk.floor.open_orders() == []
