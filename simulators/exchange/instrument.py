"""Instrument: the exact integer arithmetic of one listing, in ticks, lots and smallest units."""

from __future__ import annotations

from typing import Final

from simulators.exchange.types import Listing
from simulators.ledger import SCALE, UNITS, to_units

PPM: Final = 1_000_000
"""Fees are kept in parts per million of what is received: a hundredth of a basis point."""

_PPM_PER_BP: Final = 100


class Instrument:
    """One listing, checked and turned into integers.

    ``value_units`` is what one lot costs at a price of one tick, in smallest units of quote. It must be whole, or a
    fill would be worth a fraction of the smallest unit and value would leak.

    A perpetual (``BTC/USDT:USDT``) is traded in contracts: its fills move *contracts* against *cost*, two things of its
    own that nobody holds at the start, free of fees. What they mean for the margin wallets is the business of the
    clearing house (``simulators.exchange.perpetual``).
    """

    __slots__ = (
        "assets",
        "base",
        "is_contract",
        "lot_units",
        "maker_ppm",
        "min_notional",
        "quote",
        "symbol",
        "taker_ppm",
        "value_units",
    )

    def __init__(self, listing: Listing) -> None:
        symbol = listing.symbol
        pair = f"{listing.base}/{listing.quote}"
        self.is_contract: bool = symbol == f"{pair}:{listing.quote}"
        if not (symbol == pair or self.is_contract) or listing.base == listing.quote:
            raise ValueError(f"{symbol}: a symbol is BASE/QUOTE, of {listing.base} and {listing.quote}")
        tick_units, lot_units = to_units(listing.tick_size), to_units(listing.lot_size)
        if tick_units <= 0 or lot_units <= 0:
            raise ValueError(f"{symbol}: tick_size and lot_size must be positive")
        value_units, remainder = divmod(tick_units * lot_units, UNITS)
        if remainder:
            raise ValueError(
                f"{symbol}: tick_size {listing.tick_size} × lot_size {listing.lot_size} is not a whole number of "
                f"10^-{SCALE} {listing.quote}; make one of them coarser"
            )
        self.symbol = symbol
        self.base = f"{symbol} contracts" if self.is_contract else listing.base
        self.quote = f"{symbol} cost" if self.is_contract else listing.quote
        self.assets = (self.base, self.quote)
        self.lot_units = lot_units
        self.value_units: int = value_units
        self.min_notional = max(1, to_units(listing.min_notional))  # nothing is traded for nothing
        maker_ppm = fee_ppm(symbol, "maker_fee_bp", listing.maker_fee_bp)
        taker_ppm = fee_ppm(symbol, "taker_fee_bp", listing.taker_fee_bp)
        self.maker_ppm = 0 if self.is_contract else maker_ppm
        self.taker_ppm = 0 if self.is_contract else taker_ppm


def fee_ppm(symbol: str, field: str, fee_bp: float) -> int:
    """A fee in parts per million; ValueError if it is not one that is kept exactly."""
    ppm = round(fee_bp * _PPM_PER_BP)
    if not 0 <= ppm < PPM or abs(ppm - fee_bp * _PPM_PER_BP) > 1e-6:
        raise ValueError(f"{symbol}: {field} must be at least 0, below 10000 and a multiple of 0.01 bp, not {fee_bp}")
    return ppm
