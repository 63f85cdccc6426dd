"""How a pair is priced: the chain of series that leads from its base to its quote.

Every pair of a venue comes out of the same few series, so that what moves one series moves every pair that shares an
asset with it, as arbitrage does in a real market.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from simulators.market_data.world.config import (
    DOLLAR,
    MarketConfig,
    SeriesConfig,
    is_perpetual,
    legs_of,
    series_of,
)
from simulators.market_data.world.errors import MarketError


class Leg(msgspec.Struct, frozen=True):
    """One step of the chain: multiply by the series' price, or divide by it."""

    series: int  # position in ``series_of(config)``
    divides: bool


class Recipe(msgspec.Struct, frozen=True):
    """The price of a pair: the product of its legs, times a residual where a series steers it.

    No legs: a stablecoin at par, one dollar for ever. The first leg is the *lead*: its bars say in which minutes the
    pair has ticks, and how many; a gap in another leg only leaves that leg where it was.
    """

    legs: tuple[Leg, ...]
    residual: int | None = None  # position of the series whose minute closes steer the price
    has_basis: bool = False  # a perpetual that no series steers: its spot, times one plus the calm basis

    @property
    def plays_bars(self) -> bool:
        """Whether the pair is one series as it stands, whose bars are to be honoured to the last digit."""
        return len(self.legs) == 1 and not self.legs[0].divides and self.residual is None and not self.has_basis


def find_recipe(config: MarketConfig, venue: str, symbol: str) -> Recipe:
    """The shortest chain for ``symbol`` at ``venue``; ties go to the series that is listed first.

    A perpetual (``BTC/USDT:USDT``) is priced from its spot, times the residual of its own series or the calm basis.

    Raises ``MarketError`` if the market has no way to price it.
    """
    base, quote = legs_of(symbol)
    series = series_of(config)
    edges: list[tuple[str, str, Leg | None]] = []
    residual = None
    for position, one in enumerate(series):
        if not _plays_at(one, venue, series):
            continue
        if one.role == "residual":
            if one.pair == symbol:
                residual = position
            continue
        one_base, _, one_quote = one.pair.partition("/")
        edges.append((one_base, one_quote, Leg(position, False)))
        edges.append((one_quote, one_base, Leg(position, True)))
    for coin in config.at_par:
        edges += [(coin, DOLLAR, None), (DOLLAR, coin, None)]

    reached: dict[str, tuple[Leg, ...]] = {base: ()}
    frontier = [base]
    while frontier and quote not in reached:
        following = []
        for asset in frontier:
            for source, target, leg in edges:
                if source == asset and target not in reached:
                    reached[target] = reached[asset] if leg is None else (*reached[asset], leg)
                    following.append(target)
        frontier = following
    if not base or not quote or base == quote or quote not in reached:
        pairs = ", ".join(dict.fromkeys(one.pair for one in series))
        raise MarketError(
            config.market, None, f"{venue} lists {symbol}", f"a pair that the market's series lead to ({pairs})", "none"
        )
    return Recipe(legs=reached[quote], residual=residual, has_basis=is_perpetual(symbol) and residual is None)


def unpriced(config: MarketConfig, venue: str, symbols: Iterable[str]) -> tuple[str, ...]:
    """Those of ``symbols`` that the market cannot price at ``venue``."""
    missing = []
    for symbol in symbols:
        try:
            find_recipe(config, venue, symbol)
        except MarketError:
            missing.append(symbol)
    return tuple(missing)


def _plays_at(one: SeriesConfig, venue: str, series: tuple[SeriesConfig, ...]) -> bool:
    if one.venue is not None:
        return one.venue == venue
    return not any(other.pair == one.pair and other.venue == venue for other in series)
