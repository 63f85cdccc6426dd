"""Faults of contracts: the funding rate leaves what the premium would make of it."""

from __future__ import annotations

from collections.abc import Callable

from simulators.exchange.perpetual.clearing import ClearingHouse
from simulators.exchange.perpetual.contract import Contract
from simulators.exchange.perpetual.harm import FundingSpikeParams

_VISIBLE = 0.5e-8  # rates are told with eight decimals


class FundingSpike:
    """``funding_spike``: longs pay shorts more than they would, or the other way round, and every client is told so."""

    def __init__(
        self, houses: tuple[ClearingHouse, ...], params: FundingSpikeParams, took_effect: Callable[[str], None]
    ) -> None:
        self._params = params
        self._took_effect = took_effect
        self._has_taken_effect = False
        self._contracts: list[Contract] = [
            contract for house in houses for contract in house.contracts if contract.listing.symbol == params.pair
        ]
        if not self._contracts:
            raise ValueError(f"no derivatives exchange in scope lists {params.pair}")

    def begin(self, cause: int) -> None:
        """From the next second on the rate is another."""
        for contract in self._contracts:
            contract.shifts += (self._shift,)

    def end(self, cause: int) -> None:
        """From the next second on the rate is what the premium makes of it; what was paid stays paid."""
        for contract in self._contracts:
            contract.shifts = tuple(shift for shift in contract.shifts if shift != self._shift)

    def _shift(self, now_ns: int) -> float:
        params = self._params
        level = params.level(now_ns)
        shift = params.intensity * level if params.direction == "up" else -params.intensity * level
        if not self._has_taken_effect and abs(shift) > _VISIBLE:
            self._has_taken_effect = True
            self._took_effect(f"the funding rate of {params.pair} is shifted by {shift * 1e4:+.4g} bp")
        return shift
