"""Publisher: hears what the exchange core does and feeds the market streams, once a second where that is the rule."""

from __future__ import annotations

import msgspec

from simulators.exchange.api.bars import MINUTE_NS
from simulators.exchange.api.market_feeds import BookFeed, SummaryFeed, TradeFeed
from simulators.exchange.api.pairs import Pairs
from simulators.exchange.api.topic import Topic
from simulators.exchange.core import Exchange
from simulators.exchange.order import Trade
from simulators.exchange.types import Side
from simulators.ports import Clock

_SECOND_NS = 10**9
_KLINE_PERIOD_NS = 2 * _SECOND_NS


class Publisher:
    """Feeds of every pair. Nothing is computed for a stream that nobody receives.

    One alarm rings at every whole minute to close the bars, and for those who want them at every second whole second
    for klines and at every whole second for mini tickers.
    """

    def __init__(self, exchange: Exchange, pairs: Pairs, clock: Clock) -> None:
        self._clock = clock
        self._timer = clock.timer(self._ring)
        self._books = [BookFeed(pair, clock) for pair in pairs.all]
        self._trades = [TradeFeed(pair, exchange, clock) for pair in pairs.all]
        self._summaries = [SummaryFeed(pair, self._on_subscription) for pair in pairs.all]
        self._all_tickers = Topic("!miniTicker@arr", self._on_subscription)
        self._are_klines_wanted = self._are_tickers_wanted = False
        now_ns = clock.now_ns
        self._next_minute_ns = now_ns - now_ns % MINUTE_NS + MINUTE_NS
        self._arm()

    @property
    def books(self) -> list[BookFeed]:
        """The book of every pair, in the order of the listings."""
        return self._books

    def topics(self) -> list[Topic]:
        """Every stream of the venue, pair by pair."""
        topics: list[Topic] = []
        for book, trade, summary in zip(self._books, self._trades, self._summaries, strict=True):
            topics += [
                book.ticker,
                book.depth.topic,
                trade.trades,
                trade.aggregates,
                summary.klines,
                summary.ticker,
            ]
        return [*topics, self._all_tickers]

    def on_top(self, index: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int, cause: int) -> None:
        """The best bid or ask of a pair changed or was confirmed. Called for every tick of the market."""
        book = self._books[index]
        pair = book.pair
        pair.update_id = update_id = pair.update_id + 1
        if bid_lots and ask_lots:
            price_ticks = (bid_ticks + ask_ticks) >> 1
            if price_ticks != book.bars.close:
                book.bars.observe(price_ticks)
        receivers = book.combined
        if receivers:
            payload = book.write_combined(update_id, bid_ticks, bid_lots, ask_ticks, ask_lots)
            for push in receivers:
                push(payload, cause)
        receivers = book.raw
        if receivers:
            payload = book.write_raw(update_id, bid_ticks, bid_lots, ask_ticks, ask_lots)
            for push in receivers:
                push(payload, cause)
        if book.depth.is_live:
            book.depth.mark(cause)

    def on_fill(self, trade: Trade, cause: int) -> None:
        index = trade.index
        buyer_is_maker = trade.taker_side is Side.SELL
        self._trades[index].on_trade(trade.trade_id, trade.price_ticks, trade.quantity_lots, buyer_is_maker, cause)
        self.on_order(index, cause)

    def on_order(self, index: int, cause: int) -> None:
        """An order of a pair changed, perhaps away from the top of its book."""
        depth = self._books[index].depth
        if depth.is_live:
            depth.mark(cause)

    def _on_subscription(self) -> None:
        """Somebody subscribed to a summary or left it."""
        are_all_wanted = self._all_tickers.is_live
        for summary in self._summaries:
            if not (are_all_wanted or summary.ticker.is_live):
                summary.forget_ticker()
        self._are_klines_wanted = any(summary.klines.is_live for summary in self._summaries)
        self._are_tickers_wanted = are_all_wanted or any(summary.ticker.is_live for summary in self._summaries)
        self._arm()

    def _arm(self) -> None:
        at_ns = self._next_minute_ns
        if self._are_tickers_wanted or self._are_klines_wanted:
            period_ns = _SECOND_NS if self._are_tickers_wanted else _KLINE_PERIOD_NS
            now_ns = self._clock.now_ns
            at_ns = min(at_ns, now_ns - now_ns % period_ns + period_ns)
        self._timer.arm(at_ns)

    def _ring(self) -> None:
        now_ns = self._clock.now_ns
        if now_ns >= self._next_minute_ns:
            self._next_minute_ns += MINUTE_NS
            for book, summary in zip(self._books, self._summaries, strict=True):
                closed = book.bars.roll(now_ns)
                if closed is not None and summary.klines.is_live:
                    summary.publish_kline(closed, True, now_ns)
        elif self._are_klines_wanted and now_ns % _KLINE_PERIOD_NS == 0:
            for book, summary in zip(self._books, self._summaries, strict=True):
                if summary.klines.is_live:
                    forming = book.bars.current()
                    if forming is not None:
                        summary.publish_kline(forming, False, now_ns)
        if self._are_tickers_wanted:
            self._publish_tickers(now_ns)
        self._arm()

    def _publish_tickers(self, now_ns: int) -> None:
        every = self._all_tickers
        changed = []
        for summary in self._summaries:
            if every.is_live or summary.ticker.is_live:
                event = summary.publish_ticker(now_ns)
                if event is not None:
                    changed.append(event)
        if every.is_live and changed:
            every.publish(msgspec.json.encode(changed), 0)
