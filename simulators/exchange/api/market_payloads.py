"""Payloads of public market data, as REST tells them."""

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


class AggregateTradeRow(
    msgspec.Struct,
    frozen=True,
    rename={
        "aggregate_id": "a",
        "price": "p",
        "quantity": "q",
        "first_trade_id": "f",
        "last_trade_id": "l",
        "time_ms": "T",
        "buyer_is_maker": "m",
        "best_match": "M",
    },
):
    aggregate_id: int
    price: str
    quantity: str
    first_trade_id: int
    last_trade_id: int
    time_ms: int
    buyer_is_maker: bool
    best_match: bool = True


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
        notation.time_ms(trade.at_ns),
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
        notation.time_ms(trade.at_ns),
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
