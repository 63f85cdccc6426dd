"""Makes the faults of an exchange's trading."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.laboratory.injections import Fault
from lab.scenario.model import Injection
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.trading_faults.accounts import ContradictingBalances, FrozenAccount
from simulators.exchange.trading_faults.doors import Disconnect, Throttling
from simulators.exchange.trading_faults.fills import DuplicateFill, EventGap, LostFill, PhantomFill
from simulators.exchange.trading_faults.orders import CancelReject, OrderReject, PartialFills
from simulators.exchange.trading_faults.street import LiquidityWithdrawal, SpreadWidening
from simulators.picks import Picks

if TYPE_CHECKING:
    from lab.laboratory.assembly import Laboratory

TookEffect = Callable[[str], None]


def order_reject(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return OrderReject(_api(rooms, injection), rooms.kernel, params, _picks(rooms, injection), took_effect)


def cancel_reject(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return CancelReject(_api(rooms, injection), rooms.kernel, params, _picks(rooms, injection), took_effect)


def partial_fills(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return PartialFills(_api(rooms, injection), rooms.kernel, params, _picks(rooms, injection), took_effect)


def spread_widening(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return SpreadWidening(_api(rooms, injection), rooms.kernel, params, took_effect)


def liquidity_withdrawal(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return LiquidityWithdrawal(_api(rooms, injection), rooms.kernel, params, took_effect)


def phantom_fill(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return PhantomFill(_api(rooms, injection), rooms.kernel, params, _picks(rooms, injection), took_effect)


def lost_fill(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return LostFill(_api(rooms, injection), rooms.kernel, params, _picks(rooms, injection), took_effect)


def duplicate_fill(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return DuplicateFill(_api(rooms, injection), rooms.kernel, params, _picks(rooms, injection), took_effect)


def event_gap(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return EventGap(_api(rooms, injection), rooms.kernel, params, took_effect)


def frozen_account(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return FrozenAccount(_api(rooms, injection), rooms.kernel, params, took_effect)


def contradicting_balances(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return ContradictingBalances(_api(rooms, injection), rooms.kernel, params, took_effect)


def throttling(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return Throttling(_api(rooms, injection), rooms.kernel, params, took_effect)


def disconnect(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return Disconnect(_api(rooms, injection), rooms.kernel, params, took_effect)


def _api(rooms: Laboratory, injection: Injection) -> ExchangeApi:
    return rooms.exchange_apis[str(injection.scope["venue"])]


def _picks(rooms: Laboratory, injection: Injection) -> Picks:
    return Picks(rooms.streams(f"injection/{injection.name}"))
