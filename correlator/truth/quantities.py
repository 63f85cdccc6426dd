"""Quantities: facts of the audit plane that a scenario may put a bound on, recomputed from the journal.

What hangs on prices comes in stretches of moments, as the measures do; what happens one by one, record by record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from correlator.records import Fill, Listing, Order, Quote, Record, Signal, VenueNote
from correlator.truth.intervals import Values
from correlator.truth.probe import Probe
from correlator.truth.resting import RestingOrders
from correlator.truth.sliding import SlidingTimes
from correlator.truth.stretch import USD, Stretch
from correlator.truth.world import World

MINUTE_NS = 60_000_000_000
_STATE_LOST = ("monitor", "down", "state lost")

UNITS = {
    "equity": USD, "drawdown": "%", "mid": "", "spread_bp": "bp", "open_orders": "", "position": "asset",
    "notional": USD, "unsettled": USD, "alerts_firing": "", "orders_per_minute": "",
}  # fmt: skip
"""Unit of each quantity; ``asset``: that of the asset it is asked of."""


class Follower:
    """Follows one quantity for one probe; records of the types in ``takes`` reach it in order."""

    takes: ClassVar[tuple[type[Record], ...]] = ()

    def take(self, record: Record) -> None:
        """The next record."""

    def evaluate(self, stretch: Stretch) -> None:
        """The next stretch of moments."""

    def finish(self, at_ns: int) -> None:
        """History ends here."""


def follow(quantity: str, of: str | None, probe: Probe, world: World, start_ns: int) -> Follower:
    """The follower of a quantity, from the start of history on. KeyError if there is no such quantity."""
    if quantity == "spread_bp":
        return _Spread(probe, of or "")
    if quantity == "open_orders":
        return _OpenOrders(probe, of, world, start_ns)
    if quantity == "orders_per_minute":
        return _OrdersPerMinute(probe, of or "", start_ns)
    if quantity == "alerts_firing":
        return _AlertsFiring(probe, start_ns)
    columns: dict[str, Callable[[Stretch], Values]] = {
        "equity": lambda stretch: stretch.equity,
        "drawdown": _Drawdown().column,
        "mid": lambda stretch: _mid(stretch, of or ""),
        "position": lambda stretch: stretch.exposure(of or ""),
        "notional": lambda stretch: np.abs(stretch.worth(stretch.exposure(of or ""), of or "")),
        "unsettled": _unsettled,
    }
    return _Column(probe, columns[quantity])


class _Column(Follower):
    """A quantity that is computed for every moment of a stretch."""

    def __init__(self, probe: Probe, column: Callable[[Stretch], Values]) -> None:
        self._probe = probe
        self._column = column

    def evaluate(self, stretch: Stretch) -> None:
        self._probe.update(stretch.times, stretch.ends, self._column(stretch))


class _Told(Follower):
    """A quantity that changes record by record."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe

    def finish(self, at_ns: int) -> None:
        self._probe.finish(at_ns)


class _Drawdown:
    """How far equity stands below its largest value since the start, in percent; flows from outside are none."""

    def __init__(self) -> None:
        self._highest = float("nan")

    def column(self, stretch: Stretch) -> Values:
        highest = np.fmax.accumulate(np.concatenate(([self._highest], stretch.earned)))[1:]
        self._highest = float(highest[-1])
        mark = highest + stretch.flowed
        return np.where(mark > 0.0, 100.0 * (highest - stretch.earned) / np.where(mark > 0.0, mark, 1.0), np.nan)


class _Spread(_Told):
    """Ask less bid over their mean, in basis points."""

    takes = (Quote, Listing)

    def __init__(self, probe: Probe, book: str) -> None:
        super().__init__(probe)
        self._venue, _, self._symbol = book.partition(":")
        self._index: int | None = None

    def take(self, record: Record) -> None:
        if type(record) is Quote:
            if record.index == self._index and record.source == self._venue:
                bid, ask = record.bid_ticks, record.ask_ticks
                known = record.bid_lots and record.ask_lots
                self._probe.set(record.at_ns, 20_000.0 * (ask - bid) / (ask + bid) if known else float("nan"))
        elif type(record) is Listing and (record.source, record.symbol) == (self._venue, self._symbol):
            self._index = record.index


class _OpenOrders(_Told):
    """Orders of the firm that stand in books, of one account or of all."""

    takes = (Order, Fill)

    def __init__(self, probe: Probe, account: str | None, world: World, start_ns: int) -> None:
        super().__init__(probe)
        self._account = account
        self._world = world
        self._resting = RestingOrders()
        probe.set(start_ns, 0.0)

    def take(self, record: Record) -> None:
        if type(record) is Order:
            if record.event != "accepted":
                self._resting.end(record)
            elif self._is_asked_for(record.source, record.account):
                self._resting.accept(record)
            else:
                return
        elif type(record) is not Fill or not self._resting.fill(record):
            return
        self._probe.set(record.at_ns, float(len(self._resting)))

    def _is_asked_for(self, venue: str, account: str) -> bool:
        if self._account is not None:
            return f"{venue}:{account}" == self._account
        return self._world.ledger.owner(venue, account) == "firm"


class _OrdersPerMinute(_Told):
    """Orders of an account that were accepted within the last minute."""

    takes = (Order,)

    def __init__(self, probe: Probe, account: str, start_ns: int) -> None:
        super().__init__(probe)
        self._venue, _, self._account = account.partition(":")
        self._times = SlidingTimes(MINUTE_NS)
        probe.set(start_ns, 0.0)

    def take(self, record: Record) -> None:
        if type(record) is not Order or record.event != "accepted":
            return
        if (record.source, record.account) == (self._venue, self._account):
            self._leave(record.at_ns)
            self._times.add(record.at_ns)
            self._probe.set(record.at_ns, float(len(self._times)))

    def finish(self, at_ns: int) -> None:
        self._leave(at_ns)
        super().finish(at_ns)

    def _leave(self, to_ns: int) -> None:
        while (leaves_ns := self._times.leaves_ns) is not None and leaves_ns <= to_ns:
            self._times.leave()
            self._probe.set(leaves_ns, float(len(self._times)))


class _AlertsFiring(_Told):
    """Alerts of the monitor that are firing; a monitor that lost its state has none."""

    takes = (Signal, VenueNote)

    def __init__(self, probe: Probe, start_ns: int) -> None:
        super().__init__(probe)
        self._firing: dict[str, None] = {}
        probe.set(start_ns, 0.0)

    def take(self, record: Record) -> None:
        if type(record) is Signal and record.state in ("firing", "resolved"):
            if record.state == "firing":
                self._firing[record.alert_id] = None
            else:
                self._firing.pop(record.alert_id, None)
        elif type(record) is VenueNote and (record.source, record.what, record.detail) == _STATE_LOST:
            self._firing.clear()
        self._probe.set(record.at_ns, float(len(self._firing)))


def _mid(stretch: Stretch, book: str) -> Values:
    venue, _, symbol = book.partition(":")
    place = stretch.books.tape.place_of(venue, symbol)
    return np.full(len(stretch.times), np.nan) if place is None else stretch.mid(place)


def _unsettled(stretch: Stretch) -> Values:
    total = np.zeros(len(stretch.times))
    for asset, unsettled in stretch.books.unsettled.items():
        total = total + stretch.worth(unsettled.column(stretch.times), asset)
    return total
