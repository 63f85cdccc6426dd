"""Makes the faults of the custodian."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.injections import Fault
from lab.scenario.model import Injection
from simulators.custodian.faults import CustodianOutage, SettlementDelay, SettlementHalt

if TYPE_CHECKING:
    from lab.laboratory import Laboratory

TookEffect = Callable[[str], None]


def settlement_halt(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return SettlementHalt(rooms.the_custodian, rooms.kernel, params, took_effect)


def settlement_delay(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return SettlementDelay(rooms.the_custodian, rooms.kernel, params, took_effect)


def custodian_outage(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return CustodianOutage(rooms.the_custodian_api, rooms.kernel, params, took_effect)
