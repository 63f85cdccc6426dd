"""What an exchange is made of: its listings and the liquidity that the street offers in each."""

from __future__ import annotations

import msgspec

from simulators.exchange.types import Listing


class StreetConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rest of the market in one listing: a ladder of price levels on each side of the reference price.

    Level 0 stands ``half_spread_bp`` from the reference price and offers ``top_notional`` (in the quote asset);
    each further level stands ``step_bp`` further out and offers ``growth`` times the one before it. What is taken
    from a level grows back at ``recovery_per_second`` of its capacity.
    """

    half_spread_bp: float
    top_notional: float
    levels: int = 10
    growth: float = 1.3
    step_bp: float = 1.0
    recovery_per_second: float = 0.1

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("half_spread_bp", self.half_spread_bp, 0.0, 5_000.0),
            ("top_notional", self.top_notional, 0.0, 1e15),
            ("levels", self.levels, 1, 200),
            ("growth", self.growth, 0.01, 100.0),
            ("step_bp", self.step_bp, 0.0, 1_000.0),
            ("recovery_per_second", self.recovery_per_second, 0.0, 1_000.0),
        ):
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low:g} to {high:g}, not {value}")


class ExchangeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One exchange. ``street`` maps a listing's symbol to its street; a listing without one has clients only.

    ``max_open_orders`` is per account and symbol; ``history`` bounds the closed orders and trades kept per
    account, and the trades kept per symbol.
    """

    name: str
    listings: tuple[Listing, ...]
    street: dict[str, StreetConfig] = {}
    max_open_orders: int = 200
    history: int = 500
