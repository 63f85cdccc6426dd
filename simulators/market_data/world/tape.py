"""The tape: a venue's reference prices, all pairs merged in order of time and played one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from simulators.market_data.world.bars import Floats, Ints
from simulators.market_data.world.path import HOUR_NS
from simulators.market_data.world.world import Harm, World
from simulators.ports import Clock

# A price counts as changed once it moved by a whole tick: then no rounding, on either side of any spread, can hide it.
# The hundredth covers what a half spread of up to a percent takes off the move.
_VISIBLE_TICKS = 1.01


class Tape:
    """Plays the ticks of one venue's listings.

    Args:
        world: where prices come from.
        venue: the venue's name.
        listings: (symbol, tick size) in the order of the venue's indexes; ``MarketError`` if one cannot be priced.
        clock: drives the tape, by one call at a time.
        on_tick: called with the listing's index, its reference price (quote per base, harm included) and the sequence
            number of the record that began the harm which changed the price (0: no harm did).

    An hour is computed at a time; memory is bounded by that. Ticks of one instant come in the order of the listings.
    """

    def __init__(
        self,
        world: World,
        venue: str,
        listings: Sequence[tuple[str, float | str]],
        clock: Clock,
        on_tick: Callable[[int, float, int], None],
    ) -> None:
        self._world = world
        self._venue = venue
        self._symbols = tuple(symbol for symbol, _ in listings)
        self._tick_sizes = tuple(float(size) for _, size in listings)
        self._on_tick = on_tick
        self._call_at = clock.call_at
        self._hour = 0
        self._end_ns = 0
        self._position = 0  # of the next tick in the hour's lists
        self._count = 0
        self._announce_at = -1  # position of the next tick that makes a harm visible for the first time
        self._becoming_visible: list[tuple[Harm, str]] = []
        self._times: list[int] = []
        self._indexes: list[int] = []
        self._prices: list[float] = []
        self._causes: list[int] = []
        self._unharmed: Floats = np.empty(0)
        self._times_ns: Ints = np.empty(0, np.int64)
        self._listing: Ints = np.empty(0, np.int64)
        for symbol in self._symbols:
            world.ticks(venue, symbol, world.starts_ns // HOUR_NS)  # refuses an unpriced pair now rather than later
        world.watch(self)

    def start(self, start_ns: int, end_ns: int) -> None:
        """Play from ``start_ns`` to just before ``end_ns`` (ns since the epoch), or to the end of the market."""
        self._end_ns = min(end_ns, self._world.ends_ns)
        self._hour = start_ns // HOUR_NS - 1
        self._next_hour(start_ns)

    def stop(self) -> None:
        """Play nothing more."""
        self._position = self._count  # the call that is under way finds that its turn has passed
        self._end_ns = 0

    def harm_changed(self) -> None:
        """Price the ticks ahead again, because a harm was laid or lifted."""
        self._reprice()

    def _play(self, position: int) -> None:
        if position != self._position:
            return
        if position == self._announce_at:
            self._announce()
        self._position = ahead = position + 1
        self._on_tick(self._indexes[position], self._prices[position], self._causes[position])
        if ahead < self._count:
            self._call_at(self._times[ahead], self._play, ahead)
        else:
            self._next_hour(0)

    def _next_hour(self, from_ns: int) -> None:
        """Load the first hour ahead that has ticks, and have its first one played."""
        self._position = self._count = 0
        while not self._count:
            self._hour += 1
            if self._hour * HOUR_NS >= self._end_ns:
                return
            self._load(from_ns)
        self._call_at(self._times[0], self._play, 0)

    def _load(self, from_ns: int) -> None:
        times, prices, listing = [], [], []
        for index, symbol in enumerate(self._symbols):
            times_ns, unharmed = self._world.ticks(self._venue, symbol, self._hour)
            begin, end = np.searchsorted(times_ns, (from_ns, self._end_ns))
            times.append(times_ns[begin:end])
            prices.append(unharmed[begin:end])
            listing.append(np.full(end - begin, index, np.int64))
        merged = np.concatenate(times)
        order = np.argsort(merged, kind="stable")
        self._times_ns = merged[order]
        self._unharmed = np.concatenate(prices)[order]
        self._listing = np.concatenate(listing)[order]
        self._times = self._times_ns.tolist()
        self._indexes = self._listing.tolist()
        self._prices = self._unharmed.tolist()
        self._count = len(self._times)
        self._causes = [0] * self._count
        self._reprice()

    def _reprice(self) -> None:
        """Lay the harms in force over the ticks ahead."""
        position = self._position
        ahead = slice(position, self._count)
        unharmed, times_ns, listing = self._unharmed[ahead], self._times_ns[ahead], self._listing[ahead]
        harmed = unharmed.copy()
        causes = np.zeros(len(harmed), np.int64)
        visible: dict[Harm, tuple[int, str]] = {}
        for index, symbol in enumerate(self._symbols):
            harms = self._world.harms_on(self._venue, symbol)
            if not harms:
                continue
            here = np.flatnonzero(listing == index)
            factors = [
                factor if exponent > 0 else 1.0 / factor
                for harm, exponent in harms
                for factor in (harm.factor(times_ns[here]),)
            ]
            total = np.prod(factors, axis=0)
            harmed[here] = unharmed[here] * total
            for (harm, _), factor in zip(harms, factors, strict=True):
                causes[here[factor != 1.0]] = harm.cause
                if not harm.effective:
                    without = harmed[here] / factor
                    moved = np.abs(harmed[here] - without) >= _VISIBLE_TICKS * self._tick_sizes[index]
                    if moved.any():
                        first = int(here[np.argmax(moved)])
                        if harm not in visible or first < visible[harm][0]:
                            visible[harm] = (first, f"{symbol} at {self._venue}")
        self._prices[ahead] = harmed.tolist()
        self._causes[ahead] = causes.tolist()
        self._announce_at = -1
        self._becoming_visible = []
        if visible:
            soonest = min(first for first, _ in visible.values())
            self._announce_at = position + soonest
            self._becoming_visible = [(harm, detail) for harm, (first, detail) in visible.items() if first == soonest]

    def _announce(self) -> None:
        due = self._becoming_visible
        position = self._position
        price, unharmed = self._prices[position], float(self._unharmed[position])
        for harm, detail in due:
            harm.take_effect(f"{detail}: {price:.8g} instead of {unharmed:.8g}")
        self._reprice()  # finds where the next harm becomes visible
