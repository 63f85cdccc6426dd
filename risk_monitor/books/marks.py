"""Marks: what one unit of an asset is worth in USD, from the quotes of every exchange that lists it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from risk_monitor.connectors.binance import symbol_of

QuoteCheck = Callable[[int], None]


class Quote:
    """Best bid and ask of a pair at one exchange. *Mid* is their mean, 0.0 while a side is empty or nothing was heard.

    ``is_fresh``: heard within the staleness bound of prices. ``checks`` are called when the mid, or whether it counts,
    has changed.
    """

    __slots__ = ("ask", "bid", "checks", "is_fresh", "mid", "pair", "seen_ns", "symbol", "update_id", "venue")

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
        self.checks: tuple[QuoteCheck, ...] = ()

    def evidence(self) -> str:
        if self.seen_ns < 0:
            return f"{self.venue} stream {self.symbol.lower()}@bookTicker silent since the start"
        stream = f"{self.symbol.lower()}@bookTicker"
        return f"{self.venue} stream {stream} u={self.update_id} bid={self.bid:.10g} ask={self.ask:.10g}"


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
    that, the mean mid of ``asset/USDT`` times the mark of USDT. An empty side gives no mid, and its venue is left out.
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
                if quote.mid > 0.0:
                    total += quote.mid
                    count += 1
            marks[source.index] = total / count * marks[source.tether] if count else 0.0

    def quotes_behind(self, asset: str) -> tuple[Quote, ...]:
        """The quotes that an asset's mark is made of, without those of its tether."""
        source = self._source_of.get(self.index.get(asset, -1))
        return source.quotes if source else ()

    def mark(self, asset: str) -> float:
        """The mark as of the last refresh; 0.0 for none."""
        index = self.index.get(asset)
        return 0.0 if index is None else self.marks[index]
