"""Events of the market streams: descriptive names here, Binance's letters on the wire.

Structs are written in the order of their fields; an event's type (``e``) goes first.
"""

from __future__ import annotations

import msgspec

from simulators.exchange.api.bars import Bar
from simulators.exchange.api.market_payloads import PriceLevel
from simulators.exchange.api.notation import Notation
from simulators.ledger import to_text

_LETTERS = {
    "aggregate_id": "a",
    "asks": "a",
    "best_match": "M",
    "bids": "b",
    "buyer_is_maker": "m",
    "close": "c",
    "event_ms": "E",
    "first_trade_id": "f",
    "first_update_id": "U",
    "high": "h",
    "last_trade_id": "l",
    "last_update_id": "u",
    "low": "l",
    "open": "o",
    "price": "p",
    "quantity": "q",
    "quote_volume": "q",
    "symbol": "s",
    "time_ms": "T",
    "trade_id": "t",
    "volume": "v",
}


class AggregateTradeEvent(msgspec.Struct, frozen=True, rename=_LETTERS, tag_field="e", tag="aggTrade"):
    event_ms: int
    symbol: str
    aggregate_id: int
    price: str
    quantity: str
    first_trade_id: int
    last_trade_id: int
    time_ms: int
    buyer_is_maker: bool
    best_match: bool = True


class TradeEvent(msgspec.Struct, frozen=True, rename=_LETTERS, tag_field="e", tag="trade"):
    event_ms: int
    symbol: str
    trade_id: int
    price: str
    quantity: str
    time_ms: int
    buyer_is_maker: bool
    best_match: bool = True


class MiniTickerEvent(msgspec.Struct, frozen=True, rename=_LETTERS, tag_field="e", tag="24hrMiniTicker"):
    event_ms: int
    symbol: str
    close: str
    open: str
    high: str
    low: str
    volume: str
    quote_volume: str


class DepthEvent(msgspec.Struct, frozen=True, rename=_LETTERS, tag_field="e", tag="depthUpdate"):
    event_ms: int
    symbol: str
    first_update_id: int
    last_update_id: int
    bids: list[PriceLevel]
    asks: list[PriceLevel]


def mini_ticker_event(notation: Notation, day: Bar, now_ns: int) -> MiniTickerEvent:
    return MiniTickerEvent(
        notation.time_ms(now_ns),
        notation.symbol,
        notation.price(day.close),
        notation.price(day.open),
        notation.price(day.high),
        notation.price(day.low),
        notation.quantity(day.volume_lots),
        to_text(day.quote_volume),
    )
