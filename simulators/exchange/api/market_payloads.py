"""Payloads of public market data, REST and streams: descriptive names here, Binance's on the wire.

Structs are written in the order of their fields; an event's type (``e``) goes first.
"""

from __future__ import annotations

import msgspec

from simulators.exchange.api.bars import Bar
from simulators.exchange.api.notation import Notation
from simulators.exchange.api.pairs import AggregateTrade, Pair
from simulators.exchange.order import Trade
from simulators.exchange.types import Side
from simulators.ledger import UNITS, to_text

NS_PER_MS = 1_000_000

PriceLevel = tuple[str, str]
KlineRow = tuple[int, str, str, str, str, str, int, str, int, str, str, str]

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


class Depth(msgspec.Struct, frozen=True, rename="camel"):
    last_update_id: int
    bids: list[PriceLevel]
    asks: list[PriceLevel]


class PublicTrade(msgspec.Struct, frozen=True, rename="camel"):
    id: int
    price: str
    qty: str
    quote_qty: str
    time: int
    is_buyer_maker: bool
    is_best_match: bool


class AggregateTradeRow(msgspec.Struct, frozen=True, rename=_LETTERS):
    aggregate_id: int
    price: str
    quantity: str
    first_trade_id: int
    last_trade_id: int
    time_ms: int
    buyer_is_maker: bool
    best_match: bool = True


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


class AveragePrice(msgspec.Struct, frozen=True, rename="camel"):
    mins: int
    price: str
    close_time: int


class SymbolPrice(msgspec.Struct, frozen=True):
    symbol: str
    price: str


class BookTicker(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str


class MiniTicker(msgspec.Struct, frozen=True, rename="camel"):
    """``ticker/24hr`` with ``type=MINI``."""

    symbol: str
    open_price: str
    high_price: str
    low_price: str
    last_price: str
    volume: str
    quote_volume: str
    open_time: int
    close_time: int
    first_id: int
    last_id: int
    count: int


class DayTicker(msgspec.Struct, frozen=True, rename="camel"):
    """``ticker/24hr``."""

    symbol: str
    price_change: str
    price_change_percent: str
    weighted_avg_price: str
    prev_close_price: str
    last_price: str
    last_qty: str
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str
    open_price: str
    high_price: str
    low_price: str
    volume: str
    quote_volume: str
    open_time: int
    close_time: int
    first_id: int
    last_id: int
    count: int


def levels(notation: Notation, rows: list[tuple[int, int]]) -> list[PriceLevel]:
    """Price levels as text; a level without lots is one to be forgotten."""
    price = notation.price
    quantity = notation.quantity
    return [(price(ticks), quantity(lots)) for ticks, lots in rows]


def book_ticker(pair: Pair, top: tuple[int, int, int, int]) -> BookTicker:
    notation = pair.notation
    bid_ticks, bid_lots, ask_ticks, ask_lots = top
    return BookTicker(
        notation.symbol,
        notation.price(bid_ticks),
        notation.quantity(bid_lots),
        notation.price(ask_ticks),
        notation.quantity(ask_lots),
    )


def public_trade(notation: Notation, trade: Trade) -> PublicTrade:
    return PublicTrade(
        trade.trade_id,
        notation.price(trade.price_ticks),
        notation.quantity(trade.quantity_lots),
        to_text(trade.quote_amount),
        trade.at_ns // NS_PER_MS,
        trade.taker_side is Side.SELL,
        True,
    )


def aggregate_row(notation: Notation, trade: AggregateTrade) -> AggregateTradeRow:
    return AggregateTradeRow(
        trade.aggregate_id,
        notation.price(trade.price_ticks),
        notation.quantity(trade.quantity_lots),
        trade.first,
        trade.last,
        trade.at_ns // NS_PER_MS,
        trade.buyer_is_maker,
    )


def kline_row(notation: Notation, bar: Bar, interval_ns: int) -> KlineRow:
    return (
        bar.open_ns // NS_PER_MS,
        notation.price(bar.open),
        notation.price(bar.high),
        notation.price(bar.low),
        notation.price(bar.close),
        notation.quantity(bar.volume_lots),
        (bar.open_ns + interval_ns) // NS_PER_MS - 1,
        to_text(bar.quote_volume),
        bar.trades,
        notation.quantity(bar.taker_buy_lots),
        to_text(bar.taker_buy_quote),
        "0",
    )


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


def mini_ticker(notation: Notation, day: Bar, now_ns: int) -> MiniTicker:
    return MiniTicker(
        notation.symbol,
        notation.price(day.open),
        notation.price(day.high),
        notation.price(day.low),
        notation.price(day.close),
        notation.quantity(day.volume_lots),
        to_text(day.quote_volume),
        day.open_ns // NS_PER_MS,
        now_ns // NS_PER_MS,
        day.first_trade_id,
        day.last_trade_id,
        day.trades,
    )


def day_ticker(pair: Pair, day: Bar, top: tuple[int, int, int, int], now_ns: int) -> DayTicker:
    """24-hour statistics; the change is against the price that stood when they began (the previous close)."""
    notation = pair.notation
    book = book_ticker(pair, top)
    change = day.close - day.open
    base_units = day.volume_lots * notation.lot_units
    return DayTicker(
        symbol=notation.symbol,
        price_change=notation.price(change),
        price_change_percent=_percent(change, day.open),
        weighted_avg_price=to_text(day.quote_volume * UNITS // base_units if base_units else 0),
        prev_close_price=notation.price(day.open),
        last_price=notation.price(day.close),
        last_qty=notation.quantity(pair.last_trade_lots),
        bid_price=book.bid_price,
        bid_qty=book.bid_qty,
        ask_price=book.ask_price,
        ask_qty=book.ask_qty,
        open_price=notation.price(day.open),
        high_price=notation.price(day.high),
        low_price=notation.price(day.low),
        volume=notation.quantity(day.volume_lots),
        quote_volume=to_text(day.quote_volume),
        open_time=day.open_ns // NS_PER_MS,
        close_time=now_ns // NS_PER_MS,
        first_id=day.first_trade_id,
        last_id=day.last_trade_id,
        count=day.trades,
    )


def _percent(change: int, base: int) -> str:
    """A change in percent with three digits after the point, rounded half away from zero."""
    if not base:
        return "0.000"
    thousandths = (abs(change) * 200_000 + base) // (2 * base)
    sign = "-" if change < 0 and thousandths else ""
    return f"{sign}{thousandths // 1000}.{thousandths % 1000:03d}"
