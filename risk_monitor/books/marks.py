"""Marks: what one unit of an asset is worth in USD, from the quotes of every exchange that lists it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence

from risk_monitor.connectors.binance import BookTicker, symbol_of

QuoteCheck = Callable[[int], None]

REPEATS = 10
"""So many times a quote has to be shown unchanged before it can be called frozen."""

TRAIL = 32
"""Quotes that are remembered where someone asks what was shown a moment ago."""

_MIDS = 11


class Quote:
    """Best bid and ask of a pair at one exchange. *Mid* is their mean, 0.0 while a side is empty or nothing was heard.

    ``is_fresh``: heard within the staleness bound of prices. ``is_doubted``: its mid is far from those before.
    ``checks`` are called when the mid, or whether it counts, has changed.

    What is needed to doubt a quote is kept here because it is touched with every one of them: the last mids; the band
    of mids (``calm_low`` to ``calm_high``) that need no ``inspect``; when the quote last changed (``moved_ns``), how
    often it has been repeated since, and whether ``on_moved`` is waiting for a change (``is_stuck``).
    """

    __slots__ = (
        "ask",
        "bid",
        "calm_high",
        "calm_low",
        "checks",
        "inspect",
        "is_doubted",
        "is_fresh",
        "is_stuck",
        "mid",
        "mids",
        "moved_ns",
        "on_moved",
        "on_repeated",
        "on_stale",
        "pair",
        "remember",
        "repeats",
        "seen_ns",
        "symbol",
        "trail",
        "update_id",
        "venue",
    )

    def __init__(self, venue: str, pair: str) -> None:
        self.venue = venue
        self.pair = pair
        self.symbol = symbol_of(pair)
        self.bid = 0.0
        self.ask = 0.0
        self.mid = 0.0
        self.seen_ns = -1
        self.update_id = 0
        self.is_fresh = False
        self.is_doubted = False
        self.checks: tuple[QuoteCheck, ...] = ()
        self.mids: deque[float] = deque(maxlen=_MIDS)
        self.remember = self.mids.append
        self.calm_low = 0.0
        self.calm_high = math.inf
        self.inspect: Callable[[int, float, float, float], None] = _believe
        self.on_stale: Callable[[], None] = _nothing
        self.moved_ns = -1
        self.repeats = 0
        self.is_stuck = False
        self.on_moved: Callable[[int, Quote], None] = _ignore
        self.trail: deque[tuple[int, BookTicker]] | None = None
        self.on_repeated: Callable[[int, Quote], None] = _ignore

    def keep_trail(self) -> None:
        """Remember the last few payloads with their times: what was shown when a report was on its way."""
        self.trail = deque(maxlen=TRAIL)

    def evidence(self) -> str:
        if self.seen_ns < 0:
            return f"{self.venue} stream {self.symbol.lower()}@bookTicker silent since the start"
        stream = f"{self.symbol.lower()}@bookTicker"
        return f"{self.venue} stream {stream} u={self.update_id} bid={self.bid:.10g} ask={self.ask:.10g}"


def _believe(now_ns: int, bid: float, ask: float, mid: float) -> None:
    """No mandate doubts the quote."""


def _nothing() -> None:
    """No mandate minds a quote that has grown stale."""


def _ignore(now_ns: int, quote: Quote) -> None:
    """No mandate minds whether the quote moves."""


def evidence_of(quotes: tuple[Quote, ...]) -> Callable[[], tuple[str, ...]]:
    """What shows a measure that is made of these quotes."""
    return lambda: tuple(quote.evidence() for quote in quotes)


class _Source:
    """Where one asset's mark comes from: quotes against USD, or against a tether whose mark comes first."""

    __slots__ = ("index", "quotes", "tether")

    def __init__(self, index: int, quotes: tuple[Quote, ...], tether: int) -> None:
        self.index = index
        self.quotes = quotes
        self.tether = tether


class MarkBook:
    """Marks of all assets of the universe, by index. ``marks[i]`` is 0.0 while the asset has none.

    *Mark*: USD 1; otherwise the mean, over the exchanges that list ``asset/USD``, of the mid there; where none lists
    that, the mean mid of ``asset/USDT`` times the mark of USDT. An empty side gives no mid, and its venue is left out;
    so is one whose quote is stale or doubted while another's is neither: an old price beside a new one is half of a
    move, and what one exchange alone tells is no gain that the firm could later lose.
    """

    def __init__(self, quotes: Sequence[Quote], assets: Sequence[str]) -> None:
        self.assets = tuple(assets)
        self.index = {asset: index for index, asset in enumerate(self.assets)}
        self.marks = [0.0] * len(self.assets)
        self.marks[self.index["USD"]] = 1.0
        direct: list[_Source] = []
        tethered: list[_Source] = []
        for asset in self.assets:
            if asset == "USD":
                continue
            index = self.index[asset]
            in_usd = tuple(quote for quote in quotes if quote.pair == f"{asset}/USD")
            in_usdt = tuple(quote for quote in quotes if quote.pair == f"{asset}/USDT")
            if in_usd:
                direct.append(_Source(index, in_usd, self.index["USD"]))
            elif in_usdt:
                tethered.append(_Source(index, in_usdt, self.index["USDT"]))
        self._sources = tuple(direct + tethered)
        self._source_of = {source.index: source for source in self._sources}

    def refresh(self) -> None:
        """Compute every mark from the quotes as they stand."""
        marks = self.marks
        for source in self._sources:
            total = 0.0
            count = 0
            for quote in source.quotes:
                if quote.is_fresh and quote.mid > 0.0 and not quote.is_doubted:
                    total += quote.mid
                    count += 1
            if not count:
                mids = [quote.mid for quote in source.quotes if quote.mid > 0.0]
                fresh = [quote.mid for quote in source.quotes if quote.is_fresh and quote.mid > 0.0]
                total, count = (sum(fresh), len(fresh)) if fresh else (sum(mids), len(mids))
            marks[source.index] = total / count * marks[source.tether] if count else 0.0

    def quotes_behind(self, asset: str) -> tuple[Quote, ...]:
        """The quotes that an asset's mark is made of, without those of its tether."""
        source = self._source_of.get(self.index.get(asset, -1))
        return source.quotes if source else ()

    def mark(self, asset: str) -> float:
        """The mark as of the last refresh; 0.0 for none."""
        index = self.index.get(asset)
        return 0.0 if index is None else self.marks[index]
