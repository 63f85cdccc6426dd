"""A trading floor: real exchanges with their real API on the real kernel, and wires that can misbehave."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lab.laboratory.kernel import Kernel
from simulators.exchange.api.routes import ApiKey
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.config import ExchangeConfig, StreetConfig
from simulators.exchange.core import Exchange
from simulators.exchange.types import Listing
from simulators.log_normal import LogNormal
from simulators.ports import ClientStream, Reply, Request, Stream, Venue
from simulators.strategies.params import StrategyParams
from simulators.strategies.registry import make_strategy
from simulators.strategies.rest import Key

START_NS = 1_676_851_200_000_000_000  # 2023-02-20T00:00:00Z
SECOND_NS = 1_000_000_000
WAY_NS = 5_000_000
KEY = "key-of-the-sub-account"
SECRET = "secret-of-the-sub-account"

PRICES = {
    "BTC/USD": 24_500.0,
    "BTC/USDT": 24_500.0,
    "ETH/USDT": 1_650.0,
    "ETH/BTC": 1_650.0 / 24_500.0,
    "USDT/USD": 1.0,
}
STEPS = {
    "BTC/USD": ("0.01", "0.00001", "10"),
    "BTC/USDT": ("0.01", "0.00001", "10"),
    "ETH/USDT": ("0.01", "0.0001", "10"),
    "ETH/BTC": ("0.00001", "0.001", "0.0001"),
    "USDT/USD": ("0.00001", "0.01", "10"),
}
OPENING = {"BTC": "10", "ETH": "100", "USDT": "500000", "USD": "500000"}


class Journal:
    """Keeps what strategies say; counts the rest."""

    def __init__(self) -> None:
        self.sequence = 0
        self.said: list[tuple[str, str, int]] = []
        self.orders: list[tuple[Any, ...]] = []
        self.fills = 0

    def record(self, kind: str, source: str, cause: int, *body: Any) -> int:
        self.sequence += 1
        if kind == "strategy":
            self.said.append((body[0], body[1], cause))
        elif kind == "order":
            self.orders.append(body)
        elif kind == "fill":
            self.fills += 1
        return self.sequence

    def events(self) -> list[str]:
        return [event for event, _, _ in self.said]

    def details(self, event: str) -> list[str]:
        return [detail for name, detail, _ in self.said if name == event]


class FloorWire:
    """A way to one venue that takes 5 ms, and loses or replaces what it is told to."""

    def __init__(self, kernel: Kernel, venue: Venue, journal: Journal) -> None:
        self.kernel = kernel
        self.venue = venue
        self.journal = journal
        self.requests: list[str] = []
        self.loses_request: Callable[[Request], bool] = lambda request: False
        self.loses_reply: Callable[[Request], bool] = lambda request: False
        self.replaces_reply: Callable[[Request], Reply | None] = lambda request: None
        self.is_silent = False  # streams carry nothing to the client
        self.streams: list[FloorStream] = []

    def request(
        self, request: Request, on_reply: Callable[[Reply | None, int], None], timeout_ns: int, cause: int = 0
    ) -> None:
        self.requests.append(f"{request.method} {request.target}")
        waiting = [True]

        def deliver(reply: Reply | None) -> None:
            if waiting:
                waiting.clear()
                on_reply(reply, 0 if reply is None else self.journal.record("reply", "wire", cause))

        def respond(reply: Reply, reply_cause: int) -> None:
            if not self.loses_reply(request):
                self.kernel.call_at(self.kernel.now_ns + WAY_NS, deliver, self.replaces_reply(request) or reply)

        if not self.loses_request(request):
            self.kernel.call_at(self.kernel.now_ns + WAY_NS, lambda _: self.venue.handle(request, respond, cause))
        self.kernel.call_at(self.kernel.now_ns + timeout_ns, deliver, None)

    def open_stream(
        self, target: str, on_message: Callable[[bytes, int], None], on_closed: Callable[[str], None]
    ) -> ClientStream:
        stream = FloorStream(self, target, on_message, on_closed)
        self.streams.append(stream)
        return stream

    def count(self, start: str) -> int:
        return sum(1 for each in self.requests if each.startswith(start))


class FloorStream:
    def __init__(
        self, wire: FloorWire, target: str, on_message: Callable[[bytes, int], None], on_closed: Callable[[str], None]
    ) -> None:
        self.wire = wire
        self.target = target
        self.on_message = on_message
        self.on_closed = on_closed
        self.remote: Stream | None = None
        self.is_open = True
        wire.kernel.call_at(wire.kernel.now_ns + WAY_NS, self._connect)

    def _connect(self, _: Any) -> None:
        if self.is_open:
            self.remote = self.wire.venue.open_stream(self.target, self._push, self.drop)
            if self.remote is None:
                self.drop("refused")

    def _push(self, payload: bytes, cause: int) -> None:
        if not self.wire.is_silent:
            self.wire.kernel.call_at(self.wire.kernel.now_ns + WAY_NS, self.deliver, payload)

    def deliver(self, payload: bytes) -> None:
        if self.is_open:
            self.on_message(payload, self.wire.journal.record("push", "wire", 0))

    def drop(self, reason: str) -> None:
        """The connection breaks."""
        if self.is_open:
            self.is_open = False
            self.wire.kernel.call_at(self.wire.kernel.now_ns + WAY_NS, lambda _: self.on_closed(reason))

    def send(self, payload: bytes, cause: int = 0) -> None:
        self.wire.kernel.call_at(
            self.wire.kernel.now_ns + WAY_NS, lambda _: self.remote and self.remote.receive(payload, cause)
        )

    def close(self) -> None:
        self.is_open = False
        if self.remote is not None:
            self.remote.close()


class Floor:
    """Exchanges, the sub-account at each, and a market whose prices the test sets."""

    def __init__(self, venues: dict[str, tuple[str, ...]], fee_bp: float = 0.0, half_spread_bp: float = 1.0) -> None:
        self.kernel = Kernel(START_NS)
        self.journal = Journal()
        self.exchanges: dict[str, Exchange] = {}
        self.wires: dict[str, FloorWire] = {}
        self.prices: dict[tuple[str, str], float] = {}
        for name, pairs in venues.items():
            listings = tuple(
                Listing(pair, *pair.split("/"), *STEPS[pair], maker_fee_bp=fee_bp, taker_fee_bp=fee_bp)
                for pair in pairs
            )
            street = {
                pair: StreetConfig(half_spread_bp, 2.0 if pair == "ETH/BTC" else 50_000.0, step_bp=2.0)
                for pair in pairs
            }
            exchange = Exchange(ExchangeConfig(name, listings, street), self.kernel, self.journal)
            assets = {asset for pair in pairs for asset in pair.split("/")}
            exchange.open_account("sub", "firm", {a: amount for a, amount in OPENING.items() if a in assets})
            api = ExchangeApi(
                exchange,
                self.kernel,
                {KEY: ApiKey("sub", can_trade=True, secret=SECRET)},
                {"*": LogNormal(2.0, 0.2)},
                np.random.default_rng(5),
                self.journal,
            )
            self.exchanges[name] = exchange
            self.wires[name] = FloorWire(self.kernel, api, self.journal)
            self.prices.update({(name, pair): PRICES[pair] for pair in pairs})
        self.requote()

    def requote(self) -> None:
        """The street of every pair moves to its price."""
        for (venue, pair), price in self.prices.items():
            self.exchanges[venue].requote(self.index(venue, pair), price)

    def index(self, venue: str, pair: str) -> int:
        return [listing.symbol for listing in self.exchanges[venue].listings].index(pair)

    def run(self, seconds: float, move: Callable[[int], None] | None = None) -> None:
        """Let time pass; the street confirms its quotes once a second, after ``move(second)`` had its say."""
        end_ns = self.kernel.now_ns + round(seconds * SECOND_NS)
        second = 0
        while self.kernel.now_ns < end_ns:
            if move is not None:
                move(second)
            self.requote()
            self.kernel.run_until(min(end_ns, self.kernel.now_ns + SECOND_NS))
            second += 1

    def strategy(self, kind: str, params: StrategyParams, pairs: tuple[str, ...]) -> Any:
        return make_strategy(
            kind,
            "maker-1",
            params,
            pairs=pairs,
            wires=self.wires,
            keys=dict.fromkeys(self.wires, Key(KEY, SECRET)),
            clock=self.kernel,
            audit=self.journal,
            rng=np.random.default_rng(9),
        )

    def held(self, venue: str, asset: str) -> float:
        free, locked = self.exchanges[venue].balance("sub", asset)
        return (free + locked) / 1e8

    def open_orders(self, venue: str = "apex") -> list[tuple[str, str, float]]:
        """(pair, side, price) of the sub-account's resting orders."""
        exchange = self.exchanges[venue]
        return sorted(
            (
                exchange.listings[order.index].symbol,
                "buy" if order.side > 0 else "sell",
                order.price_ticks * float(exchange.listings[order.index].tick_size),
            )
            for order in exchange.open_orders("sub", None)
        )


@pytest.fixture
def make_floor() -> Callable[..., Floor]:
    return Floor
