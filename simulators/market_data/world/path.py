"""The path of a price inside its minute bars: seeded, from open to close, touching high and low, never beyond them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulators.market_data.world.bars import Bars, Flags, Floats, Ints
from simulators.market_data.world.noise import HourlyStream

MINUTES = 60  # of the hour, the unit in which paths are made
HOUR_NS = 3_600_000_000_000
MINUTE_NS = 60_000_000_000
_BASELINE_BARS = 240  # how many earlier bars say what an ordinary range is
_ORDINARY = 4.0  # a bar whose range is up to this many times the ordinary one has ordinary ticks
_DENSITIES = (1, 2, 3, 5, 10)  # a few steps only, so that minutes can be computed in bulk by density
_RANGE_OF_WALK = 1.596  # expected range of a Brownian motion over one unit of time (Feller 1951: sqrt(8 / pi))
_CALMED = 0.75  # the anchors already carry part of the range


@dataclass(frozen=True, slots=True)
class Grid:
    """The slots of one hour: each minute is cut into equal slots, and each slot has exactly one tick of every pair."""

    counts: Ints  # slots of each minute
    offsets: Ints  # of each minute's first slot; one more at the end
    minute: Ints  # of each slot, 0 to 59
    within: Ints  # position of each slot inside its minute
    start_ns: Ints  # of each slot, since the hour's start
    width_ns: Ints  # of each slot

    @staticmethod
    def of(counts: Ints) -> Grid:
        offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
        minute = np.repeat(np.arange(MINUTES, dtype=np.int64), counts)
        within = np.arange(offsets[-1], dtype=np.int64) - offsets[:-1][minute]
        width_ns = (MINUTE_NS // counts)[minute]
        return Grid(counts, offsets, minute, within, minute * MINUTE_NS + within * width_ns, width_ns)

    def slots_on(self, other: Grid) -> Ints:
        """For each slot here, the slot of ``other`` that holds at the same time."""
        return other.offsets[:-1][self.minute] + self.within * other.counts[self.minute] // self.counts[self.minute]


@dataclass(frozen=True, slots=True)
class HourPath:
    """A series in one hour. A minute without a bar stays where the last bar left it and is not ``live``."""

    grid: Grid
    live: Flags  # by minute
    price: Floats  # by slot
    low: Floats  # of its bar, by slot
    high: Floats
    pinned: Ints  # slots that carry a bar's open, high, low or close


class SeriesPath:
    """Draws the path of one series of bars, an hour at a time, in any order.

    Args:
        bars: the series to draw.
        siblings: every series of the same pair, this one included. Venues that recorded one pair separately move
            together inside the minute, as arbitrage keeps them: they share slots and randomness.
        randomness: the pair's stream.
        per_minute: slots of an ordinary minute.
        per_minute_at_most: slots of the wildest.
    """

    def __init__(
        self, bars: Bars, siblings: tuple[Bars, ...], randomness: HourlyStream, per_minute: int, per_minute_at_most: int
    ) -> None:
        self._bars = bars
        self._siblings = siblings
        self._randomness = randomness
        self._counts_by_density = np.minimum(np.array(_DENSITIES, np.int64) * per_minute, per_minute_at_most)

    def hour(self, hour: int) -> HourPath:
        """The path from hour ``hour`` (since the epoch) to the next."""
        counts = self._slot_counts(hour)
        grid = Grid.of(counts)
        open_, high, low, close, live = _hour_of(self._bars, hour)
        price = np.empty(len(grid.minute), np.float64)
        pinned = []
        generator = self._randomness.hour(hour)
        # Numbers are drawn for all minutes, bars or not: siblings with different gaps must not fall out of step.
        uniforms = generator.random((MINUTES, 3))
        for count in np.unique(counts):
            minutes = np.flatnonzero(counts == count)
            normals = generator.standard_normal((len(minutes), int(count)))
            values, pins = minute_paths(
                open_[minutes], high[minutes], low[minutes], close[minutes], uniforms[minutes], normals
            )
            first_slots = grid.offsets[minutes][:, np.newaxis]
            price[first_slots + np.arange(count)] = values
            pinned.append((first_slots + pins).ravel())
        return HourPath(grid, live, price, low[grid.minute], high[grid.minute], np.concatenate(pinned))

    def _slot_counts(self, hour: int) -> Ints:
        """Slots of each minute: more where some sibling's bar is wide beside that sibling's own recent bars."""
        wildest = np.zeros(MINUTES)
        for bars in self._siblings:
            begin, end = np.searchsorted(bars.minute, (hour * MINUTES, (hour + 1) * MINUTES))
            if begin == end:
                continue
            earlier = slice(max(begin - _BASELINE_BARS, 0), begin)
            now = slice(begin, end)
            ranges = (bars.high[now] - bars.low[now]) / bars.open[now]
            if begin:
                ordinary = float(np.median((bars.high[earlier] - bars.low[earlier]) / bars.open[earlier]))
            else:
                ordinary = float(np.median(ranges))  # nothing came before the first hour
            ratio = ranges / max(_ORDINARY * ordinary, 1e-4)  # a basis point never counts as a wide bar
            np.maximum.at(wildest, bars.minute[now] - hour * MINUTES, ratio)
        density = np.searchsorted(np.array(_DENSITIES, np.float64), wildest, side="left")
        return np.asarray(self._counts_by_density[np.minimum(density, len(_DENSITIES) - 1)])


def flat_hour(per_minute: int, price: float = 1.0) -> HourPath:
    """An hour of a price that does not move and is always live: a stablecoin at par."""
    grid = Grid.of(np.full(MINUTES, per_minute, np.int64))
    prices = np.full(len(grid.minute), price)
    return HourPath(grid, np.ones(MINUTES, np.bool_), prices, prices, prices, np.arange(len(grid.minute)))


def minute_paths(
    open_: Floats, high: Floats, low: Floats, close: Floats, uniforms: Floats, normals: Floats
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Paths for minutes that have the same number of slots, and each minute's four pinned slots.

    Shapes: prices (minutes,), ``uniforms`` (minutes, 3), ``normals`` (minutes, slots); slots at least 4. Returned:
    (minutes, slots) and (minutes, 4).

    Between its anchors (open, the two extremes, close) the path is a Brownian bridge, folded back at the extremes.
    """
    minutes, slots = normals.shape
    span = high - low
    scale = np.where(span > 0, span, 1.0)
    opening, closing = (open_ - low) / scale, (close - low) / scale

    # Two distinct inner slots for the extremes. A rising bar more often makes its low first, a falling one its high.
    first = (uniforms[:, 0] * (slots - 2)).astype(np.int64)
    second = (uniforms[:, 1] * (slots - 3)).astype(np.int64)
    second += second >= first
    early, late = np.minimum(first, second) + 1, np.maximum(first, second) + 1
    low_first = uniforms[:, 2] < 0.5 + 0.5 * (closing - opening)
    at_high = np.where(low_first, late, early)
    at_low = np.where(low_first, early, late)
    # A bar that opens or closes at its extreme needs no detour to it.
    at_high = np.where(open_ == high, 0, np.where(close == high, slots - 1, at_high))
    at_low = np.where(open_ == low, 0, np.where(close == low, slots - 1, at_low))

    high_leads = at_high <= at_low
    p1, p2 = np.minimum(at_high, at_low), np.maximum(at_high, at_low)
    positions = np.stack((np.zeros_like(p1), p1, p2, np.full_like(p1, slots - 1)), axis=1)
    anchors = np.stack((opening, high_leads * 1.0, 1.0 - high_leads, closing), axis=1)

    walk = np.cumsum(normals * (_CALMED / _RANGE_OF_WALK * slots**-0.5), axis=1)
    rows = np.arange(minutes)[:, np.newaxis]
    pull = anchors - walk[rows, positions]
    slot = np.arange(slots)
    segment = (slot >= p1[:, np.newaxis]).astype(np.int64) + (slot >= p2[:, np.newaxis])
    left, right = positions[rows, segment], positions[rows, segment + 1]
    share = (slot - left) / np.maximum(right - left, 1)
    bridge = walk + pull[rows, segment] * (1 - share) + pull[rows, segment + 1] * share
    folded = 1.0 - np.abs(1.0 - bridge % 2.0)

    low_, high_ = low[:, np.newaxis], high[:, np.newaxis]
    price = np.clip(low_ + folded * span[:, np.newaxis], low_, high_)
    flat_rows = rows[:, 0]
    price[flat_rows, at_high] = high
    price[flat_rows, at_low] = low
    price[:, 0] = open_
    price[:, -1] = close
    return price, np.stack((np.zeros_like(at_high), at_high, at_low, np.full_like(at_high, slots - 1)), axis=1)


def closes_until(bars: Bars, minutes: Ints) -> Floats:
    """The close of the last bar at or before each minute; before the first bar, its open."""
    position = np.searchsorted(bars.minute, minutes, side="right") - 1
    return np.where(position >= 0, bars.close[np.maximum(position, 0)], bars.open[0])


def _hour_of(bars: Bars, hour: int) -> tuple[Floats, Floats, Floats, Floats, Flags]:
    """Open, high, low, close and presence for the 60 minutes; an absent bar is flat at what was last known."""
    minutes = hour * MINUTES + np.arange(MINUTES, dtype=np.int64)
    rest = closes_until(bars, minutes)
    open_, high, low, close = rest.copy(), rest.copy(), rest.copy(), rest
    live = np.zeros(MINUTES, np.bool_)
    begin, end = np.searchsorted(bars.minute, (hour * MINUTES, (hour + 1) * MINUTES))
    at = bars.minute[begin:end] - hour * MINUTES
    open_[at], high[at], low[at], close[at] = (
        bars.open[begin:end], bars.high[begin:end], bars.low[begin:end], bars.close[begin:end],
    )  # fmt: skip
    live[at] = True
    return open_, high, low, close, live
