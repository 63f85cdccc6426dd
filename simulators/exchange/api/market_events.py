"""Events of the market streams: descriptive names here, Binance's letters on the wire.

Structs are written in the order of their fields; an event's type (``e``) goes first.
"""

from __future__ import annotations

import msgspec

from simulators.exchange.api.bars import Bar
from simulators.exchange.api.market_payloads import NS_PER_MS, PriceLevel
from simulators.exchange.api.notation import Notation
from simulators.ledger import to_text

_LETTERS = {
    "aggregate_id": "a",
    "asks": "a",
    "best_match": "M",
    "bids": "b",
    "buyer_is_maker": "m",
    "close": "c",
    "close_ms": "T",
    "closed": "x",
    "event_ms": "E",
    "first_trade_id": "f",
    "first_update_id": "U",
    "high": "h",
    "ignored": "B",
    "interval": "i",
    "kline": "k",
    "last_trade_id": "l",
    "last_update_id": "u",
    "low": "l",
    "open": "o",
    "open_ms": "t",
    "price": "p",
    "quantity": "q",
    "quote_volume": "q",
    "symbol": "s",
    "taker_buy_quote": "Q",
    "taker_buy_volume": "V",
    "time_ms": "T",
    "trade_id": "t",
    "trades": "n",
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


class Kline(msgspec.Struct, frozen=True, rename={**_LETTERS, "last_trade_id": "L"}):
    open_ms: int
    close_ms: int
    symbol: str
    interval: str
    first_trade_id: int
    last_trade_id: int
    open: str
    close: str
    high: str
    low: str
    volume: str
    trades: int
    closed: bool
    quote_volume: str
    taker_buy_volume: str
    taker_buy_quote: str
    ignored: str = "0"


class KlineEvent(msgspec.Struct, frozen=True, rename=_LETTERS, tag_field="e", tag="kline"):
    event_ms: int
    symbol: str
    kline: Kline


class DepthEvent(msgspec.Struct, frozen=True, rename=_LETTERS, tag_field="e", tag="depthUpdate"):
    event_ms: int
    symbol: str
    first_update_id: int
    last_update_id: int
    bids: list[PriceLevel]
    asks: list[PriceLevel]


def kline_event(notation: Notation, bar: Bar, interval: str, interval_ns: int, closed: bool, now_ns: int) -> KlineEvent:
    kline = Kline(
        open_ms=bar.open_ns // NS_PER_MS,
        close_ms=(bar.open_ns + interval_ns) // NS_PER_MS - 1,
        symbol=notation.symbol,
        interval=interval,
        first_trade_id=bar.first_trade_id,
        last_trade_id=bar.last_trade_id,
        open=notation.price(bar.open),
        close=notation.price(bar.close),
        high=notation.price(bar.high),
        low=notation.price(bar.low),
        volume=notation.quantity(bar.volume_lots),
        trades=bar.trades,
        closed=closed,
        quote_volume=to_text(bar.quote_volume),
        taker_buy_volume=notation.quantity(bar.taker_buy_lots),
        taker_buy_quote=to_text(bar.taker_buy_quote),
    )
    return KlineEvent(now_ns // NS_PER_MS, notation.symbol, kline)


def mini_ticker_event(notation: Notation, day: Bar, now_ns: int) -> MiniTickerEvent:
    return MiniTickerEvent(
        now_ns // NS_PER_MS,
        notation.symbol,
        notation.price(day.close),
        notation.price(day.open),
        notation.price(day.high),
        notation.price(day.low),
        notation.quantity(day.volume_lots),
        to_text(day.quote_volume),
    )
