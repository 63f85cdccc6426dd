"""Harm that can be laid over prices: what each kind is, and the parameters that make one occurrence of it.

Kept apart from the arithmetic in ``overlays`` so that a scenario can be checked without numpy.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Shape = Literal["linear", "stepwise", "cascade"]
Direction = Literal["down", "up"]


class EnvelopeParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every harm has: an envelope in time.

    Times are ns since the epoch; the ramps lie inside [starts_ns, ends_ns). ``shape`` says how the first ramp climbs:
    ``linear``; ``stepwise`` in ``steps`` equal steps; ``cascade`` in ``steps`` steps, each twice the one before.
    """

    injection: str  # its name, which also names its stream of randomness
    starts_ns: int
    ends_ns: int
    ramp_ns: int = 0
    ramp_down_ns: int = 0
    shape: Shape = "linear"
    steps: int = 6

    def __post_init__(self) -> None:
        self.require(
            ("ends_ns", self.starts_ns < self.ends_ns, "a moment after starts_ns"),
            ("ramp_ns", self.ramp_ns >= 0, "no less than 0"),
            ("ramp_down_ns", self.ramp_down_ns >= 0, "no less than 0"),
            ("ramp_ns", self.ramp_ns + self.ramp_down_ns <= self.ends_ns - self.starts_ns, "ramps within the duration"),
            ("steps", 1 <= self.steps <= 60, "1 to 60"),
        )

    def require(self, *conditions: tuple[str, bool, str]) -> None:
        """Refuse the first (field, whether it holds, what was expected) that does not hold, with a ValueError."""
        for field, holds, expected in conditions:
            if not holds:
                raise ValueError(f"{field}: expected {expected}, found {getattr(self, field)}")


class HarmParams(EnvelopeParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A harm of prices: an envelope, and how far they go.

    ``intensity`` is the price change at full strength as a fraction of the price (500 bp: 0.05), 0 to 0.99.
    ``volatility`` adds mean-reverting noise in proportion to the harm in force: its standard deviation, as a fraction
    of that harm.
    """

    intensity: float
    volatility: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(
            ("intensity", 0 <= self.intensity <= 0.99, "0 to 0.99 of the price"),
            ("volatility", 0 <= self.volatility <= 1, "0 to 1 of the harm in force"),
        )


class VolatilityBurstParams(EnvelopeParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A burst of volatility: every move of the assets is ``intensity`` times what it would have been, at least 1."""

    assets: tuple[str, ...]
    intensity: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(("intensity", 1.0 <= self.intensity <= 100.0, "1 to 100 times"))


class CorrelationBreakParams(EnvelopeParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A break of correlation: the assets' moves part from everybody else's, as lively as before.

    ``intensity`` 0.5: they are independent of what they would have been; 1: they are the opposite of it.
    """

    assets: tuple[str, ...]
    intensity: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(("intensity", 0.0 <= self.intensity <= 1.0, "0 to 1"))


class PriceShockParams(HarmParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shock: the dollar prices of assets move together, at once or along a ramp; ``ramp_down_ns`` is the recovery."""

    assets: tuple[str, ...]
    venue: str | None = None  # None: everywhere
    direction: Direction = "down"


class StablecoinDepegParams(HarmParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A depeg: a stablecoin parts from the dollar, and with it every pair that is quoted in it."""

    asset: str
    venue: str | None = None
    direction: Direction = "down"


class PriceDivergenceParams(HarmParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A divergence: one venue, one pair, or one pair at one venue is priced apart from the rest.

    With a venue alone, every asset there but the dollar and the stablecoins moves, so that its cross pairs stay
    consistent; with a pair, that pair only.
    """

    venue: str | None = None
    pair: str | None = None
    direction: Direction = "up"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.venue is None and self.pair is None:
            raise ValueError("venue: expected a venue or a pair to diverge, found neither")
