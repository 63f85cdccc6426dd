"""A trading client of one exchange: what it subscribes to, what it holds, what it has in the market."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import msgspec

from simulators.ports import Clock, Wire
from simulators.strategies.account import Account
from simulators.strategies.feeds import Feed
from simulators.strategies.frames import (
    MALFORMED,
    MAX_NUMBER,
    AccountPosition,
    BalanceUpdate,
    ExecutionReport,
    StreamTerminated,
    decode_book_ticker,
    decode_exchange_info,
    decode_kline,
    decode_klines,
    decode_prices,
)
from simulators.strategies.orders import OrderDesk, OrderListener, OwnOrder
from simulators.strategies.pairs import Pair
from simulators.strategies.rest import MILLISECOND_NS, SECOND_NS, Answer, Key, Rest

_QUOTE_SILENCE_NS = 30 * SECOND_NS
_BAR_SILENCE_NS = 180 * SECOND_NS
_RETRY_NS = 5 * SECOND_NS
_MINUTE_MS = 60_000
_BAR_AHEAD_MS = 10 * _MINUTE_MS  # no clock is off by more; a bar of the far future would silence all that follow
_NEW_ORDER_REJECTED = -2010

T = TypeVar("T")


class Quote:
    """The latest best bid and ask of a pair at an exchange; one object per pair, rewritten by each message.

    A price of 0 says that the side is empty, or that none was seen yet.
    """

    __slots__ = ("ask", "ask_size", "at_ns", "bid", "bid_size", "cause", "client", "pair")

    def __init__(self, client: ExchangeClient, pair: Pair) -> None:
        self.client = client
        self.pair = pair
        self.bid = self.bid_size = self.ask = self.ask_size = 0.0
        self.at_ns = 0
        self.cause = 0

    def is_usable(self, now_ns: int, age_limit_ns: int) -> bool:
        """Whether it is recent, has both sides, and is neither crossed nor beyond all bounds: that is a mistake."""
        return (
            0.0 < self.bid < self.ask < MAX_NUMBER
            and now_ns - self.at_ns <= age_limit_ns
            and 0.0 <= self.bid_size < MAX_NUMBER
            and 0.0 <= self.ask_size < MAX_NUMBER
        )


class ClientListener(OrderListener, Protocol):
    """Who trades through the client."""

    def on_ready(self, client: ExchangeClient) -> None:
        """Pairs, balances and prices are known; trading may begin."""

    def on_quote(self, quote: Quote) -> None: ...

    def on_bar(self, client: ExchangeClient, pair: Pair, close: float, is_past: bool, cause: int) -> None:
        """A minute bar closed; they come in order, each once. One that ``is_past`` was asked for at the start."""

    def on_refreshed(self, client: ExchangeClient) -> None:
        """Balances and prices have been asked for again."""


class ExchangeClient:
    """One API key at one exchange, with its requests, streams, balances and orders."""

    def __init__(
        self,
        venue: str,
        order_prefix: str,
        wire: Wire,
        key: Key,
        clock: Clock,
        listener: ClientListener,
        *,
        pairs: Sequence[str],
        refresh_ns: int,
        wants_quotes: bool,
        bars_wanted: int,
    ) -> None:
        """``bars_wanted`` minute bars before the start are asked for, and closed ones from then on; 0: none."""
        self.venue = venue
        self.account = Account()
        self.pairs: dict[str, Pair] = {}
        self.quotes: dict[str, Quote] = {}
        self.is_ready = False
        self.malformed_payloads = 0
        self._wanted_pairs = tuple(pairs)
        self._wire = wire
        self._key = key
        self._clock = clock
        self._listener = listener
        self._refresh_ns = refresh_ns
        self._wants_quotes = wants_quotes
        self._bars_wanted = bars_wanted
        self._rest = Rest(wire, key, clock)
        self.dialect = self._rest.dialect
        self.desk = OrderDesk(venue, order_prefix, self._rest, clock, self)
        self._user_feed = Feed(wire, clock, self.dialect.user_stream, self._on_user, self._subscription)
        self._quote_feed: Feed | None = None
        self._bar_feed: Feed | None = None
        self._quotes_by_symbol: dict[str, Quote] = {}
        self._pairs_by_symbol: dict[str, Pair] = {}
        self._last_bar_ms: dict[str, int] = {}
        self._refresh_timer = clock.timer(self._refresh)
        self._is_running = False
        self._has_prices = self._has_balances = False

    def start(self) -> None:
        self._is_running = True
        self._ask_pairs()

    def stop(self) -> None:
        """Cancel every order and hang up. Orders whose outcome is unknown are still followed to their end."""
        self._is_running = self.is_ready = False
        self._refresh_timer.cancel()
        for order in self.desk:
            self.desk.cancel(order, 0)
        for feed in (self._quote_feed, self._bar_feed, self._user_feed):
            if feed is not None:
                feed.close()

    def free_units(self, asset: str) -> int:
        """What an order may spend now: free balance less what orders under way will lock."""
        return max(0, self.account.free_units(asset) - self.desk.reserved_units(asset))

    def _ask_pairs(self) -> None:
        if self._is_running:
            self._rest.send("GET", self.dialect.exchange_info, "", self._take_pairs, signed=False)

    def _take_pairs(self, answer: Answer) -> None:
        if not self._is_running:
            return
        info = self._read(answer, decode_exchange_info)
        if info is None:
            self._clock.call_at(self._clock.now_ns + _RETRY_NS, lambda _: self._ask_pairs())
            return
        listed = {each.pair_name: each for each in info.symbols}
        try:
            pairs = [Pair.from_info(listed[name]) for name in self._wanted_pairs if name in listed]
        except MALFORMED:
            self.malformed_payloads += 1
            self._clock.call_at(self._clock.now_ns + _RETRY_NS, lambda _: self._ask_pairs())
            return
        for pair in pairs:
            self.pairs[pair.name] = self._pairs_by_symbol[pair.symbol] = pair
            self.quotes[pair.name] = self._quotes_by_symbol[pair.symbol] = Quote(self, pair)
        self._open_feeds()
        self._refresh()

    def _open_feeds(self) -> None:
        symbols = [pair.symbol.lower() for pair in self.pairs.values()]
        self._user_feed.open()
        if self._wants_quotes and symbols:
            target = "/stream?streams=" + "/".join(f"{symbol}@bookTicker" for symbol in symbols)
            self._quote_feed = Feed(self._wire, self._clock, target, self._on_book)
            self._quote_feed.open()
        if self._bars_wanted and symbols:
            target = "/stream?streams=" + "/".join(f"{symbol}@kline_1m" for symbol in symbols)
            self._bar_feed = Feed(self._wire, self._clock, target, self._on_kline)
            for pair in self.pairs.values():
                self._ask_bars(pair)
            self._bar_feed.open()

    def _refresh(self) -> None:
        if not self._is_running:
            return
        self._rest.send("GET", self.dialect.prices, "", self._take_prices, signed=False)
        self.resync()
        if self._quote_feed is not None:
            self._quote_feed.watch(_QUOTE_SILENCE_NS)
        if self._bar_feed is not None:
            self._bar_feed.watch(_BAR_SILENCE_NS)
        self._refresh_timer.arm(self._clock.now_ns + self._refresh_ns)

    def resync(self, cause: int = 0) -> None:
        """Ask for balances and open orders again: after a gap in what the streams told, and now and then."""
        self._rest.send("GET", self.dialect.account, "omitZeroBalances=true", self._take_account, cause, signed=True)
        self.desk.reconcile(cause)

    def _take_prices(self, answer: Answer) -> None:
        prices = self._read(answer, decode_prices)
        if prices is not None:
            self.account.take_prices(prices)
            self._has_prices = True
            self._refreshed()

    def _take_account(self, answer: Answer) -> None:
        info = self._read(answer, self.dialect.read_account)
        if info is not None:
            try:
                self.account.take_snapshot(info)
            except MALFORMED:
                self.malformed_payloads += 1
                return
            self._has_balances = True
            self._refreshed()

    def _refreshed(self) -> None:
        if not (self._is_running and self._has_prices and self._has_balances):
            return
        equity_usd = self.account.equity_usd()
        if equity_usd is None:
            return
        if self.account.opening_equity_usd is None:
            self.account.opening_equity_usd = equity_usd
        if not self.is_ready:
            self.is_ready = True
            self._listener.on_ready(self)
        self._listener.on_refreshed(self)

    def _read(self, answer: Answer, decode: Callable[[bytes], T]) -> T | None:
        if not answer.is_ok:
            return None
        try:
            return decode(answer.body)
        except MALFORMED:
            self.malformed_payloads += 1
            return None

    def _on_book(self, payload: bytes, cause: int) -> None:
        try:
            ticker = decode_book_ticker(payload).data
            quote = self._quotes_by_symbol[ticker.symbol]
        except (*MALFORMED, KeyError):
            self.malformed_payloads += 1
            return
        now_ns = self._clock.now_ns
        quote.bid = ticker.bid
        quote.bid_size = ticker.bid_size
        quote.ask = ticker.ask
        quote.ask_size = ticker.ask_size
        quote.at_ns = now_ns
        quote.cause = cause
        feed = self._quote_feed
        assert feed is not None
        feed.last_ns = now_ns
        self._listener.on_quote(quote)

    def _on_kline(self, payload: bytes, cause: int) -> None:
        try:
            bar = decode_kline(payload).data.kline
            pair = self._pairs_by_symbol[bar.symbol]
        except (*MALFORMED, KeyError):
            self.malformed_payloads += 1
            return
        feed = self._bar_feed
        assert feed is not None
        feed.last_ns = self._clock.now_ns
        if bar.is_closed:
            feed.confirm()
            self._deliver_bar(pair, bar.open_ms, bar.close, False, cause)

    def _ask_bars(self, pair: Pair) -> None:
        query = f"symbol={pair.symbol}&interval=1m&limit={min(1_000, self._bars_wanted + 1)}"
        self._rest.send("GET", self.dialect.klines, query, lambda answer: self._take_bars(pair, answer), signed=False)

    def _take_bars(self, pair: Pair, answer: Answer) -> None:
        rows = self._read(answer, decode_klines)
        now_ms = self._clock.now_ns // MILLISECOND_NS
        for row in rows or ():
            if row.close_ms < now_ms:
                self._deliver_bar(pair, row.open_ms, row.close, True, answer.cause)

    def _deliver_bar(self, pair: Pair, open_ms: int, close: float, is_past: bool, cause: int) -> None:
        latest_ms = self._clock.now_ns // MILLISECOND_NS + _BAR_AHEAD_MS
        is_due = self._last_bar_ms.get(pair.symbol, 0) + _MINUTE_MS <= open_ms <= latest_ms
        if is_due and 0.0 < close < MAX_NUMBER:
            self._last_bar_ms[pair.symbol] = open_ms
            self._listener.on_bar(self, pair, close, is_past, cause)

    def _subscription(self) -> bytes:
        stamp = self._clock.now_ns // MILLISECOND_NS
        api_key = self._key.api_key
        signature = self._key.sign(f"apiKey={api_key}&timestamp={stamp}")
        return msgspec.json.encode(
            {
                "id": f"user-{stamp}",
                "method": "userDataStream.subscribe.signature",
                "params": {"apiKey": api_key, "timestamp": stamp, "signature": signature},
            }
        )

    def _on_user(self, payload: bytes, cause: int) -> None:
        try:
            frame = self.dialect.read_user(payload)
        except MALFORMED:
            self.malformed_payloads += 1
            return
        self._user_feed.last_ns = self._clock.now_ns
        event = frame.event
        if event is None:
            if frame.status == 200:
                self._user_feed.confirm()
                if self.is_ready:
                    self.resync(cause)  # whatever happened while we were not listening
            elif self._is_running:
                self._user_feed.reconnect()
        elif isinstance(event, ExecutionReport):
            self.desk.on_report(event, cause)
        elif isinstance(event, (AccountPosition, BalanceUpdate)):
            try:
                self.account.take_event(event)
            except MALFORMED:
                self.malformed_payloads += 1
        elif isinstance(event, StreamTerminated) and self._is_running:
            self._user_feed.reconnect()

    def on_fill(self, order: OwnOrder, units: int, quote_units: int, cause: int) -> None:
        self._listener.on_fill(order, units, quote_units, cause)

    def on_closed(self, order: OwnOrder, cause: int) -> None:
        if order.error_code == _NEW_ORDER_REJECTED and self._is_running:
            self.resync(cause)  # perhaps our view of the balances was wrong
        self._listener.on_closed(order, cause)
