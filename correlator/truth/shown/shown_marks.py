"""Shown marks: what assets were worth at each whole second, by the quotes that had reached the monitor."""

from __future__ import annotations

import numpy as np

from correlator.truth.intervals import Times, Values
from correlator.truth.prices import mean_of_defined
from correlator.truth.shown.quotes import QuoteStretch, ShownQuotes
from correlator.truth.stretch import USD

SECOND_NS = 1_000_000_000
_KEPT_S = 600  # before the stretch that was taken last
_NEVER_NS = -(1 << 62)


class _Second:
    """One pair's mid at whole seconds, and whether it was fresh then."""

    def __init__(self, quotes: ShownQuotes) -> None:
        self.quotes = quotes
        self._mid = float("nan")
        self._quoted_ns = _NEVER_NS

    def take(self, stretch: QuoteStretch | None, seconds: Times) -> Values:
        """The mids at ``seconds`` as far as they were fresh then; NaN for none."""
        mids, quoted = np.array([self._mid]), np.array([self._quoted_ns], np.int64)
        if stretch is not None:
            mids, quoted = np.append(mids, stretch.mids), np.append(quoted, stretch.times)
            self._mid, self._quoted_ns = float(mids[-1]), int(quoted[-1])
        places = np.searchsorted(quoted, seconds, side="right") - 1
        mids, quoted = mids[places], quoted[places]
        age_ns = self.quotes.age_ns
        return mids if age_ns is None else np.where(seconds - quoted <= age_ns, mids, np.nan)


class ShownMarks:
    """The marks of the last minutes, each made of the quotes that are fresh and have a mid, as a monitor's must be."""

    def __init__(self, start_ns: int) -> None:
        self._pairs: list[_Second] = []
        self._known_s = start_ns // SECOND_NS
        self._first_s = self._known_s + 1  # the second that the columns begin with
        self._marks: dict[str, Values] = {}

    def watch(self, quotes: ShownQuotes) -> None:
        """A pair's quotes are shown to the monitor."""
        if ":" not in quotes.pair:
            self._pairs.append(_Second(quotes))

    def settle(self, stretches: dict[ShownQuotes, QuoteStretch], known_ns: int) -> None:
        """Take the quotes that arrived since the last time, up to ``known_ns``."""
        known_s = known_ns // SECOND_NS
        seconds = np.arange(self._known_s + 1, known_s + 1, dtype=np.int64) * SECOND_NS
        columns = {pair.quotes: pair.take(stretches.get(pair.quotes), seconds) for pair in self._pairs}
        if not len(seconds):
            return
        kept = min(_KEPT_S, self._known_s + 1 - self._first_s)
        assets = dict.fromkeys(pair.quotes.pair.partition("/")[0] for pair in self._pairs)
        for asset in assets:
            before = self._marks.get(asset, np.empty(0))
            self._marks[asset] = np.concatenate((before[len(before) - kept :], _mark(asset, columns, len(seconds))))
        self._first_s = self._known_s + 1 - kept
        self._known_s = known_s

    def nearest(self, asset: str, price: float, from_ns: int, to_ns: int) -> float:
        """Of the marks at the whole seconds within ``[from_ns, to_ns]``, the one nearest to a price; NaN if there was
        none."""
        column = self._marks.get(asset, np.empty(0))
        first, last = -(-from_ns // SECOND_NS) - self._first_s, to_ns // SECOND_NS - self._first_s
        known = [float(mark) for mark in column[max(first, 0) : max(last + 1, 0)] if mark == mark]
        return min(known, key=lambda mark: abs(mark - price), default=float("nan"))


def _mark(asset: str, columns: dict[ShownQuotes, Values], count: int) -> Values:
    if asset == USD:
        return np.ones(count)
    for quote in (USD, "USDT"):
        legs = [column for quotes, column in columns.items() if quotes.pair == f"{asset}/{quote}"]
        if legs:
            mark = mean_of_defined(legs)
            return mark if quote == USD else mark * _mark("USDT", columns, count)
    return np.full(count, np.nan)
