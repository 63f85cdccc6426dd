"""Street pressure: what several faults together make of the street's spread and liquidity."""

from __future__ import annotations

from typing import Protocol

from simulators.exchange.core import Exchange

_WIDEST = 0.99  # of the reference price: where the street's bids would come down to nothing


class Pressure(Protocol):
    """One fault's claim on the street."""

    def multipliers(self, index: int) -> tuple[float, float]:
        """What it makes now of the half spread and of the capacity in a listing; (1, 1) for nothing."""


class StreetPressure:
    """All pressures on one exchange's street: their multipliers multiply."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._pressures: list[Pressure] = []
        self._in_force: dict[int, tuple[float, float]] = {}

    def add(self, pressure: Pressure) -> None:
        """Count it in from the next ``apply``."""
        self._pressures.append(pressure)

    def remove(self, pressure: Pressure) -> None:
        self._pressures.remove(pressure)

    def apply(self, index: int, cause: int) -> bool:
        """Have the street of a listing be as the pressures now ask; False if it is so already."""
        half_spread = capacity = 1.0
        for pressure in self._pressures:
            wider, more = pressure.multipliers(index)
            half_spread *= wider
            capacity *= more
        nominal = self._exchange.half_spread(index)
        if nominal * half_spread > _WIDEST:
            half_spread = _WIDEST / nominal
        wanted = (half_spread, capacity)
        if wanted == self._in_force.get(index, (1.0, 1.0)):
            return False
        self._in_force[index] = wanted
        self._exchange.adjust_street(index, half_spread, capacity, cause)
        return True
