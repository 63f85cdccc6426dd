"""A firm's trading host: real exchanges behind wires, the gateway, a strategy in front of it, a monitor beside it."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from lab.laboratory.kernel import Kernel
from simulators.exchange.api.routes import ApiKey
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.config import ExchangeConfig, StreetConfig
from simulators.exchange.core import Exchange
from simulators.exchange.types import Listing
from simulators.gateway.api import GatewayApi, GatewayKey
from simulators.gateway.config import GatewayConfig
from simulators.gateway.core import Door, Gateway
from simulators.gateway.intents import Signer
from simulators.gateway.policy import PolicyStore
from simulators.gateway.strategy_wire import StrategyWire
from simulators.log_normal import LogNormal
from simulators.ports import ClientStream, Reply, Request, Venue
from simulators.strategies.guard import GuardedClock, GuardedWire
from simulators.strategies.pairs import Pair
from simulators.strategies.params import MarketMakerParams, StrategyParams
from simulators.strategies.registry import make_strategy
from simulators.strategies.rest import Key
from simulators.strategies.runner import Make, Runner

START_NS = 1_676_851_200_000_000_000
SECOND_NS = 1_000_000_000
WAY_NS = 2_000_000
BTC = "BTC/USD"
LIMITS = """schema: riskproof-limits/1
limits:
  position_limit:
    BTC: {warning: 120 BTC, high: 150 BTC}  # a fifth more
"""


class Journal:
    """The audit plane as a list of (kind, *body)."""

    def __init__(self) -> None:
        self.records: list[tuple[Any, ...]] = []

    def record(self, kind: str, source: str, cause: int, *body: Any) -> int:
        self.records.append((kind, *body))
        return len(self.records)

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [record[1:] for record in self.records if record[0] == kind]

    def intents(self) -> list[tuple[str, str, str]]:
        """(side, event, reason) of every intent."""
        return [(body[5], body[9], body[10]) for body in self.of("intent")]


class PlainWire:
    """A way to one venue that takes 2 ms."""

    def __init__(self, kernel: Kernel, venue: Venue) -> None:
        self.kernel = kernel
        self.venue = venue
        self.requests: list[str] = []

    def request(
        self, request: Request, on_reply: Callable[[Reply | None, int], None], timeout_ns: int, cause: int = 0
    ) -> None:
        self.requests.append(f"{request.method} {request.target}")

        def respond(reply: Reply, cause: int) -> None:
            self.kernel.call_at(self.kernel.now_ns + WAY_NS, lambda _: on_reply(reply, cause))

        self.kernel.call_at(self.kernel.now_ns + WAY_NS, lambda _: self.venue.handle(request, respond, cause))

    def open_stream(
        self, target: str, on_message: Callable[[bytes, int], None], on_closed: Callable[[str], None]
    ) -> ClientStream:
        kernel = self.kernel

        def push(payload: bytes, cause: int) -> None:
            kernel.call_at(kernel.now_ns + WAY_NS, lambda _: on_message(payload, cause))

        remote = self.venue.open_stream(target, push, on_closed)
        assert remote is not None

        class End:
            def send(self, payload: bytes, cause: int = 0) -> None:
                kernel.call_at(kernel.now_ns + WAY_NS, lambda _: remote.receive(payload, cause))

            def close(self) -> None:
                remote.close()

        return End()

    def orders(self) -> list[str]:
        return [text for text in self.requests if text.startswith("POST /api/v3/order")]


class Monitor:
    """A client of the gateway's API."""

    def __init__(self, host: Any, key: str) -> None:
        self.host = host
        self.key = key
        self.frames: list[Any] = []
        self.stream = host.gateway_api.open_stream(
            f"/v1/stream?key={key}", lambda payload, cause: self.frames.append(msgspec.json.decode(payload)), print
        )

    def say(self, **frame: Any) -> None:
        self.stream.receive(msgspec.json.encode(frame), 0)

    def heard(self, kind: str) -> list[Any]:
        return [frame for frame in self.frames if frame["type"] == kind]

    def get(self, target: str) -> tuple[int, Any]:
        replies: list[Reply] = []
        request = Request("GET", target, (("X-API-Key", self.key),))
        self.host.gateway_api.handle(request, lambda reply, cause: replies.append(reply), 0)
        self.host.run(0.1)
        return replies[0].status, msgspec.json.decode(replies[0].body)


