"""Makes the faults of the firm's gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.laboratory.injections import Fault
from lab.scenario.model import Injection
from simulators.gateway.faults import (
    Forgery,
    GateBypassed,
    HeartbeatLost,
    LimitsTampered,
    OrderedWithdrawal,
    forge_age,
    forge_replay,
    forge_signature,
)

if TYPE_CHECKING:
    from lab.laboratory.assembly import Laboratory

TookEffect = Callable[[str], None]


def heartbeat_lost(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return HeartbeatLost(rooms.host.the_gateway, params, took_effect)


def gate_bypassed(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return GateBypassed(rooms.host.wires_through_gateway(params.strategy), params, took_effect)


def bad_signature(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    forge = forge_signature(*rooms.host.signer_of(params.strategy))
    return Forgery(rooms.host.the_gateway, forge, rooms.kernel, params, took_effect)


def replayed_nonce(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    forge = forge_replay(rooms.host.wires_through_gateway(params.strategy), rooms.kernel)
    return Forgery(rooms.host.the_gateway, forge, rooms.kernel, params, took_effect)


def expired_timestamp(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    forge = forge_age(*rooms.host.signer_of(params.strategy))
    return Forgery(rooms.host.the_gateway, forge, rooms.kernel, params, took_effect)


def limits_tampered(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return LimitsTampered(rooms.host.the_gateway, params, took_effect)


def ordered_withdrawal(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    gateway = rooms.host.the_gateway
    door = rooms.host.door(gateway.name, params.venue, params.account)
    return OrderedWithdrawal(gateway, door, params, took_effect)
