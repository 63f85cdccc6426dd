"""A futures exchange as its clients reach it: the machinery of the spot API, with contracts, margin and mark prices.

What differs from Binance's own service: account events come over the WebSocket API (``/ws-fapi/v1``, subscribed with a
signature as at the spot venues) instead of a listen key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

import msgspec
import numpy as np

from simulators.exchange.api.limits import RateLimits
from simulators.exchange.api.notation import BookTickerWriter
from simulators.exchange.api.routes import ApiKey, Route
from simulators.exchange.api.topic import Topic
from simulators.exchange.api.user_data import UserData
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.api.venue_clock import VenueClock
from simulators.exchange.order import Order, Trade
from simulators.exchange.perpetual.api.endpoints import FuturesEndpoints
from simulators.exchange.perpetual.api.payloads import NS_PER_MS, price
from simulators.exchange.perpetual.api.user_data import FuturesUserData
from simulators.exchange.perpetual.clearing import SECOND_NS, ClearingHouse
from simulators.exchange.perpetual.contract import Contract
from simulators.log_normal import LogNormal
from simulators.ports import Audit, Clock

_MARK_PERIOD_S = 3  # of `@markPrice`; `@markPrice@1s` comes each second


class MarkPriceUpdate(
    msgspec.Struct,
    frozen=True,
    tag_field="e",
    tag="markPriceUpdate",
    rename={
        "event_ms": "E",
        "symbol": "s",
        "mark_price": "p",
        "index_price": "i",
        "settle_price": "P",
        "funding_rate": "r",
        "next_funding_ms": "T",
    },
):
    event_ms: int
    symbol: str
    mark_price: str
    index_price: str
    settle_price: str
    funding_rate: str
    next_funding_ms: int


class FuturesApi(ExchangeApi):
    """The production API of one exchange that trades perpetuals (``ports.Venue`` and ``ClearingObserver``)."""

    ws_api_path: ClassVar[str] = "/ws-fapi/v1"
    shows_balances: ClassVar[bool] = False

    def __init__(
        self,
        house: ClearingHouse,
        clock: Clock,
        keys: Mapping[str, ApiKey],
        latency: Mapping[str, LogNormal],
        rng: np.random.Generator,
        audit: Audit,
        limits: RateLimits = RateLimits(weight_per_minute=2_400),  # noqa: B008  # frozen
    ) -> None:
        self.house = house
        super().__init__(house.exchange, clock, keys, latency, rng, audit, limits)
        for book in self.publisher.books:
            book.write_raw = _with_times(book.write_raw, clock, self.time, is_combined=False)
            book.write_combined = _with_times(book.write_combined, clock, self.time, is_combined=True)
        house.observed_by(self)

    # What a futures venue has in other shapes

    def make_user_data(self, clock: VenueClock) -> UserData:
        self._futures_user_data = FuturesUserData(self.house, self.pairs, clock)
        return self._futures_user_data

    def make_routes(self, clock: VenueClock, limits: RateLimits) -> list[Route]:
        user_data = self._futures_user_data
        return FuturesEndpoints(self.house, self.pairs, clock, limits, user_data, self.cancels).routes()

    def make_topics(self) -> list[Topic]:
        names = [pair.notation.stream for pair in self.pairs.all]
        self._marks = [Topic(f"{name}@markPrice") for name in names]
        self._fast_marks = [Topic(f"{name}@markPrice@1s") for name in names]
        return [*self.publisher.topics(), *self._marks, *self._fast_marks]

    # ClearingObserver

    def on_order(self, order: Order, execution: str, assets: tuple[str, ...], cause: int) -> None:
        self.publisher.on_order(order.index, cause)
        self.user_data.on_order(order, execution, cause)

    def on_fill(self, trade: Trade, taker: Order | None, maker: Order | None, cause: int) -> None:
        self.publisher.on_fill(trade, cause)
        if taker is not None:
            self.user_data.on_fill(trade, taker, cause)
        if maker is not None:
            self.user_data.on_fill(trade, maker, cause)
            self._futures_user_data.on_margin(maker.account, "ORDER", cause)

    def on_margin(self, account: str, reason: str, cause: int) -> None:
        self._futures_user_data.on_margin(account, reason, cause)

    def on_margin_call(self, account: str) -> None:
        self._futures_user_data.on_margin_call(account)

    def on_mark(self, contract: Contract, cause: int) -> None:
        topics = [self._fast_marks[contract.index]]
        if self._clock.now_ns // SECOND_NS % _MARK_PERIOD_S == 0:
            topics.append(self._marks[contract.index])
        live = [topic for topic in topics if topic.is_live]
        if not live:
            return
        pair = self.pairs.all[contract.index]
        index = price(contract.index_ticks, pair)
        payload = msgspec.json.encode(
            MarkPriceUpdate(
                self.time.ms(self._clock.now_ns),
                pair.notation.symbol,
                price(contract.mark_ticks, pair),
                index,
                index,
                f"{contract.rate:.8f}",
                contract.next_funding_ns // NS_PER_MS,
            )
        )
        for topic in live:
            topic.publish(payload, cause)


def _with_times(write: BookTickerWriter, clock: Clock, time: VenueClock, *, is_combined: bool) -> BookTickerWriter:
    """The futures dialect's ``@bookTicker``: the spot dialect's with its type and the venue's time."""
    tail: Callable[[bytes], bytes] = (lambda payload: payload[:-2]) if is_combined else (lambda payload: payload[:-1])
    close = b"}}" if is_combined else b"}"

    def write_with_times(update_id: int, bid: int, bid_lots: int, ask: int, ask_lots: int) -> bytes:
        now_ms = time.ms(clock.now_ns)
        times = b',"e":"bookTicker","T":%d,"E":%d' % (now_ms, now_ms)
        return tail(write(update_id, bid, bid_lots, ask, ask_lots)) + times + close

    return write_with_times
