"""Makes the faults of an exchange's API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.laboratory.injections import Fault
from lab.scenario.model import Injection
from simulators.exchange.faults import ExchangeLatency, ExchangeOutage, FeedStall

if TYPE_CHECKING:
    from lab.laboratory.assembly import Laboratory

TookEffect = Callable[[str], None]


def exchange_outage(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return ExchangeOutage(rooms.exchange_apis[str(injection.scope["venue"])], rooms.kernel, params, took_effect)


def exchange_latency(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return ExchangeLatency(rooms.exchange_apis[str(injection.scope["venue"])], rooms.kernel, params, took_effect)


def feed_stall(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return FeedStall(rooms.exchange_apis[str(injection.scope["venue"])], rooms.kernel, params, took_effect)