class Host:
    """One strategy called ``maker`` with account ``sub`` at apex (and boreal, where it does not trade by itself)."""

    def __init__(self, kind: str = "market_making", params: StrategyParams | None = None) -> None:
        self.kernel = Kernel(START_NS)
        self.journal = Journal()
        self.exchanges: dict[str, Exchange] = {}
        self.wires: dict[str, PlainWire] = {}
        for venue in ("apex", "boreal"):
            listing = Listing(BTC, "BTC", "USD", "0.01", "0.00001", "10", maker_fee_bp=1.0, taker_fee_bp=4.0)
            street = {BTC: StreetConfig(1.0, 50_000.0, step_bp=2.0)}
            exchange = Exchange(ExchangeConfig(venue, (listing,), street), self.kernel, self.journal)
            exchange.open_account("sub", "firm", {"BTC": "10", "USD": "500000"})
            keys = {"K": ApiKey("sub", can_trade=True, can_withdraw=True, secret="S")}
            rng = np.random.default_rng(5)
            api = ExchangeApi(exchange, self.kernel, keys, {"*": LogNormal(2.0, 0.0)}, rng, self.journal)
            self.exchanges[venue] = exchange
            self.wires[venue] = PlainWire(self.kernel, api)
        pair = Pair(BTC, "BTCUSD", "BTC", "USD", 1_000_000, 1_000, 1, 1_000_000_000)
        self.policy = PolicyStore("bridge", LIMITS, self.kernel, self.journal)
        self.gateway = Gateway(
            GatewayConfig(name="bridge"),
            self.policy,
            self.kernel,
            self.journal,
            {"maker": "secret of maker"},
            {"apex": {"BTCUSD": pair}, "boreal": {"BTCUSD": pair}},
            lambda strategy, venue: self.door(venue) if venue == "boreal" else None,
        )
        keys_here = {"read": GatewayKey(), "control": GatewayKey(can_control=True)}
        self.gateway_api = GatewayApi(self.gateway, keys_here, self.kernel, np.random.default_rng(6))
        self.signer = Signer("maker", "secret of maker", self.kernel)
        self.wire = StrategyWire(self.gateway, self.signer, "apex", self.door("apex"))
        params = params or MarketMakerParams()
        self.runner = Runner("maker", kind, "sub", (BTC,), self.make(kind, params), self.journal)
        self.gateway.employ(self.runner)
        self.requote(24_500.0)
        self.gateway.start()
        self.runner.start()

    def door(self, venue: str) -> Door:
        return Door(self.wires[venue], Key("K", "S"), "sub")

    def make(self, kind: str, params: StrategyParams) -> Make:
        def make(on_error: Any, prefix: str, positions: Any) -> Any:
            return make_strategy(
                kind,
                "maker",
                params,
                pairs=(BTC,),
                wires={"apex": GuardedWire(self.wire, on_error)},
                keys={"apex": Key("K", "S")},
                clock=GuardedClock(self.kernel, on_error),
                audit=self.journal,
                rng=np.random.default_rng(9),
                order_prefix=prefix,
                positions=positions,
            )

        return make

    def requote(self, price: float) -> None:
        self.price = price
        for exchange in self.exchanges.values():
            exchange.requote(0, price)

    def run(self, seconds: float, move: Callable[[float], float] = lambda price: price) -> None:
        """Let time pass; the street confirms its quotes, or moves them, once a second."""
        end_ns = self.kernel.now_ns + round(seconds * SECOND_NS)
        while self.kernel.now_ns < end_ns:
            self.kernel.run_until(min(end_ns, self.kernel.now_ns + SECOND_NS))
            self.requote(move(self.price))

    def submit(self, side: str = "BUY", quantity: str = "0.01", name: str = "mine") -> list[tuple[int, Any]]:
        """Hand in a limit order far from the market, as the strategy; the answers will appear in the list."""
        price = "20000.00" if side == "BUY" else "30000.00"
        query = (
            f"symbol=BTCUSD&side={side}&type=LIMIT&timeInForce=GTC&quantity={quantity}&price={price}"
            f"&newClientOrderId={name}"
        )
        answers: list[tuple[int, Any]] = []

        def answered(reply: Reply | None, cause: int) -> None:
            assert reply is not None
            answers.append((reply.status, msgspec.json.decode(reply.body)))

        self.wire.request(
            Request("POST", f"/api/v3/order?{query}&recvWindow=5000&timestamp=1&signature=ff"), answered, 5 * SECOND_NS
        )
        return answers

    def open_orders(self, venue: str = "apex") -> int:
        return len(self.exchanges[venue].open_orders("sub", None))

    def held_btc(self, venue: str = "apex") -> float:
        return sum(self.exchanges[venue].balance("sub", "BTC")) / 1e8


@pytest.fixture
def make_host() -> type[Host]:
    return Host


@pytest.fixture
def host() -> Host:
    """A host whose strategy never trades by itself within a test: its first bar-based signal is a long way off."""
    from simulators.strategies.params import MomentumParams

    return Host("momentum", MomentumParams())


@pytest.fixture
def monitor() -> type[Monitor]:
    return Monitor
