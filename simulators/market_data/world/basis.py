"""Basis: how far a perpetual future trades from its spot, as a fraction of the spot price.

On calm days it stands at a level and returns to it: an Ornstein-Uhlenbeck process, looked at once a minute. What is
shipped was measured on Binance's BTC/USDT and its perpetual, 2025-05-26 to 06-08 (``tools/calibrate_basis.py``).
"""

from __future__ import annotations

import numpy as np

from simulators.market_data.world.bars import Floats
from simulators.market_data.world.config import BasisConfig
from simulators.market_data.world.noise import HourlyStream

_MINUTES = 60
_HOURS_REMEMBERED = 16  # at the longest half-life that is allowed, two thirds of a percent of a deviation are left then
_HOURS_KEPT = 24


class Basis:
    """One perpetual's calm basis, shared by every venue that lists it. Any hour can be asked for, in any order."""

    def __init__(self, config: BasisConfig, stream: HourlyStream) -> None:
        self._level = config.level_bp * 1e-4
        self._memory = 0.5 ** (1.0 / config.half_life_min)
        self._step = config.deviation_bp * 1e-4 * (1.0 - self._memory * self._memory) ** 0.5
        self._stream = stream
        self._surprises: dict[int, list[float]] = {}

    def at(self, hour: int, minute: Floats) -> Floats:
        """The basis at moments of an hour (since the epoch), told in minutes from its beginning, 0 to 60."""
        deviation = 0.0
        for earlier in range(hour - _HOURS_REMEMBERED, hour):
            for surprise in self._surprises_of(earlier):
                deviation = deviation * self._memory + surprise * self._step
        knots = [deviation]
        for surprise in self._surprises_of(hour):
            deviation = deviation * self._memory + surprise * self._step
            knots.append(deviation)
        return np.asarray(np.interp(minute, np.arange(_MINUTES + 1), knots) + self._level)

    def _surprises_of(self, hour: int) -> list[float]:
        known = self._surprises.get(hour)
        if known is None:
            known = self._surprises[hour] = self._stream.hour(hour).standard_normal(_MINUTES).tolist()
            while len(self._surprises) > _HOURS_KEPT:
                del self._surprises[next(iter(self._surprises))]
        return known
