"""Contract terms: what a venue states of a perpetual beyond tick, lot and fees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

Profile = Literal["micro", "low", "medium", "high", "aggressive"]

PROFILE_LEVERAGE: Mapping[Profile, float] = {"micro": 1.5, "low": 2.0, "medium": 3.0, "high": 5.0, "aggressive": 10.0}
"""The most leverage that an account of a capital profile may use, notional over margin balance."""


class PerpetualTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A linear perpetual, quoted and margined in one asset. Rates and fractions are plain numbers (1 %: 0.01).

    ``maintenance_margin`` is the fraction of a position's value at the mark price below which the margin balance must
    not fall. ``interest`` and ``funding_band`` are those of the funding formula (see ``funding``), per interval;
    ``funding_cap`` bounds the rate. ``liquidation_fee`` of what a liquidation trades goes to the insurance fund.
    """

    max_leverage: int = 125
    maintenance_margin: float = 0.004
    funding_interval_ns: int = 8 * 3_600_000_000_000
    interest: float = 0.0001
    funding_band: float = 0.0005
    funding_cap: float = 0.003
    liquidation_fee: float = 0.0125

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("max_leverage", self.max_leverage, 1, 125),
            ("maintenance_margin", self.maintenance_margin, 0.0001, 0.5),
            ("interest", self.interest, -0.01, 0.01),
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
