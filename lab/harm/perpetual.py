"""Makes the faults of perpetuals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from lab.laboratory.injections import Fault
from lab.scenario.model import Injection
from simulators.exchange.perpetual.faults import FundingSpike
from simulators.market_data.world.harm import PriceDivergenceParams
from simulators.market_data.world.overlays import PriceDivergenceFault

if TYPE_CHECKING:
    from lab.laboratory.assembly import Laboratory

TookEffect = Callable[[str], None]


def basis_shift(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    """A perpetual priced apart from its spot is a pair priced apart from the rest."""
    divergence = PriceDivergenceParams(**msgspec.structs.asdict(params))
    return PriceDivergenceFault(rooms.world, rooms.kernel, divergence, took_effect)


def funding_spike(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    houses = tuple(house for name, house in rooms.clearing_houses.items() if params.venue in (None, name))
    return FundingSpike(houses, params, took_effect)
