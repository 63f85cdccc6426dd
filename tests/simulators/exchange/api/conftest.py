"""A small exchange with its API, on a clock that a test turns by hand."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from simulators.exchange.api.limits import RateLimits
from simulators.exchange.api.routes import ApiKey
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.config import ExchangeConfig, StreetConfig
from simulators.exchange.core import Exchange
from simulators.exchange.types import Listing, OrderType, Side, TimeInForce
from simulators.log_normal import LogNormal
from simulators.ports import Reply, Request, Stream

START_NS = 1_676_851_200_000_000_000  # 2023-02-20T00:00:00Z
MS = 1_000_000
SECOND = 1_000 * MS


class HeapTimer:
    def __init__(self, clock: HeapClock, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._callback = callback
        self._wanted: int | None = None

    def arm(self, at_ns: int) -> None:
        self._wanted = at_ns
        self._clock.call_at(at_ns, self._ring, at_ns)

    def cancel(self) -> None:
        self._wanted = None

    def _ring(self, at_ns: int) -> None:
        if at_ns == self._wanted:
            self._wanted = None
            self._callback()


class HeapClock:
    """Virtual time: a heap of calls, ties in the order they were asked for."""

    def __init__(self) -> None:
        self.now_ns = START_NS
        self._calls: list[tuple[int, int, Callable[[Any], None], Any]] = []
        self._count = 0

    def call_at(self, at_ns: int, callback: Callable[[Any], None], argument: Any = None) -> None:
        assert at_ns >= self.now_ns
        self._count += 1
        heapq.heappush(self._calls, (at_ns, self._count, callback, argument))

    def timer(self, callback: Callable[[], None]) -> HeapTimer:
        return HeapTimer(self, callback)

    def run_until(self, at_ns: int) -> None:
        while self._calls and self._calls[0][0] <= at_ns:
            self.now_ns, _, callback, argument = heapq.heappop(self._calls)
            callback(argument)
        self.now_ns = at_ns

    def run(self, duration_ns: int) -> None:
        self.run_until(self.now_ns + duration_ns)


class Records:
    """The audit plane as a list of (kind, source, cause, *body)."""

    def __init__(self) -> None:
        self.all: list[tuple[Any, ...]] = []

    def record(self, kind: str, source: str, cause: int, *body: Any) -> int:
        self.all.append((kind, source, cause, *body))
        return len(self.all)

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [record[3:] for record in self.all if record[0] == kind]


class Client:
    """One end of a stream: the frames that came, with their times and causes."""

    def __init__(self, clock: HeapClock) -> None:
        self._clock = clock
        self.frames: list[bytes] = []
        self.arrivals_ns: list[int] = []
        self.causes: list[int] = []
        self.closed: list[str] = []
        self.stream: Stream | None = None

    def push(self, payload: bytes, cause: int) -> None:
        self.frames.append(payload)
        self.arrivals_ns.append(self._clock.now_ns)
        self.causes.append(cause)

    def send(self, request: object, cause: int = 77) -> None:
        assert self.stream is not None
        self.stream.receive(request if isinstance(request, bytes) else msgspec.json.encode(request), cause)

    def take(self) -> list[Any]:
        """The frames so far, decoded, and forget them."""
        frames = [msgspec.json.decode(frame) for frame in self.frames]
        self.frames, self.arrivals_ns, self.causes = [], [], []
        return frames


class World:
    def __init__(self, *, street: bool = False, limits: RateLimits | None = None, sigma: float = 0.0) -> None:
        self.clock = HeapClock()
        self.audit = Records()
        listings = (
            Listing("BTC/USDT", "BTC", "USDT", "0.01", "0.00001", "5", 2.0, 5.0),
            Listing("ETH/BTC", "ETH", "BTC", "0.00001", "0.001", "0.0001", 2.0, 5.0),
        )
        ladder = StreetConfig(half_spread_bp=1.0, top_notional=20_000.0, levels=5)
        streets = {listing.symbol: ladder for listing in listings} if street else {}
        self.exchange = Exchange(ExchangeConfig("apex", listings, streets), self.clock, self.audit)
        opening = {"BTC": "100", "ETH": "1000", "USDT": "1000000"}
        for account in ("master", "momentum", "maker"):
            self.exchange.open_account(account, "firm", opening)
        keys = {
            "K-master": ApiKey("master", can_trade=True, is_master=True),
            "K-trade": ApiKey("momentum", can_trade=True, can_withdraw=True),
            "K-read": ApiKey("momentum"),
        }
        self.api = ExchangeApi(
            self.exchange,
            self.clock,
            keys,
            {"*": LogNormal(10.0, sigma)},
            np.random.Generator(np.random.PCG64(1)),
            self.audit,
            limits or RateLimits(),
        )

    # Market

    def rest(self, side: Side, price_ticks: int, lots: int, index: int = 0, account: str = "maker") -> int:
        """Put a resting order of another client into the book."""
        order = self.exchange.place(
            account, index, side, OrderType.LIMIT, TimeInForce.GTC, price_ticks, lots, client_order_id=""
        )
        return order.order_id

    def quote(self, bid_ticks: int, ask_ticks: int, lots: int = 100_000) -> None:
        self.rest(Side.BUY, bid_ticks, lots)
        self.rest(Side.SELL, ask_ticks, lots)

    # Client

    def request(self, method: str, target: str, key: str = "", body: bytes = b"") -> tuple[list[Reply], list[int]]:
        """Send a request; the lists fill when the reply leaves (replies, times)."""
        replies: list[Reply] = []
        times: list[int] = []

        def respond(reply: Reply, cause: int) -> None:
            assert cause == 42
            replies.append(reply)
            times.append(self.clock.now_ns)

        headers = (("X-MBX-APIKEY", key),) if key else ()
        self.api.handle(Request(method, target, headers, body), respond, 42)
        return replies, times

    def call(self, method: str, target: str, key: str = "", body: bytes = b"") -> Reply:
        """Send a request and wait for its reply."""
        replies, _ = self.request(method, target, key, body)
        self.clock.run(10 * MS)
        assert len(replies) == 1
        return replies[0]

    def get(self, target: str, key: str = "") -> Any:
        reply = self.call("GET", target, key)
        assert reply.status == 200, reply
        return msgspec.json.decode(reply.body)

    def post(self, target: str, key: str = "K-trade") -> Any:
        reply = self.call("POST", target, key)
        assert reply.status == 200, reply
        return msgspec.json.decode(reply.body)

    def refusal(self, method: str, target: str, key: str = "") -> tuple[int, int, str]:
        reply = self.call(method, target, key)
        body = msgspec.json.decode(reply.body)
        return reply.status, body["code"], body["msg"]

    def connect(self, target: str) -> Client:
        client = Client(self.clock)
        client.stream = self.api.open_stream(target, client.push, client.closed.append)
        return client

    def user_data(self, key: str = "K-trade") -> Client:
        """A WebSocket API session that has subscribed to the key's account."""
        client = self.connect("/ws-api/v3")
        params = {"apiKey": key, "timestamp": self.clock.now_ns // MS, "signature": "-"}
        client.send({"id": "s", "method": "userDataStream.subscribe.signature", "params": params})
        self.clock.run(10 * MS)
        assert client.take() == [{"id": "s", "status": 200, "result": {"subscriptionId": 0}}]
        return client


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def new_world() -> type[World]:
    return World
