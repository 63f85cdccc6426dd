"""Makes the faults of strategies, and of those who trade in the firm's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.laboratory.injections import Fault
from lab.scenario.model import Injection
from simulators.strategies.faults import StrategyMalfunction, StrategyRaises
from simulators.strategies.intruder import KeyElsewhere, StolenAccess, StolenKey
from simulators.strategies.params import MALFUNCTIONS

if TYPE_CHECKING:
    from lab.laboratory.assembly import Laboratory

TookEffect = Callable[[str], None]


def strategy_malfunction(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    told = {"order_fraction": params.order_fraction} if params.order_fraction else {}
    make = rooms.host.maker_of(params.strategy, params.kind, MALFUNCTIONS[params.kind](**told), params.pairs)
    return StrategyMalfunction(rooms.host.runners[params.strategy], make, rooms.kernel, params, took_effect)


def strategy_raises(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return StrategyRaises(rooms.host.runners[params.strategy], params, took_effect)


def stolen_key(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    pair = rooms.host.pair_of(params.venue, params.account, params.pair)
    return StolenKey(_access(rooms, "thief", params), pair, rooms.kernel, params, took_effect)


def key_elsewhere(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return KeyElsewhere(_access(rooms, "elsewhere", params), rooms.kernel, params, took_effect)


def _access(rooms: Laboratory, client: str, params: Any) -> StolenAccess:
    door = rooms.host.door(client, params.venue, params.account)
    return StolenAccess(door.wire, door.key)
