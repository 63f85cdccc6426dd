"""What the faults of perpetuals may be told. Nothing heavy is imported, so that scenarios are checked fast."""

from __future__ import annotations

import math

from simulators.gradual import Gradual
from simulators.market_data.world.config import is_perpetual
from simulators.market_data.world.harm import Direction, HarmParams


class BasisShiftParams(HarmParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A basis shift: the perpetual ``pair`` parts from its spot, at one venue or at all; ``up``: above it."""

    pair: str
    venue: str | None = None
    direction: Direction = "up"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_perpetual(self.pair)


class FundingSpikeParams(Gradual, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A funding spike: the rate of ``pair`` is ``intensity`` (a fraction, of one interval) more than it would be, or
    less (``down``: shorts pay). The venue's own cap does not hold it."""

    pair: str
    venue: str | None = None
    intensity: float
    direction: Direction = "up"

    def __post_init__(self) -> None:
        _check_perpetual(self.pair)
        if not (math.isfinite(self.intensity) and 0.0 <= self.intensity <= 0.5):
            raise ValueError(f"intensity must be from 0 to 50 %, not {self.intensity}")


def _check_perpetual(pair: str) -> None:
    if not is_perpetual(pair):
        raise ValueError(f"{pair} is no perpetual; expected one such as {pair}:{pair.partition('/')[2]}")
