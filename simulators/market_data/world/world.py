"""The world's prices: what every listed pair is worth at every venue at every moment, with or without harm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from simulators.market_data.world.bars import Bars, Flags, Floats, Ints
from simulators.market_data.world.basis import Basis
from simulators.market_data.world.config import DOLLAR, MINUTE_NS, MarketConfig, assets_of, series_of, window_ns
from simulators.market_data.world.errors import MarketError
from simulators.market_data.world.noise import HourlyStream, Streams, mean_reverting
from simulators.market_data.world.path import (
    HOUR_NS,
    MINUTES,
    HourPath,
    SeriesPath,
    closes_until,
    flat_hour,
)
from simulators.market_data.world.recipes import Leg, Recipe, find_recipe

_HOURS_KEPT = 3  # paths kept: the venues' tapes pass from one hour to the next at almost the same time


class Harm(Protocol):
    """A factor laid over prices while an injection is in force; ``overlays`` has them."""

    cause: int  # sequence number of the record with which the injection began
    effective: bool  # whether a price that it visibly changed has been played

    def exponent(self, venue: str, symbol: str) -> int:
        """1 if prices of the pair are multiplied by the factor, -1 if divided, 0 if untouched."""

    def factor(self, times_ns: Ints) -> Floats:
        """The factor at each time; exactly 1 where the harm is not in force."""

    def take_effect(self, detail: str) -> None:
        """Be told, once, that a price that it visibly changed is about to be played."""


class Watcher(Protocol):
    """Somebody who has looked at prices ahead of time and must look again."""

    def harm_changed(self) -> None: ...


class World:
    """Deterministic prices out of (market, seed).

    Args:
        config: the market's definition.
        bars: its series' bars, in the order of ``series_of(config)``; ``importers.load_bars`` gives them.
        streams: gives the named stream of randomness, from its beginning.

    Every venue samples the same paths, each at its own random times and with its own small noise. A venue's ticks
    depend on its own name and listings only.
    """

    def __init__(self, config: MarketConfig, bars: Sequence[Bars], streams: Streams) -> None:
        series = series_of(config)
        if len(series) != len(bars):
            raise ValueError(f"{len(series)} series need as many sets of bars, not {len(bars)}")
        self.config = config
        self.assets = assets_of(config)
        self._bars = tuple(bars)
        self._streams = streams
        self._paths: list[SeriesPath | None] = []
        for one, own in zip(series, self._bars, strict=True):
            siblings = tuple(
                other_bars
                for other, other_bars in zip(series, self._bars, strict=True)
                if other.pair == one.pair and other.role == "path"
            )
            randomness = HourlyStream(streams(f"market/path/{one.pair}"))
            self._paths.append(
                SeriesPath(own, siblings, randomness, config.ticks_per_minute, config.ticks_per_minute_at_most)
                if one.role == "path"
                else None
            )
        self._par = flat_hour(config.ticks_per_minute)
        self._hours: dict[tuple[int, int], HourPath] = {}
        self._sources: dict[tuple[str, str], _PairSource] = {}
        self._bases: dict[str, Basis] = {}
        self._harms: list[Harm] = []
        self._watchers: list[Watcher] = []
        self.starts_ns, self.ends_ns = self._playable()

    def ticks(self, venue: str, symbol: str, hour: int) -> tuple[Ints, Floats]:
        """Times (ns since the epoch, increasing) and unharmed prices of a pair in one hour (since the epoch).

        Raises ``MarketError`` if the market cannot price the pair.
        """
        source = self._sources.get((venue, symbol))
        if source is None:
            recipe = find_recipe(self.config, venue, symbol)
            randomness = HourlyStream(self._streams(f"market/ticks/{venue}/{symbol}"))
            basis = self._basis_of(symbol) if recipe.has_basis else None
            source = self._sources[venue, symbol] = _PairSource(self, recipe, randomness, basis)
        return source.hour(hour)

    def price(self, venue: str, symbol: str, at_ns: int) -> float | None:
        """The unharmed reference price at a moment: the last tick's, or where the minute began if there is none yet.

        None outside the market's days. For opening balances and the like; venues play a ``Tape``.
        """
        if not self.starts_ns <= at_ns < self.ends_ns:
            return None
        for hour in (at_ns // HOUR_NS, at_ns // HOUR_NS - 1):
            times, prices = self.ticks(venue, symbol, hour)
            before = int(np.searchsorted(times, at_ns, side="right"))
            if before:
                return float(prices[before - 1])
        recipe = self._sources[venue, symbol].recipe
        price = 1.0
        for leg in recipe.legs:
            path = self.path_of(leg.series, at_ns // HOUR_NS)
            value = float(path.price[path.grid.offsets[at_ns // MINUTE_NS % MINUTES]])
            price = price / value if leg.divides else price * value
        return price

    def closes(self, asset: str, minutes: Ints) -> Floats:
        """The asset's unharmed dollar price at the end of each minute (since the epoch), at whichever venue has one.

        Raises ``MarketError`` if the market cannot price it.
        """
        venues = dict.fromkeys(("", *(one.venue or "" for one in series_of(self.config))))
        refused: MarketError | None = None
        for venue in venues:
            try:
                legs = find_recipe(self.config, venue, f"{asset}/{DOLLAR}").legs
            except MarketError as error:
                refused = refused or error
                continue
            price = np.ones(len(minutes))
            for leg in legs:
                closes = closes_until(self._bars[leg.series], minutes)
                price = price / closes if leg.divides else price * closes
            return price
        assert refused is not None
        raise refused

    def lay(self, harm: Harm) -> None:
        """Put a harm in force; whoever plays prices reprices what lies ahead."""
        self._harms.append(harm)
        self._tell()

    def lift(self, harm: Harm) -> None:
        """End a harm; prices ahead are again exactly what they would have been without it."""
        self._harms.remove(harm)
        self._tell()

    def watch(self, watcher: Watcher) -> None:
        """Be told when harms are laid or lifted."""
        self._watchers.append(watcher)

    def harms_on(self, venue: str, symbol: str) -> list[tuple[Harm, int]]:
        """The harms in force that bear on a pair, oldest first, each with its exponent."""
        return [(harm, exponent) for harm in self._harms if (exponent := harm.exponent(venue, symbol))]

    def stream(self, name: str) -> HourlyStream:
        """A stream of randomness for whoever lays harm over this world."""
        return HourlyStream(self._streams(name))

    def path_of(self, series: int, hour: int) -> HourPath:
        """The path of a series in an hour, which all venues share."""
        known = self._hours.get((series, hour))
        if known is not None:
            return known
        path = self._paths[series]
        if path is None:
            raise ValueError(f"series {series} steers a pair and has no path of its own")
        made = path.hour(hour)
        for old in [key for key in self._hours if key[0] == series][: 1 - _HOURS_KEPT]:
            del self._hours[old]
        self._hours[series, hour] = made
        return made

    def residual_of(self, recipe: Recipe, hour: int, minute: Ints, share: Floats) -> tuple[Floats, Flags]:
        """How far the steering series stands from the legs' product, for slots that end at ``share`` of ``minute``.

        Known at minute closes, linear between them. Also: in which of the 60 minutes that series has a bar.
        """
        own = self._bars[recipe.residual or 0]
        minutes = hour * MINUTES + np.arange(-1, MINUTES, dtype=np.int64)
        legs = np.ones(MINUTES + 1)
        for leg in recipe.legs:
            closes = closes_until(self._bars[leg.series], minutes)
            legs = legs / closes if leg.divides else legs * closes
        # A minute without a bar steers nothing: the residual goes straight from the last known one to the next.
        begin, end = np.searchsorted(own.minute, (minutes[0], minutes[-1] + 1))
        at = own.minute[begin:end] - minutes[0]
        if begin == end:
            knots = np.full(MINUTES + 1, float(closes_until(own, minutes[:1])[0] / legs[0]))
        else:
            knots = np.interp(np.arange(MINUTES + 1), at, own.close[begin:end] / legs[at])
        live = np.zeros(MINUTES + 1, np.bool_)
        live[at] = True
        return knots[minute] + (knots[minute + 1] - knots[minute]) * share, live[1:]

    def _basis_of(self, symbol: str) -> Basis:
        known = self._bases.get(symbol)
        if known is None:
            stream = HourlyStream(self._streams(f"market/basis/{symbol}"))
            known = self._bases[symbol] = Basis(self.config.basis, stream)
        return known

    @property
    def par(self) -> HourPath:
        """The path of a stablecoin that is taken at par."""
        return self._par

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher.harm_changed()

    def _playable(self) -> tuple[int, int]:
        """The stated window, which may run over gaps at the ends of some series; else where all paths overlap."""
        own = [bars for bars, path in zip(self._bars, self._paths, strict=True) if path is not None]
        if not own:
            raise MarketError(self.config.market, None, "series", "at least one with the role `path`", "none")
        firsts_ns = [int(bars.minute[0]) * MINUTE_NS for bars in own]
        lasts_ns = [(int(bars.minute[-1]) + 1) * MINUTE_NS for bars in own]
        stated_starts_ns, stated_ends_ns = window_ns(self.config)
        starts_ns = max(firsts_ns) if stated_starts_ns is None else stated_starts_ns
        ends_ns = min(lasts_ns) if stated_ends_ns is None else stated_ends_ns
        if starts_ns < min(firsts_ns):
            self._refuse("starts", f"{_minute(min(firsts_ns))}, the first bar, or later", starts_ns)
        if ends_ns > max(lasts_ns):
            self._refuse("ends", f"{_minute(max(lasts_ns))}, the end of the last bar, or earlier", ends_ns)
        if starts_ns >= ends_ns:
            self._refuse("ends", f"a moment after the start {_minute(starts_ns)}, in every series", ends_ns)
        return starts_ns, ends_ns

    def _refuse(self, field: str, expected: str, found_ns: int) -> None:
        raise MarketError(self.config.market, None, field, expected, _minute(found_ns))


def _minute(at_ns: int) -> str:
    return f"{np.datetime64(at_ns // MINUTE_NS, 'm')}Z"


class _PairSource:
    """One pair at one venue: its recipe, and its own times and noise."""

    __slots__ = ("_basis", "_noise", "_randomness", "_world", "recipe")

    def __init__(self, world: World, recipe: Recipe, randomness: HourlyStream, basis: Basis | None) -> None:
        self._world = world
        self._basis = basis
        self._randomness = randomness
        self._noise = world.config.noise_bp * 1e-4
        self.recipe = recipe

    def hour(self, hour: int) -> tuple[Ints, Floats]:
        recipe = self.recipe
        path_of = self._world.path_of
        lead = path_of(recipe.legs[0].series, hour) if recipe.legs else self._world.par
        grid = lead.grid
        slots = len(grid.minute)
        generator = self._randomness.hour(hour)
        times = generator.random(slots)
        times *= grid.width_ns
        times_ns = times.astype(np.int64)
        times_ns += grid.start_ns
        times_ns += hour * HOUR_NS

        price = mean_reverting(generator, slots)
        price *= self._noise
        price += 1.0
        live = lead.live
        for leg in recipe.legs:
            _take_leg(price, path_of(leg.series, hour), lead, leg)
        if self._basis is not None:
            price *= 1.0 + self._basis.at(hour, grid.minute + (grid.within + 1) / grid.counts[grid.minute])
        elif recipe.residual is not None:
            share = (grid.within + 1) / grid.counts[grid.minute]
            residual, live = self._world.residual_of(recipe, hour, grid.minute, share)
            price *= residual
        elif recipe.plays_bars:
            # The venue's noise must not carry a price out of the bar that was really traded.
            np.clip(price, lead.low, lead.high, out=price)
            price[lead.pinned] = lead.price[lead.pinned]
        if live.all():
            return times_ns, price
        shown: npt.NDArray[np.bool_] = live[grid.minute]
        return times_ns[shown], price[shown]


def _take_leg(price: Floats, path: HourPath, lead: HourPath, leg: Leg) -> None:
    values = path.price if path is lead else path.price[lead.grid.slots_on(path.grid)]
    if leg.divides:
        price /= values
    else:
        price *= values
