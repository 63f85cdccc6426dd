"""Visibility: how long the monitor has had nothing fresh to judge by.

What it cannot see it cannot find in order: blindness is a breach of its own.
"""

from __future__ import annotations

import numpy as np

from correlator.truth.elapsed import Elapsed
from correlator.truth.gauge import GaugeBoard
from correlator.truth.intervals import Times
from correlator.truth.shown.quotes import QuoteStretch, ShownQuotes
from correlator.truth.shown.spells import Spells, intersect, unite
from correlator.truth.stretch import USD

FIRM = "firm"
_FOR_EVER_NS = 1 << 62


class QuoteSight:
    """When one pair's quotes gave no fresh mid: none has come, it is too old, or a side of it is empty."""

    def __init__(self, quotes: ShownQuotes, start_ns: int) -> None:
        self.quotes = quotes
        self._fresh_until_ns = start_ns

    def blind(self, stretch: QuoteStretch | None, from_ns: int, to_ns: int) -> Spells:
        """The blind spells within ``(from_ns, to_ns]``, given the quotes that arrived then."""
        times = np.empty(0, np.int64) if stretch is None else stretch.times
        until = [self._fresh_until_ns]
        if stretch is not None:
            age_ns = self.quotes.age_ns
            fresh = np.full(len(times), _FOR_EVER_NS) if age_ns is None else times + age_ns
            until += np.where(np.isnan(stretch.mids), times, fresh).tolist()
            self._fresh_until_ns = until[-1]
        return _gaps(np.array(until, np.int64), times, from_ns, to_ns)


class AccountSight:
    """When nothing fresh was known of one account."""

    def __init__(self, age_ns: int | None, start_ns: int) -> None:
        self._age_ns = age_ns
        self._seen_ns = start_ns
        self._arrivals: list[int] = []

    def seen(self, at_ns: int) -> None:
        """Data of the account reached the monitor."""
        self._arrivals.append(at_ns)

    def blind(self, from_ns: int, to_ns: int) -> Spells:
        """The blind spells within ``(from_ns, to_ns]``."""
        times = np.array(sorted(at_ns for at_ns in self._arrivals if at_ns <= to_ns), np.int64)
        self._arrivals = [at_ns for at_ns in self._arrivals if at_ns > to_ns]
        if self._age_ns is None:
            return []
        until = np.concatenate(([self._seen_ns], times)) + self._age_ns
        if len(times):
            self._seen_ns = int(times[-1])
        return _gaps(until, times, from_ns, to_ns)


def _gaps(until: Times, times: Times, from_ns: int, to_ns: int) -> Spells:
    """The gaps between ``until[i]`` and the arrival of what came next, within ``(from_ns, to_ns]``."""
    following = np.append(times, to_ns)
    until = np.maximum(until, from_ns)
    places = np.flatnonzero(until < following)
    return unite([[(int(until[place]), int(following[place])) for place in places]])


class Holdings:
    """Which assets the firm was last shown to hold, and since when.

    One venue's accounts are told of in order; of several venues whoever is asked first may tell what came later.
    """

    def __init__(self) -> None:
        self._balances: dict[tuple[str, str], dict[str, bool]] = {}
        self._changes: list[tuple[int, tuple[str, str], str, bool]] = []
        self._holders: dict[str, set[tuple[str, str]]] = {}
        self._held_since: dict[str, int] = {}
        self._spells: dict[str, Spells] = {}

    def shown(self, at_ns: int, venue: str, account: str, held: dict[str, bool], *, is_whole: bool) -> None:
        """Which assets an account holds; ``is_whole``: and it holds no others."""
        holder = (venue, account)
        balances = self._balances.setdefault(holder, {})
        now = {**dict.fromkeys(balances, False), **held} if is_whole else held
        for asset, is_held in now.items():
            if balances.get(asset, False) != is_held:
                balances[asset] = is_held
                self._changes.append((at_ns, holder, asset, is_held))

    def settle(self) -> None:
        """Take what was shown of all venues, in the order in which it was."""
        for at_ns, holder, asset, is_held in sorted(self._changes, key=lambda change: change[0]):
            holders = self._holders.setdefault(asset, set())
            if is_held:
                holders.add(holder)
                self._held_since.setdefault(asset, at_ns)
                continue
            holders.discard(holder)
            if not holders:
                self._spells.setdefault(asset, []).append((self._held_since.pop(asset), at_ns))
        self._changes.clear()

    def assets(self) -> set[str]:
        """Every asset that is held, or was since ``roll``."""
        return self._held_since.keys() | self._spells.keys()

    def held(self, asset: str, to_ns: int) -> Spells:
        """When it was held, up to ``to_ns``."""
        spells = list(self._spells.get(asset, []))
        if asset in self._held_since:
            spells.append((self._held_since[asset], to_ns))
        return unite([spells])

    def roll(self) -> None:
        """Begin the next stretch."""
        self._spells.clear()


