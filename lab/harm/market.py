"""Makes the faults of the market."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.laboratory.injections import Fault
from lab.scenario.model import Injection
from simulators.market_data.world.overlays import PriceDivergenceFault, PriceShockFault, StablecoinDepegFault
from simulators.market_data.world.returns import CorrelationBreakFault, VolatilityBurstFault

if TYPE_CHECKING:
    from lab.laboratory.assembly import Laboratory

TookEffect = Callable[[str], None]


def price_shock(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return PriceShockFault(rooms.world, rooms.kernel, params, took_effect)


def stablecoin_depeg(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return StablecoinDepegFault(rooms.world, rooms.kernel, params, took_effect)


def price_divergence(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return PriceDivergenceFault(rooms.world, rooms.kernel, params, took_effect)


def volatility_burst(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return VolatilityBurstFault(rooms.world, rooms.kernel, params, took_effect)


def correlation_break(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return CorrelationBreakFault(rooms.world, rooms.kernel, params, took_effect)
