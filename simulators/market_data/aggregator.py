"""A price aggregator: looks at every venue's books at its own cadence and says what an asset is worth.

The *reference rate* of an asset is the median of what the venues show, so that one venue alone cannot move it. What
a venue shows counts as stale when it has not changed for long, as an anomaly when it lies far from the median;
neither takes part in the median while other venues do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np

from simulators.market_data.series import SECOND_NS, RateSeries
from simulators.ports import Clock
from simulators.service_time import NormalPool

Levels = Sequence[tuple[float, float]]
"""(price, size) from the best level outward."""

_DOLLAR = "USD"
_STABLECOINS = ("USDT", "USDC")


class SeenTrade(msgspec.Struct, frozen=True):
    """A trade as a venue's public feed shows it."""

    trade_id: int
    at_ns: int
    price: float
    quantity: float
    is_buyer_taker: bool


class VenueView(msgspec.Struct, frozen=True):
    """What a price source can look at in one venue. Pairs are written BASE/QUOTE.

    ``top`` gives the best bid and ask, or None while a side is empty or the venue does not answer. ``depth`` takes a
    number of levels and gives bids and asks, ``trades`` the last so many trades, oldest first.
    """

    pairs: tuple[str, ...]
    top: Callable[[str], tuple[float, float] | None]
    depth: Callable[[str, int], tuple[Levels, Levels]]
    trades: Callable[[str, int], Sequence[SeenTrade]]


class SourceConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The habits of one price source."""

    cadence_s: float = 10.0
    noise_bp: float = 0.5
    """Standard deviation of its samples around the true mid: it looks a little later, at a little other places."""
    stale_after_s: float = 300.0
    """A price that has not changed for so long is called stale."""
    anomaly_bp: float = 300.0
    """A price that lies further from the reference rate is called an anomaly."""


class Observation(msgspec.Struct):
    """The latest that was seen of one pair at one venue. A ``mid`` of 0 says: never yet."""

    venue: str
    pair: str
    base: str
    quote: str
    bid: float = 0.0
    ask: float = 0.0
    mid: float = 0.0
    seen_ns: int = 0
    changed_ns: int = 0
    is_stale: bool = True
    is_anomaly: bool = False


class Divergence(msgspec.Struct, frozen=True):
    """Two prices that should be one: a pair across venues, or a pair against the way round through a third asset."""

    pair: str
    low_venue: str
    high_venue: str
    bp: float


class Distortion(Protocol):
    """A fault of the source: it tells something else than what it has found."""

    def tell(self, asset: str, rate: float, now_ns: int) -> float:
        """What is told in place of ``rate``, which those before it have made of what was found."""

    def keeps_time(self, asset: str) -> bool:
        """Whether what is told goes under the time of this sample; otherwise nothing new is told of the asset."""

    def was_told(self) -> None:
        """A client has been told rates."""


class PriceAggregator:
    """Samples the venues and keeps rates, history and flags. ``distortions`` apply in the order they began."""

    def __init__(
        self, venues: Mapping[str, VenueView], clock: Clock, config: SourceConfig, rng: np.random.Generator
    ) -> None:
        self.venues = venues
        self.rates: dict[str, float] = {}
        """USD per unit of each asset that has been seen to trade, the dollar itself at 1."""
        self.series: dict[str, RateSeries] = {}
        self.observations: list[Observation] = [
            Observation(venue, pair, pair.split("/")[0], pair.split("/")[1])
            for venue, view in venues.items()
            for pair in view.pairs
        ]
        self.sampled_ns = 0
        self.distortions: tuple[Distortion, ...] = ()
        self._told_ns: dict[str, int] = {}
        self._clock = clock
        self._cadence_ns = round(config.cadence_s * SECOND_NS)
        self._stale_after_ns = round(config.stale_after_s * SECOND_NS)
        self._anomaly_fraction = config.anomaly_bp * 1e-4
        self._noise_scale = config.noise_bp * 1e-4
        self._noise = NormalPool(rng)
        self._looks = [(seen, venues[seen.venue].top) for seen in self.observations]
        self._at_par = _at_par(self.observations)
        self._recipes = _recipes(self.observations, self._at_par)
        self._timer = clock.timer(self._tick)

    @property
    def assets(self) -> tuple[str, ...]:
        """Every asset that can be priced, in the order in which the prices build on one another."""
        return tuple(asset for asset, _ in self._recipes)

    def told_ns(self, asset: str) -> int:
        """The time under which the asset's rate is told: that of the last sample, unless a fault keeps it back."""
        return self._told_ns.get(asset, self.sampled_ns)

    def was_told(self) -> None:
        """A client has been told rates; whoever tells them says so while there are distortions."""
        for distortion in self.distortions:
            distortion.was_told()

    def start(self) -> None:
        self._tick()

    def stop(self) -> None:
        self._timer.cancel()

    def _tick(self) -> None:
        self.sample()
        self._timer.arm(self._clock.now_ns + self._cadence_ns)

    def sample(self) -> None:
        """Look at every venue now, unless that was done within this second."""
        now_ns = self._clock.now_ns
        second = now_ns // SECOND_NS
        if self.sampled_ns and second == self.sampled_ns // SECOND_NS:
            return
        self.sampled_ns = now_ns
        self._look(now_ns, second * len(self.observations))
        self._price(now_ns)

    def _look(self, now_ns: int, noise_key: int) -> None:
        pick = self._noise.pick
        stale_before_ns = now_ns - self._stale_after_ns
        for seen, top in self._looks:
            shown = top(seen.pair)
            if shown is not None:
                bid, ask = shown
                if bid != seen.bid or ask != seen.ask:
                    seen.bid, seen.ask, seen.changed_ns = bid, ask, now_ns
                seen.mid = (bid + ask) / 2.0 * (1.0 + self._noise_scale * pick(noise_key))
                seen.seen_ns = now_ns
            seen.is_stale = seen.changed_ns < stale_before_ns
            noise_key += 1

    def _price(self, now_ns: int) -> None:
        rates = dict.fromkeys(self._at_par, 1.0)
        for asset, sources in self._recipes:
            shown = [(seen, seen.mid * rates[seen.quote]) for seen in sources if seen.mid and seen.quote in rates]
            if not shown:
                continue
            fresh = [price for seen, price in shown if not seen.is_stale] or [price for _, price in shown]
            rate = _median(fresh)
            bound = rate * self._anomaly_fraction
            if max(fresh) - rate > bound or rate - min(fresh) > bound:
                rate = _median([price for price in fresh if abs(price - rate) <= bound] or fresh)
            for seen, price in shown:
                seen.is_anomaly = abs(price - rate) > bound
            rates[asset] = rate
        self._tell(rates, now_ns)

    def _tell(self, rates: dict[str, float], now_ns: int) -> None:
        """Make known what was found, or what faults make of it."""
        for asset, _ in self._recipes:
            if asset not in rates:
                continue
            for distortion in self.distortions:
                rates[asset] = distortion.tell(asset, rates[asset], now_ns)
            if self.distortions and not all(distortion.keeps_time(asset) for distortion in self.distortions):
                self._told_ns.setdefault(asset, self._last_ns(asset))
                continue
            self._told_ns.pop(asset, None)
            series = self.series.get(asset)
            if series is None:
                series = self.series[asset] = RateSeries()
            # With nothing but stale prices the rate is repeated, as a real source would; the flags say what it is.
            series.take(now_ns, rates[asset])
        self.rates = rates

    def _last_ns(self, asset: str) -> int:
        series = self.series.get(asset)
        return series.samples[-1][0] if series is not None and series.samples else 0

    def divergences(self) -> list[Divergence]:
        """How far each pair lies apart between venues, and each triangle of a venue from closing, widest first."""
        found = [*self._across_venues(), *self._around_triangles()]
        found.sort(key=lambda each: (-each.bp, each.pair, each.low_venue))
        return found

    def _across_venues(self) -> list[Divergence]:
        found = []
        for pair in dict.fromkeys(seen.pair for seen in self.observations):
            shown = [seen for seen in self.observations if seen.pair == pair and seen.mid and not seen.is_stale]
            if len(shown) > 1:
                low, high = min(shown, key=lambda seen: seen.mid), max(shown, key=lambda seen: seen.mid)
                bp = (high.mid - low.mid) / ((high.mid + low.mid) / 2.0) * 1e4
                found.append(Divergence(pair, low.venue, high.venue, bp))
        return found

    def _around_triangles(self) -> list[Divergence]:
        found = []
        for venue in self.venues:
            mids = {s.pair: s.mid for s in self.observations if s.venue == venue and s.mid and not s.is_stale}
            for pair, mid in mids.items():
                base, quote = pair.split("/")
                for home in dict.fromkeys(other.split("/")[1] for other in mids):
                    direct, through = mids.get(f"{base}/{home}"), mids.get(f"{quote}/{home}")
                    if direct and through:
                        bp = abs(mid * through / direct - 1.0) * 1e4
                        found.append(Divergence(f"{pair} by {home}", venue, venue, bp))
        return found


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2.0


def _at_par(observations: list[Observation]) -> tuple[str, ...]:
    """What is worth one dollar by definition: the dollar, and a stablecoin that only quotes others."""
    priced, quoted = ({seen.base for seen in observations}, {seen.quote for seen in observations})
    return (_DOLLAR, *(coin for coin in _STABLECOINS if coin in quoted and coin not in priced))


def _recipes(observations: list[Observation], at_par: tuple[str, ...]) -> list[tuple[str, list[Observation]]]:
    """What each asset is priced from: every pair whose quote asset has a price by then.

    Assets come in an order in which that is so for as many pairs as possible.
    """
    with_dollar = [seen.base for seen in observations if seen.quote == _DOLLAR]
    assets = list(dict.fromkeys(seen.base for seen in observations))
    assets.sort(key=lambda asset: (asset not in with_dollar, _depth(asset, observations)))
    priced = set(at_par)
    recipes = []
    for asset in assets:
        sources = [seen for seen in observations if seen.base == asset and seen.quote in priced]
        if sources:
            recipes.append((asset, sources))
            priced.add(asset)
    return recipes


def _depth(asset: str, observations: list[Observation]) -> int:
    """How many assets this one is quoted in: a stablecoin in the dollar only, a coin in that and more."""
    return len({seen.quote for seen in observations if seen.base == asset})
