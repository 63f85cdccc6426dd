"""Harm laid over the world's prices: shocks, depegs, divergences, each a factor that rises and falls in an envelope.

A factor belongs to an asset, so every pair that holds the asset moves consistently: when USDT falls, USDT/USD falls,
BTC/USDT rises, and BTC/USD stays. Underneath, the market goes on as it would have.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulators.market_data.world.bars import Floats, Ints
from simulators.market_data.world.config import DOLLAR, legs_of
from simulators.market_data.world.errors import MarketError
from simulators.market_data.world.harm import (
    EnvelopeParams,
    HarmParams,
    PriceDivergenceParams,
    PriceShockParams,
    Shape,
    StablecoinDepegParams,
)
from simulators.market_data.world.noise import HourlyStream, mean_reverting
from simulators.market_data.world.path import HOUR_NS
from simulators.market_data.world.world import Harm, World
from simulators.ports import Clock

_SECOND_NS = 1_000_000_000
_HOURS_KEPT = 3
_NOISE_BOUND = 3.0  # standard deviations
_LEAST_FACTOR = 0.005  # prices stay positive whatever the noise


class Overlay:
    """One harm in force: a factor in time on some assets or on one pair, at one venue or at all.

    ``announce(detail)`` is called by whoever first plays a price that it visibly changed.
    """

    def __init__(
        self,
        params: HarmParams,
        rises: bool,
        noise: HourlyStream,
        announce: Callable[[str], None],
        assets: tuple[str, ...] = (),
        pair: str | None = None,
        venue: str | None = None,
    ) -> None:
        self.cause = 0
        self.effective = False
        self._params = params
        self._signed = params.intensity if rises else -params.intensity
        self._noise = noise
        self._noise_hours: dict[int, Floats] = {}
        self._announce = announce
        self._assets = assets
        self._pair = pair
        self._venue = venue

    def exponent(self, venue: str, symbol: str) -> int:
        """1 if the pair's price is multiplied by the factor, -1 if divided, 0 if untouched."""
        if self._venue is not None and venue != self._venue:
            return 0
        if self._pair is not None:
            return int(symbol == self._pair)
        base, quote = legs_of(symbol)
        return (base in self._assets) - (quote in self._assets)

    def factor(self, times_ns: Ints) -> Floats:
        """The factor at each time; exactly 1 before the harm starts and after it ends."""
        level = envelope(self._params, times_ns)
        harm = self._signed * level
        if self._params.volatility:
            harm *= 1.0 + self._params.volatility * self._noise_at(times_ns)
        return np.maximum(1.0 + harm, _LEAST_FACTOR)

    def take_effect(self, detail: str) -> None:
        """Announce, once, that a price that differs is about to be published."""
        if not self.effective:
            self.effective = True
            self._announce(detail)

    def _noise_at(self, times_ns: Ints) -> Floats:
        """The factor's own noise, one value a second, the same for every venue."""
        values = np.empty(len(times_ns))
        hours = times_ns // HOUR_NS
        for hour in np.unique(hours):
            known = self._noise_hours.get(int(hour))
            if known is None:
                drawn = mean_reverting(self._noise.hour(int(hour)), HOUR_NS // _SECOND_NS)
                known = np.clip(drawn, -_NOISE_BOUND, _NOISE_BOUND)
                while len(self._noise_hours) >= _HOURS_KEPT:
                    del self._noise_hours[next(iter(self._noise_hours))]
                self._noise_hours[int(hour)] = known
            here = hours == hour
            values[here] = known[times_ns[here] % HOUR_NS // _SECOND_NS]
        return values


def envelope(params: EnvelopeParams, times_ns: Ints) -> Floats:
    """How much of the intensity is in force at each time, 0 to 1."""
    since, until = times_ns - params.starts_ns, params.ends_ns - times_ns
    level = (since >= 0).astype(np.float64)
    if params.ramp_ns:
        level *= climb(params.shape, params.steps, np.clip(since / params.ramp_ns, 0.0, 1.0))
    if params.ramp_down_ns:
        level = np.minimum(level, np.clip(until / params.ramp_down_ns, 0.0, 1.0))
    level[until <= 0] = 0.0
    return level


def climb(shape: Shape, steps: int, share: Floats) -> Floats:
    """The level reached when ``share`` of the ramp has passed, 0 to 1.

    Stepwise: the first of ``steps`` equal steps comes at once. Cascade: step k is 2^k as high as the first, as when
    each fall sets off the next one.
    """
    if shape == "linear":
        return share
    reached = np.minimum(np.floor(share * steps) + 1, steps)
    if shape == "stepwise":
        return np.asarray(reached / steps)
    return np.asarray((np.ldexp(1.0, reached.astype(np.int32)) - 1.0) / (2.0**steps - 1.0))


class PriceFault:
    """Life of a price fault: laid over the world when it begins, lifted when it ends."""

    def __init__(self, world: World, overlays: tuple[Harm, ...]) -> None:
        self._world = world
        self._overlays = overlays

    def begin(self, cause: int) -> None:
        """Put the harm in force; ``cause`` is the sequence number of the record of its beginning."""
        for overlay in self._overlays:
            overlay.cause = cause
            self._world.lay(overlay)

    def end(self, cause: int) -> None:
        """Lift the harm; later prices are exactly the control's."""
        for overlay in self._overlays:
            self._world.lift(overlay)


class PriceShockFault(PriceFault):
    """``price_shock``: the dollar prices of assets move together, suddenly or gradually, with or without recovery."""

    def __init__(
        self, world: World, clock: Clock, params: PriceShockParams, took_effect: Callable[[str], None]
    ) -> None:
        need_assets(world, params.injection, params.assets)
        overlay = Overlay(
            params,
            params.direction == "up",
            world.stream(f"injection/{params.injection}"),
            took_effect,
            assets=params.assets,
            venue=params.venue,
        )
        super().__init__(world, (overlay,))


class StablecoinDepegFault(PriceFault):
    """``stablecoin_depeg``: a stablecoin slides, steps or cascades away from the dollar."""

    def __init__(
        self, world: World, clock: Clock, params: StablecoinDepegParams, took_effect: Callable[[str], None]
    ) -> None:
        need_assets(world, params.injection, (params.asset,))
        if params.asset not in world.config.stablecoins:
            coins = ", ".join(world.config.stablecoins)
            raise MarketError(
                world.config.market, None, f"{params.injection}.asset", f"a stablecoin ({coins})", params.asset
            )
        overlay = Overlay(
            params,
            params.direction == "up",
            world.stream(f"injection/{params.injection}"),
            took_effect,
            assets=(params.asset,),
            venue=params.venue,
        )
        super().__init__(world, (overlay,))


class PriceDivergenceFault(PriceFault):
    """``price_divergence``: one venue, or one pair, is priced apart from the rest."""

    def __init__(
        self, world: World, clock: Clock, params: PriceDivergenceParams, took_effect: Callable[[str], None]
    ) -> None:
        moving = tuple(one for one in world.assets if one != DOLLAR and one not in world.config.stablecoins)
        overlay = Overlay(
            params,
            params.direction == "up",
            world.stream(f"injection/{params.injection}"),
            took_effect,
            assets=() if params.pair is not None else moving,
            pair=params.pair,
            venue=params.venue,
        )
        super().__init__(world, (overlay,))


def need_assets(world: World, injection: str, assets: tuple[str, ...]) -> None:
    """Refuse an injection of assets that the market does not price."""
    known = [one for one in world.assets if one != DOLLAR]
    for asset in assets:
        if asset not in known:
            raise MarketError(world.config.market, None, f"{injection}.asset", f"one of {', '.join(known)}", asset)
    if not assets:
        raise MarketError(world.config.market, None, f"{injection}.asset", f"one of {', '.join(known)}", "none")
