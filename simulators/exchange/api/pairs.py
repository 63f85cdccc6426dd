"""Pair: what the API keeps of one listing so that it can be asked for: notation, the book as it is shown, bars,
aggregate trades, update id."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

import msgspec

from simulators.exchange.api.bars import Bars
from simulators.exchange.api.errors import bad_symbol
from simulators.exchange.api.notation import Notation
from simulators.exchange.api.parameters import Parameters
from simulators.exchange.api.shown_book import ShownBook
from simulators.exchange.core import Exchange

_AGGREGATES_KEPT = 1_000  # the most a client may ask for at once


class AggregateTrade(msgspec.Struct, gc=False):
    """Fills of one taker order at one price and moment, as one: ``first`` and ``last`` are their trade ids."""

    aggregate_id: int
    price_ticks: int
    quantity_lots: int
    first: int
    last: int
    at_ns: int
    buyer_is_maker: bool
    taker_order: int
    cause: int


class Pair:
    """One listing as the API sees it. ``update_id`` counts the changes of its book that clients may know of."""

    __slots__ = (
        "aggregates",
        "bars",
        "book",
        "index",
        "last_trade_lots",
        "last_trade_ns",
        "listing",
        "notation",
        "update_id",
    )

    def __init__(self, exchange: Exchange, index: int, start_ns: int, time_ms: Callable[[int], int]) -> None:
        self.index = index
        self.listing = exchange.listings[index]
        self.notation = Notation(self.listing, time_ms)
        self.book = ShownBook(exchange, index)
        self.bars = Bars(start_ns)
        self.aggregates: deque[AggregateTrade] = deque(maxlen=_AGGREGATES_KEPT)
        self.update_id = 0
        self.last_trade_lots = 0
        self.last_trade_ns = 0

    def aggregate(self, trade: AggregateTrade) -> bool:
        """Take in a fill (as an aggregate of one); True if it belongs to the last aggregate and was added to that."""
        if self.aggregates:
            last = self.aggregates[-1]
            if (last.taker_order, last.price_ticks, last.at_ns) == (trade.taker_order, trade.price_ticks, trade.at_ns):
                last.quantity_lots += trade.quantity_lots
                last.last = trade.last
                return True
            trade.aggregate_id = last.aggregate_id + 1
        self.aggregates.append(trade)
        return False


class Pairs:
    """All listings of a venue, by index and by the name clients use."""

    def __init__(self, exchange: Exchange, start_ns: int, time_ms: Callable[[int], int]) -> None:
        listings = exchange.listings
        self.all = tuple(Pair(exchange, index, start_ns, time_ms) for index in range(len(listings)))
        self._by_symbol: Mapping[str, Pair] = {pair.notation.symbol: pair for pair in self.all}
        self.assets = tuple(sorted({asset for listing in listings for asset in (listing.base, listing.quote)}))

    def named(self, symbol: str) -> Pair:
        """The pair of a symbol such as ``BTCUSDT``; ApiError -1121 if there is none."""
        pair = self._by_symbol.get(symbol)
        if pair is None:
            raise bad_symbol()
        return pair

    def required(self, parameters: Parameters) -> Pair:
        """The pair of the mandatory parameter ``symbol``."""
        return self.named(parameters.required("symbol"))

    def chosen(self, parameters: Parameters) -> tuple[tuple[Pair, ...], bool]:
        """Pairs of ``symbol`` or ``symbols``, or all; and whether the answer is a single object (``symbol``)."""
        symbol = parameters.text("symbol")
        if symbol:
            return (self.named(symbol),), True
        symbols = parameters.text("symbols")
        if not symbols:
            return self.all, False
        try:
            names = msgspec.json.decode(symbols.encode(), type=list[str])
        except msgspec.MsgspecError:
            raise bad_symbol() from None
        return tuple(self.named(name) for name in names), False
