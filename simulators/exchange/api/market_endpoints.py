"""Public endpoints: connectivity, the listings, books, trades, bars and tickers."""

from __future__ import annotations

import msgspec

from simulators.exchange.api import market_payloads as payloads
from simulators.exchange.api.bars import INTERVALS_NS
from simulators.exchange.api.errors import ApiError
from simulators.exchange.api.exchange_info import ExchangeInfo, exchange_info
from simulators.exchange.api.limits import RateLimits
from simulators.exchange.api.pairs import AggregateTrade, Pairs
from simulators.exchange.api.parameters import Parameters
from simulators.exchange.api.routes import Access, Call, Route, costs, costs_by_symbol
from simulators.exchange.api.venue_clock import VenueClock
from simulators.exchange.core import Exchange
from simulators.ledger import UNITS, to_text

_NS_PER_MS = 1_000_000
_DEPTH_WEIGHTS = ((100, 5), (500, 25), (1_000, 50), (5_000, 250))
_MOST_LEVELS = 5_000
_AVERAGE_MINUTES = 5


class ServerTime(msgspec.Struct, frozen=True, rename="camel"):
    server_time: int


class Empty(msgspec.Struct, frozen=True):
    """The body ``{}``."""


class MarketEndpoints:
    """Serves what anybody may ask, without a key."""

    def __init__(self, exchange: Exchange, pairs: Pairs, clock: VenueClock, limits: RateLimits) -> None:
        self._exchange = exchange
        self._pairs = pairs
        self._clock = clock
        self._limits = limits

    def routes(self) -> list[Route]:
        rows = (
            ("ping", "general", costs(1), self._ping),
            ("time", "general", costs(1), self._time),
            ("exchangeInfo", "general", costs(20), self._exchange_info),
            ("depth", "market_data", _depth_weight, self._depth),
            ("trades", "market_data", costs(25), self._trades),
            ("aggTrades", "market_data", costs(4), self._aggregate_trades),
            ("klines", "market_data", costs(2), self._klines),
            ("avgPrice", "market_data", costs(2), self._average_price),
            ("ticker/24hr", "market_data", costs_by_symbol(2, 80), self._day_ticker),
            ("ticker/price", "market_data", costs_by_symbol(2, 4), self._price),
            ("ticker/bookTicker", "market_data", costs_by_symbol(2, 4), self._book_ticker),
        )
        return [
            Route("GET", f"/api/v3/{path}", operation, Access.PUBLIC, weight, serve)
            for path, operation, weight, serve in rows
        ]

    def _ping(self, _call: Call) -> Empty:
        return Empty()

    def _time(self, _call: Call) -> ServerTime:
        return ServerTime(self._clock.now_ns // _NS_PER_MS)

    def _exchange_info(self, call: Call) -> ExchangeInfo:
        chosen, _single = self._pairs.chosen(call.parameters)
        return exchange_info(chosen, self._limits, self._clock.now_ns // _NS_PER_MS)

    def _depth(self, call: Call) -> payloads.Depth:
        pair = self._pairs.required(call.parameters)
        bids, asks = pair.book.depth(call.parameters.limit(100, _MOST_LEVELS))
        notation = pair.notation
        return payloads.Depth(pair.update_id, payloads.levels(notation, bids), payloads.levels(notation, asks))

    def _trades(self, call: Call) -> list[payloads.PublicTrade]:
        pair = self._pairs.required(call.parameters)
        limit = call.parameters.limit(500, 1_000)
        return [
            payloads.public_trade(pair.notation, trade) for trade in list(self._exchange.trades(pair.index))[-limit:]
        ]

    def _aggregate_trades(self, call: Call) -> list[payloads.AggregateTradeRow]:
        pair = self._pairs.required(call.parameters)
        from_id = call.parameters.integer("fromId")
        start_ms = call.parameters.integer("startTime")
        end_ms = call.parameters.integer("endTime")
        limit = call.parameters.limit(500, 1_000)

        def is_asked_for(trade: AggregateTrade) -> bool:
            time_ms = pair.notation.time_ms(trade.at_ns)
            return (
                (from_id is None or trade.aggregate_id >= from_id)
                and (start_ms is None or time_ms >= start_ms)
                and (end_ms is None or time_ms <= end_ms)
            )

        rows = [trade for trade in pair.aggregates if is_asked_for(trade)]
        oldest_first = from_id is not None or start_ms is not None
        chosen = rows[:limit] if oldest_first else rows[-limit:]
        return [payloads.aggregate_row(pair.notation, trade) for trade in chosen]

    def _klines(self, call: Call) -> list[payloads.KlineRow]:
        pair = self._pairs.required(call.parameters)
        interval_ns = INTERVALS_NS.get(call.parameters.required("interval"))
        if interval_ns is None:
            raise ApiError(400, -1120, "Invalid interval.")
        start_ms = call.parameters.integer("startTime")
        end_ms = call.parameters.integer("endTime")
        limit = call.parameters.limit(500, 1_000)
        rows = [
            bar
            for bar in pair.bars.rows(interval_ns)
            if (start_ms is None or bar.open_ns // _NS_PER_MS >= start_ms)
            and (end_ms is None or bar.open_ns // _NS_PER_MS <= end_ms)
        ]
        chosen = rows[:limit] if start_ms is not None else rows[-limit:]
        return [payloads.kline_row(pair.notation, bar, interval_ns) for bar in chosen]

    def _average_price(self, call: Call) -> payloads.AveragePrice:
        pair = self._pairs.required(call.parameters)
        bars = pair.bars.recent(_AVERAGE_MINUTES)
        base_units = sum(bar.volume_lots for bar in bars) * pair.notation.lot_units
        if base_units:
            price = to_text(sum(bar.quote_volume for bar in bars) * UNITS // base_units)
        elif bars:
            price = to_text(sum(bar.close for bar in bars) * pair.notation.tick_units // len(bars))
        else:
            price = to_text(0)
        return payloads.AveragePrice(_AVERAGE_MINUTES, price, pair.notation.time_ms(pair.last_trade_ns))

    def _day_ticker(self, call: Call) -> object:
        kind = call.parameters.text("type") or "FULL"
        if kind not in ("FULL", "MINI"):
            raise ApiError(400, -1139, "Invalid ticker type.")
        now_ns = self._clock.now_ns
        chosen, single = self._pairs.chosen(call.parameters)
        rows: list[object] = []
        for pair in chosen:
            day = pair.bars.day()
            if day is None:
                continue
            if kind == "MINI":
                rows.append(payloads.mini_ticker(pair.notation, day, now_ns))
            else:
                rows.append(payloads.day_ticker(pair, day, pair.book.top(pair.update_id), now_ns))
        return _one_or_all(rows, single)

    def _price(self, call: Call) -> object:
        chosen, single = self._pairs.chosen(call.parameters)
        rows = [payloads.SymbolPrice(pair.notation.symbol, pair.notation.price(pair.bars.close)) for pair in chosen]
        return _one_or_all(rows, single)

    def _book_ticker(self, call: Call) -> object:
        chosen, single = self._pairs.chosen(call.parameters)
        rows = [payloads.book_ticker(pair, pair.book.top(pair.update_id)) for pair in chosen]
        return _one_or_all(rows, single)


def _one_or_all(rows: list[payloads.SymbolPrice] | list[payloads.BookTicker] | list[object], single: bool) -> object:
    """Binance answers a single ``symbol`` with an object and anything else with an array."""
    if not single:
        return rows
    if not rows:
        raise ApiError(400, -1112, "No orders on book for symbol.")
    return rows[0]


def _depth_weight(parameters: Parameters) -> int:
    limit = parameters.limit(100, _MOST_LEVELS)
    return next(weight for bound, weight in _DEPTH_WEIGHTS if limit <= bound)