class Visibility:
    """now − the last moment at which the mark of a held asset could be computed from fresh quotes; ``firm``: at which
    those of all held assets could, and every account had been seen within the ``positions`` staleness bound.

    Assets are those that are neither USD nor a stablecoin; the firm needs the marks of its stablecoins too.
    """

    mandate = "visibility"

    def __init__(self, board: GaugeBoard, start_ns: int) -> None:
        self.holdings = Holdings()
        self._board = board
        self._known_ns = start_ns
        self._sights: list[QuoteSight] = []
        self._accounts: list[AccountSight] = []
        self._assets: dict[str, Elapsed | None] = {}
        firm = board.bound(self.mandate, FIRM, default=FIRM)
        self._firm = Elapsed(firm) if firm is not None else None

    def watch(self, quotes: ShownQuotes) -> None:
        """A pair's quotes are shown to the monitor."""
        self._sights.append(QuoteSight(quotes, self._known_ns))

    def account(self, age_ns: int | None) -> AccountSight:
        """An account of the firm is; ``age_ns``: how long it may go unseen, None for ever."""
        sight = AccountSight(age_ns, self._known_ns)
        self._accounts.append(sight)
        return sight

    def settle(self, stretches: dict[ShownQuotes, QuoteStretch], to_ns: int) -> None:
        """Measure up to ``to_ns``; ``stretches``: the quotes that arrived since the last time."""
        from_ns = self._known_ns
        if to_ns <= from_ns:
            return
        self._known_ns = to_ns
        self.holdings.settle()
        blind = {sight.quotes: sight.blind(stretches.get(sight.quotes), from_ns, to_ns) for sight in self._sights}
        unseen = [sight.blind(from_ns, to_ns) for sight in self._accounts]
        for asset in sorted((self.holdings.assets() | self._assets.keys()) - {USD}):
            spells = intersect(self._markless(asset, blind, from_ns, to_ns), self.holdings.held(asset, to_ns))
            unseen.append(spells)
            self._show(self._elapsed(asset), spells, from_ns, to_ns)
        self._show(self._firm, unite(unseen), from_ns, to_ns)
        self.holdings.roll()

    def finish(self, at_ns: int) -> None:
        """The history, measured up to its end, ends here."""
        for elapsed in (*self._assets.values(), self._firm):
            if elapsed is not None:
                elapsed.finish(at_ns)

    def _elapsed(self, asset: str) -> Elapsed | None:
        if asset not in self._assets:
            gauge = None if asset in self._board.limits.stablecoins else self._board.bound(self.mandate, asset)
            self._assets[asset] = Elapsed(gauge) if gauge is not None else None
        return self._assets[asset]

    def _markless(self, asset: str, blind: dict[ShownQuotes, Spells], from_ns: int, to_ns: int) -> Spells:
        """When no fresh quote marked an asset: against USD, or where nobody lists that through USDT."""
        direct = [spells for quotes, spells in blind.items() if quotes.pair == f"{asset}/{USD}"]
        if direct:
            return _all(direct)
        crossed = [spells for quotes, spells in blind.items() if quotes.pair == f"{asset}/USDT"]
        if not crossed or asset == "USDT":
            return [(from_ns, to_ns)]
        return unite([_all(crossed), self._markless("USDT", blind, from_ns, to_ns)])

    def _show(self, elapsed: Elapsed | None, spells: Spells, from_ns: int, to_ns: int) -> None:
        if elapsed is None:
            return
        if elapsed.runs and not (spells and spells[0][0] == from_ns):
            elapsed.end(from_ns)
        for begins_ns, ends_ns in spells:
            elapsed.begin(begins_ns, begins_ns)
            if ends_ns < to_ns:
                elapsed.end(ends_ns)
            else:
                elapsed.advance(to_ns)


def _all(parts: list[Spells]) -> Spells:
    common = parts[0]
    for part in parts[1:]:
        common = intersect(common, part)
    return common
