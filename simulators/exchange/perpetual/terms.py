"""Contract terms: what a venue states of a perpetual beyond tick, lot and fees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

Profile = Literal["micro", "low", "medium", "high", "aggressive"]

PROFILE_LEVERAGE: Mapping[Profile, float] = {"micro": 1.5, "low": 2.0, "medium": 3.0, "high": 5.0, "aggressive": 10.0}
"""The most leverage that an account of a capital profile may use, notional over margin balance."""


Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class PerpetualTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A linear perpetual, quoted and margined in one asset. Shares and rates are plain numbers (1 %: 0.01)."""

    max_leverage: int = 125
    """The most that an account may set: 1 ÷ initial margin."""
    maintenance_margin: Share = 0.004
    """Share of a position's value at the mark price below which the margin balance must not fall."""
    funding_interval_ns: int = 8 * 3_600_000_000_000
    """Longs and shorts settle that often, counted from midnight UTC."""
    interest: Share = 0.0001
    """Interest of an interval, the funding rate of a perpetual that trades at its index."""
    funding_band: Share = 0.0005
    """How far the premium may lie from the interest before the rate follows it."""
    funding_cap: Share = 0.003
    """The largest rate, either way."""
    liquidation_fee: Share = 0.0125
    """Share of what a liquidation trades that goes to the insurance fund."""

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("max_leverage", self.max_leverage, 1, 125),
            ("maintenance_margin", self.maintenance_margin, 0.0001, 0.5),
            ("interest", self.interest, 0.0, 0.01),
            ("funding_band", self.funding_band, 0.0, 0.01),
            ("funding_cap", self.funding_cap, 0.0, 0.1),
            ("liquidation_fee", self.liquidation_fee, 0.0, 0.1),
        ):
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low:g} to {high:g}, not {value}")
        hours, rest = divmod(self.funding_interval_ns, 3_600_000_000_000)
        if rest or not hours or 24 % hours:
            raise ValueError("funding_interval must be a whole number of hours that divides the day")
        if self.maintenance_margin * self.max_leverage >= 1.0:
            raise ValueError("maintenance_margin must be less than 1 ÷ max_leverage, or nobody could open a position")
