"""Market feeds: what the venue publishes of one pair as it happens, and once a second, to those who subscribed."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from simulators.exchange.api import market_events as events
from simulators.exchange.api import market_payloads as payloads
from simulators.exchange.api.bars import Bar
from simulators.exchange.api.notation import BookTickerWriter, book_ticker_writer, minute_kline_writer
from simulators.exchange.api.pairs import AggregateTrade, Pair
from simulators.exchange.api.shown_book import ShownBook
from simulators.exchange.api.topic import Topic
from simulators.exchange.core import Exchange
from simulators.ports import Clock

_NS_PER_MS = 1_000_000
_DEPTH_PERIOD_NS = 100 * _NS_PER_MS
_WHOLE_BOOK = 5_000  # levels a side; the REST snapshot goes as deep

_encode = msgspec.json.encode


class BookFeed:
    """``@bookTicker`` and ``@depth@100ms`` of one pair.

    ``raw`` and ``combined`` are those who receive a book ticker in either form, ``write_raw`` and ``write_combined``
    write it. The publisher uses them directly, because this is the hottest path of the venue.
    """

    __slots__ = ("_sound_writers", "bars", "combined", "depth", "pair", "raw", "ticker", "write_combined", "write_raw")

    def __init__(self, pair: Pair, clock: Clock) -> None:
        self.pair = pair
        self.bars = pair.bars
        self.ticker = Topic(f"{pair.notation.stream}@bookTicker", self._on_change)
        self.raw = self.ticker.raw
        self.combined = self.ticker.combined
        self.write_raw = book_ticker_writer(pair.notation, combined=False)
        self.write_combined = book_ticker_writer(pair.notation, combined=True)
        self.depth = DepthFeed(pair, clock)
        self._sound_writers = (self.write_raw, self.write_combined)
        pair.book.on_change = self._on_retouch

    def _on_change(self) -> None:
        self.raw = self.ticker.raw
        self.combined = self.ticker.combined

    def _on_retouch(self) -> None:
        """Something else than the true quotes is to be told from now on, or nothing else any more."""
        book = self.pair.book
        if book.retouches:
            self._sound_writers = (self.write_raw, self.write_combined)
            self.write_raw = _retouched(self.write_raw, book)
            self.write_combined = _retouched(self.write_combined, book)
        else:
            self.write_raw, self.write_combined = self._sound_writers


def _retouched(write: BookTickerWriter, book: ShownBook) -> BookTickerWriter:
    def write_shown(update_id: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int) -> bytes:
        return write(update_id, *book.quote(update_id, (bid_ticks, bid_lots, ask_ticks, ask_lots)))

    return write_shown


class DepthFeed:
    """``@depth@100ms``: what changed in the book since the last event, on every tenth of a second with a change.

    Update ids of successive events are contiguous (``U`` is the last ``u`` plus 1), and the whole book is compared, so
    that a client who started from a REST snapshot and applies every event holds the venue's own book.
    """

    __slots__ = (
        "_asks",
        "_bids",
        "_cause",
        "_clock",
        "_is_armed",
        "_last_update_id",
        "_pair",
        "is_live",
        "topic",
    )

    def __init__(self, pair: Pair, clock: Clock) -> None:
        self._pair = pair
        self._clock = clock
        self.topic = Topic(f"{pair.notation.stream}@depth@100ms", self._on_change)
        self.is_live = False
        self._is_armed = False
        self._cause = 0
        self._last_update_id = 0
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}

    def mark(self, cause: int) -> None:
        """The book has changed; call only while ``is_live``."""
        self._cause = cause
        if not self._is_armed:
            self._is_armed = True
            now_ns = self._clock.now_ns
            self._clock.call_at(now_ns - now_ns % _DEPTH_PERIOD_NS + _DEPTH_PERIOD_NS, self._publish)

    def _on_change(self) -> None:
        live = self.topic.is_live
        if live and not self.is_live:
            self._last_update_id = self._pair.update_id
            self._bids, self._asks = self._book()
        elif not live:
            self._bids, self._asks = {}, {}
        self.is_live = live

    def _book(self) -> tuple[dict[int, int], dict[int, int]]:
        bids, asks = self._pair.book.depth(_WHOLE_BOOK)
        return dict(bids), dict(asks)

    def _publish(self, _argument: object) -> None:
        self._is_armed = False
        if not self.is_live:
            return
        bids, asks = self._book()
        bid_changes = _changes(self._bids, bids)
        ask_changes = _changes(self._asks, asks)
        if not bid_changes and not ask_changes:
            return
        self._bids, self._asks = bids, asks
        pair = self._pair
        first = self._last_update_id + 1
        # Changes away from the top count no update of their own; an event needs at least one.
        last = pair.update_id = self._last_update_id = max(first, pair.update_id)
        event = events.DepthEvent(
            pair.notation.time_ms(self._clock.now_ns),
            pair.notation.symbol,
            first,
            last,
            payloads.levels(pair.notation, sorted(bid_changes, reverse=True)),
            payloads.levels(pair.notation, sorted(ask_changes)),
        )
        self.topic.publish(_encode(event), self._cause)


def _changes(before: dict[int, int], after: dict[int, int]) -> list[tuple[int, int]]:
    """Levels that differ, as (ticks, lots now); 0 lots for one that is gone."""
    changed = [(ticks, lots) for ticks, lots in after.items() if before.get(ticks) != lots]
    changed.extend((ticks, 0) for ticks in before if ticks not in after)
    return changed


class TradeFeed:
    """``@trade`` and ``@aggTrade`` of one pair, and the aggregates that REST serves.

    An aggregate is published when the moment in which its fills happen is over.
    """

    __slots__ = ("_clock", "_exchange", "_pair", "_unpublished", "aggregates", "trades")

    def __init__(self, pair: Pair, exchange: Exchange, clock: Clock) -> None:
        self._pair = pair
        self._exchange = exchange
        self._clock = clock
        self._unpublished: list[AggregateTrade] = []
        self.trades = Topic(f"{pair.notation.stream}@trade")
        self.aggregates = Topic(f"{pair.notation.stream}@aggTrade")

    def on_trade(self, trade_id: int, price_ticks: int, quantity_lots: int, buyer_is_maker: bool, cause: int) -> None:
        pair = self._pair
        notation = pair.notation
        now_ns = self._clock.now_ns
        pair.last_trade_lots = quantity_lots
        pair.last_trade_ns = now_ns
        quote_amount = price_ticks * quantity_lots * notation.notional_units
        pair.bars.trade(trade_id, price_ticks, quantity_lots, quote_amount, buyer_is_maker)
        taker_order = self._exchange.trades(pair.index)[-1].taker_order
        aggregate = AggregateTrade(
            1, price_ticks, quantity_lots, trade_id, trade_id, now_ns, buyer_is_maker, taker_order, cause
        )
        if not pair.aggregate(aggregate) and self.aggregates.is_live:
            if not self._unpublished:
                self._clock.call_at(now_ns, self._publish_aggregates)
            self._unpublished.append(aggregate)
        if self.trades.is_live:
            time_ms = notation.time_ms(now_ns)
            event = events.TradeEvent(
                time_ms,
                notation.symbol,
                trade_id,
                notation.price(price_ticks),
                notation.quantity(quantity_lots),
                time_ms,
                buyer_is_maker,
            )
            self.trades.publish(_encode(event), cause)

    def _publish_aggregates(self, _argument: object) -> None:
        ready, self._unpublished = self._unpublished, []
        notation = self._pair.notation
        for trade in ready:
            row = payloads.aggregate_row(notation, trade)
            event = events.AggregateTradeEvent(
                row.time_ms,
                notation.symbol,
                row.aggregate_id,
                row.price,
                row.quantity,
                row.first_trade_id,
                row.last_trade_id,
                row.time_ms,
                row.buyer_is_maker,
            )
            self.aggregates.publish(_encode(event), trade.cause)


class SummaryFeed:
    """``@kline_1m`` and ``@miniTicker`` of one pair. They summarise time, so no single record is their cause.

    The publisher asks for a frame only while somebody would receive it.
    """

    __slots__ = ("_last_ticker", "_pair", "_write_kline", "klines", "ticker")

    def __init__(self, pair: Pair, on_change: Callable[[], None]) -> None:
        self._pair = pair
        self._last_ticker: Bar | None = None
        self._write_kline = minute_kline_writer(pair.notation)
        self.klines = Topic(f"{pair.notation.stream}@kline_1m", on_change)
        self.ticker = Topic(f"{pair.notation.stream}@miniTicker", on_change)

    def publish_kline(self, bar: Bar, is_closed: bool, now_ns: int) -> None:
        """Send a minute, as it stands or closed."""
        self.klines.publish(self._write_kline(bar, is_closed, self._pair.notation.time_ms(now_ns)), 0)

    def publish_ticker(self, now_ns: int) -> events.MiniTickerEvent | None:
        """Send the 24-hour summary if it differs from the last one; returns it for the stream of all pairs."""
        day = self._pair.bars.day()
        if day is None or day == self._last_ticker:
            return None
        self._last_ticker = day
        event = events.mini_ticker_event(self._pair.notation, day, now_ns)
        self.ticker.publish(_encode(event), 0)
        return event

    def forget_ticker(self) -> None:
        """Nobody knows the last summary any more: the next one is sent in any case."""
        self._last_ticker = None
