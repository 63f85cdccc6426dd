"""Harm of an asset's returns: its moves grow, or part from those of the assets it moves with.

Each minute's move of the asset's dollar price is replaced; what was replaced adds up to a factor on the price, and a
``ramp_down`` leads the price back to where it would have been.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from simulators.market_data.world.bars import Floats, Ints
from simulators.market_data.world.config import MINUTE_NS, legs_of
from simulators.market_data.world.harm import CorrelationBreakParams, EnvelopeParams, VolatilityBurstParams
from simulators.market_data.world.noise import HourlyStream
from simulators.market_data.world.overlays import PriceFault, envelope, need_assets
from simulators.market_data.world.path import MINUTES
from simulators.market_data.world.world import World
from simulators.ports import Clock

_MOST = 2.0  # the factor's logarithm is kept within it: prices stay prices whatever is amplified


class ReturnsOverlay:
    """One asset's returns replaced while an injection is in force; satisfies ``world.Harm``.

    ``replace(returns, minutes)`` gives what stands in for the logarithmic returns of those minutes.
    """

    def __init__(
        self,
        world: World,
        params: EnvelopeParams,
        asset: str,
        replace: Callable[[Floats, Ints], Floats],
        announce: Callable[[str], None],
    ) -> None:
        self.cause = 0
        self.effective = False
        self._params = params
        self._asset = asset
        self._announce = announce
        first, last = params.starts_ns // MINUTE_NS, -(-params.ends_ns // MINUTE_NS)
        minutes = np.arange(first - 1, last, dtype=np.int64)  # a close belongs to the end of its minute
        closes = np.log(world.closes(asset, minutes))
        returns = np.diff(closes)
        # The ramp up acts on the returns, so that what has been replaced stays; the ramp down on their sum.
        rising = envelope(params, (minutes[1:] + 1) * MINUTE_NS - 1)
        if params.ramp_down_ns:
            rising[(minutes[1:] + 1) * MINUTE_NS - 1 > params.ends_ns - params.ramp_down_ns] = 0.0
        replaced = replace(returns, minutes[1:]) - returns
        self._times_ns = (minutes + 1) * MINUTE_NS
        self._drift = np.concatenate(([0.0], np.cumsum(rising * replaced)))

    def exponent(self, venue: str, symbol: str) -> int:
        """1 if the pair is priced by the asset, -1 if in it."""
        base, quote = legs_of(symbol)
        return (base == self._asset) - (quote == self._asset)

    def factor(self, times_ns: Ints) -> Floats:
        """The factor at each time; exactly 1 before the start and from the end on."""
        params = self._params
        drift = np.interp(times_ns, self._times_ns, self._drift)
        if params.ramp_down_ns:
            drift *= np.clip((params.ends_ns - times_ns) / params.ramp_down_ns, 0.0, 1.0)
        drift[(times_ns < params.starts_ns) | (times_ns >= params.ends_ns)] = 0.0
        return np.asarray(np.exp(np.clip(drift, -_MOST, _MOST)))

    def take_effect(self, detail: str) -> None:
        """Announce, once, that a price that differs is about to be published."""
        if not self.effective:
            self.effective = True
            self._announce(detail)


class VolatilityBurstFault(PriceFault):
    """``volatility_burst``: the assets move as they would have, but further."""

    def __init__(
        self, world: World, clock: Clock, params: VolatilityBurstParams, took_effect: Callable[[str], None]
    ) -> None:
        need_assets(world, params.injection, params.assets)

        def amplified(returns: Floats, minutes: Ints) -> Floats:
            return params.intensity * returns

        announce = _once(took_effect)
        super().__init__(
            world, tuple(ReturnsOverlay(world, params, asset, amplified, announce) for asset in params.assets)
        )


class CorrelationBreakFault(PriceFault):
    """``correlation_break``: the assets' returns are mixed with an independent series of the same volatility.

    With θ = π × intensity a return r becomes cos θ × r + sin θ × s × r, where s is a random sign of each minute: the
    correlation with whatever moved with r is multiplied by cos θ, and the volatility stays.
    """

    def __init__(
        self, world: World, clock: Clock, params: CorrelationBreakParams, took_effect: Callable[[str], None]
    ) -> None:
        need_assets(world, params.injection, params.assets)
        announce = _once(took_effect)
        angle = math.pi * params.intensity
        cosine, sine = math.cos(angle), math.sin(angle)

        def mixing(asset: str) -> Callable[[Floats, Ints], Floats]:
            noise = world.stream(f"injection/{params.injection}/{asset}")
            return lambda returns, minutes: returns * (cosine + sine * _signs(noise, minutes))

        super().__init__(
            world, tuple(ReturnsOverlay(world, params, asset, mixing(asset), announce) for asset in params.assets)
        )


def _signs(noise: HourlyStream, minutes: Ints) -> Floats:
    """A random sign, +1 or -1, of each minute (since the epoch)."""
    signs = np.empty(len(minutes))
    hours = minutes // MINUTES
    for hour in np.unique(hours):
        drawn = noise.hour(int(hour)).integers(0, 2, MINUTES) * 2.0 - 1.0
        here = hours == hour
        signs[here] = drawn[minutes[here] % MINUTES]
    return signs


def _once(took_effect: Callable[[str], None]) -> Callable[[str], None]:
    """Several overlays of one injection take effect once."""
    told: list[str] = []

    def announce(detail: str) -> None:
        if not told:
            told.append(detail)
            took_effect(detail)

    return announce
