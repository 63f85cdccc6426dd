"""Makes the faults of the custodian."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.laboratory.injections import Fault
from lab.laboratory.keys import custody_desk_key, secret_of
from lab.scenario.model import Injection
from simulators.custodian.faults.outage import CustodianOutage
from simulators.custodian.faults.settlement import (
    ApprovalDelay,
    BankHoliday,
    PartialSettlement,
    SettlementDelay,
    SettlementHalt,
    TransferReject,
)
from simulators.custodian.faults.theft import VaultTheft
from simulators.custodian.faults.views import BalanceMisreported, FalseCompletion

if TYPE_CHECKING:
    from lab.laboratory.assembly import Laboratory

TookEffect = Callable[[str], None]


def settlement_halt(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return SettlementHalt(rooms.the_custodian, rooms.kernel, params, took_effect)


def settlement_delay(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return SettlementDelay(rooms.the_custodian, rooms.kernel, params, took_effect)


def custodian_outage(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return CustodianOutage(rooms.the_custodian_api, rooms.kernel, params, took_effect)


def approval_delay(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return ApprovalDelay(rooms.the_custodian, rooms.kernel, params, took_effect)


def transfer_reject(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return TransferReject(rooms.the_custodian, rooms.kernel, params, took_effect)


def partial_settlement(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return PartialSettlement(rooms.the_custodian, rooms.kernel, params, took_effect)


def bank_holiday(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return BankHoliday(rooms.the_custodian, rooms.kernel, params, took_effect)


def balance_misreported(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return BalanceMisreported(rooms.the_custodian_api, rooms.kernel, params, took_effect)


def false_completion(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return FalseCompletion(rooms.the_custodian_api, rooms.kernel, params, took_effect)


def vault_theft(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    name = rooms.the_custodian.name
    api_key = custody_desk_key(name)
    return VaultTheft(rooms.link("thief", name), api_key, secret_of(api_key), rooms.kernel, params, took_effect)
