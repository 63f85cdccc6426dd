"""A pair as a client knows it: its symbol on the wire and the steps its prices and quantities come in."""

from __future__ import annotations

import math

import msgspec

from simulators.strategies.frames import SymbolInfo

UNITS = 100_000_000
"""Amounts are integers of 1e-8, the finest step the dialect writes."""


def to_units(text: str) -> int:
    """Read a decimal string as an integer of 1e-8; further digits are dropped toward zero.

    Raises ValueError for anything that is not a plain decimal.
    """
    whole, _, fraction = text.partition(".")
    magnitude = int(whole.lstrip("+-") or "0") * UNITS + int((fraction + "00000000")[:8])
    return -magnitude if whole.startswith("-") else magnitude


def to_text(units: int) -> str:
    """Write a non-negative integer of 1e-8 as a decimal string."""
    whole, fraction = divmod(units, UNITS)
    return f"{whole}.{fraction:08d}"


class Pair(msgspec.Struct, frozen=True):
    """One traded pair with its filters: a price is a whole number of ticks, a quantity a whole number of lots."""

    name: str  # BASE/QUOTE, of a perpetual BASE/QUOTE:MARGIN
    symbol: str  # as the exchange writes it
    base: str
    quote: str
    tick_units: int
    lot_units: int
    min_lots: int
    min_notional_units: int

    @classmethod
    def from_info(cls, info: SymbolInfo) -> Pair:
        """Read the exchange's filters. Raises ValueError where price or lot steps are missing."""
        tick = lot = least = notional = 0
        for each in info.filters:
            if each.filter_type == "PRICE_FILTER":
                tick = to_units(each.tick_size)
            elif each.filter_type == "LOT_SIZE":
                lot, least = to_units(each.step_size), to_units(each.min_qty)
            elif each.filter_type in ("NOTIONAL", "MIN_NOTIONAL"):
                notional = to_units(each.notional or each.min_notional)
        if tick <= 0 or lot <= 0:
            raise ValueError(f"{info.symbol}: exchangeInfo states no tick or lot size")
        least_lots = max(1, -(-least // lot))
        return cls(info.pair_name, info.symbol, info.base_asset, info.quote_asset, tick, lot, least_lots, notional)

    def price(self, ticks: int) -> float:
        return ticks * self.tick_units / UNITS

    def ticks_below(self, price: float) -> int:
        """The highest whole tick not above ``price``; a price that is a tick within rounding keeps it."""
        return math.floor(price * UNITS / self.tick_units + 1e-6)

    def ticks_above(self, price: float) -> int:
        return math.ceil(price * UNITS / self.tick_units - 1e-6)

    def lots(self, quantity_units: int) -> int:
        """How many whole lots fit into a quantity of the base asset."""
        return quantity_units // self.lot_units

    def notional_units(self, ticks: int, lots: int) -> int:
        """Value of an order in units of the quote asset, rounded down."""
        return ticks * self.tick_units * lots * self.lot_units // UNITS

    def tradable(self, ticks: int, lots: int) -> bool:
        """Whether the exchange would accept an order of this size."""
        return ticks > 0 and lots >= self.min_lots and self.notional_units(ticks, lots) >= self.min_notional_units
