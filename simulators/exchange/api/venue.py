"""The exchange as its clients reach it: REST, market streams and the WebSocket API over the matching core.

A request is checked at the door when it arrives (key, rate limits, faults), waits its service time in the venue's
queues, and is carried out at the end of that: an order reaches the matching engine, and an answer shows the state, at
the moment the reply leaves. Requests do not wait for one another, so a later one may be served first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple
from urllib.parse import unquote

import msgspec
import numpy as np

from simulators.exchange.api.account_endpoints import AccountEndpoints
from simulators.exchange.api.cancels import CancelDesk
from simulators.exchange.api.errors import ApiError, from_rejected, no_key, to_reply, unknown_key
from simulators.exchange.api.faultpoints import UNHARMED, FaultPoints
from simulators.exchange.api.frames import FrameQueue
from simulators.exchange.api.limits import RateLimiter, RateLimits
from simulators.exchange.api.market_endpoints import MarketEndpoints
from simulators.exchange.api.pairs import Pairs
from simulators.exchange.api.parameters import Parameters
from simulators.exchange.api.publisher import Publisher
from simulators.exchange.api.refused_orders import refused_order, uncancelled_order
from simulators.exchange.api.routes import Access, ApiKey, Call, Route
from simulators.exchange.api.signatures import check_request
from simulators.exchange.api.streams import MarketStreams
from simulators.exchange.api.topic import Push, Topic
from simulators.exchange.api.trading_endpoints import TradingEndpoints
from simulators.exchange.api.user_data import UserData
from simulators.exchange.api.venue_clock import VenueClock
from simulators.exchange.api.wallet import Wallet, WalletTimings
from simulators.exchange.api.wallet_endpoints import WalletEndpoints
from simulators.exchange.api.ws_api import WsApi
from simulators.exchange.core import Exchange
from simulators.exchange.gates import GateChain
from simulators.exchange.operations import DEFAULT_SERVICE_TIMES
from simulators.exchange.order import Order, Trade
from simulators.exchange.street_pressure import StreetPressure
from simulators.exchange.types import Rejected
from simulators.log_normal import LogNormal
from simulators.ports import Audit, Clock, Reply, Request, Stream, Venue
from simulators.service_time import ServiceTimes

_KEY_HEADER = "x-mbx-apikey"
_encode = msgspec.json.encode


class _Sent(NamedTuple):
    """A request as it came: what was signed of it, and the address that it came from."""

    query: str
    body: bytes
    address: str


class NotFound(msgspec.Struct, frozen=True):
    """The body of a 404."""

    timestamp: int
    status: int
    error: str
    message: str
    path: str


class ExchangeApi:
    """The production API of one exchange (``ports.Venue`` and ``ExchangeObserver``).

    It makes itself the exchange's observer. ``keys`` maps API keys to what they open, ``latency`` operations
    (``operations.OPERATIONS``, ``*`` for all others) to service times, which are drawn from ``rng`` once.
    ``wallet``, ``time``, ``faults``, ``gates``, ``cancels``, ``limiter`` and ``street_pressure`` are for those who move
    value or do harm; no client sees them. ``shows_balances``: accounts are shown as balances of assets.
    """

    ws_api_path: ClassVar[str] = "/ws-api/v3"
    shows_balances: ClassVar[bool] = True

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        keys: Mapping[str, ApiKey],
        latency: Mapping[str, LogNormal],
        rng: np.random.Generator,
        audit: Audit,
        limits: RateLimits = RateLimits(),  # noqa: B008  # frozen
        wallet_timings: WalletTimings = WalletTimings(),  # noqa: B008  # frozen
    ) -> None:
        self.name = exchange.name
        self.exchange = exchange
        self._clock = clock
        self._audit = audit
        self.time = VenueClock(clock, self._note_clock)
        self.pairs = Pairs(exchange, clock.now_ns, self.time.ms)
        self._keys = keys
        self._service_times = ServiceTimes(DEFAULT_SERVICE_TIMES, latency, rng)
        self.limiter = RateLimiter(limits)
        self.publisher = Publisher(exchange, self.pairs, clock)
        self.user_data = self.make_user_data(self.time)
        self.cancels = CancelDesk(exchange)
        self.gates = GateChain(exchange)
        self.street_pressure = StreetPressure(exchange)
        self.faults = FaultPoints(self.user_data)
        queue = FrameQueue(clock, self._service_times, self.faults)
        self.streams = MarketStreams(self.make_topics(), queue)
        self.ws_api = WsApi(keys, self.user_data, self.limiter, queue, self.time)
        self.wallet = Wallet(exchange, clock, audit, wallet_timings)
        self._routes: dict[tuple[str, str], Route] = {
            (route.method, route.path): route for route in self.make_routes(self.time, limits)
        }
        # The core calls this for every tick of the market: straight to the publisher saves a call.
        self.on_top = self.publisher.on_top  # type: ignore[method-assign]
        exchange.observer = self

    # What a venue of another dialect has in other shapes

    def make_user_data(self, clock: VenueClock) -> UserData:
        """What tells accounts of their own."""
        return UserData(self.exchange, self.pairs, clock)

    def make_topics(self) -> list[Topic]:
        """Every market stream."""
        return self.publisher.topics()

    def make_routes(self, clock: VenueClock, limits: RateLimits) -> list[Route]:
        """Every endpoint."""
        return [
            *MarketEndpoints(self.exchange, self.pairs, clock, limits).routes(),
            *TradingEndpoints(self.exchange, self.pairs, clock, self.user_data, self.cancels).routes(),
            *AccountEndpoints(self.exchange, self.pairs, clock, self.user_data).routes(),
            *WalletEndpoints(self.exchange, self.pairs, clock, self.wallet).routes(),
        ]

    # ports.Venue

    def at_address(self, address: str) -> Venue:
        """The exchange as the client at ``address`` reaches it: an address shows on every connection."""
        return _Doorway(self, address)

    def handle(self, request: Request, respond: Callable[[Reply, int], None], cause: int, address: str = "") -> None:
        """Take a request; ``respond`` is called when it has been served."""
        now_ns = self._clock.now_ns
        path, _, query = request.target.partition("?")
        route = self._routes.get((request.method, path))
        operation = route.operation if route is not None else "general"
        api_key = _api_key(request)
        key = self._keys.get(api_key)
        account = key.account if key is not None else ""
        service_ns = self._service_times.service_ns(operation, now_ns, api_key)
        fate = self.faults.fate(operation, account, service_ns) if self.faults.in_force else UNHARMED
        if fate.is_lost:
            return
        serve = route.serve if route is not None else _not_found(path, self.time.ms(now_ns))
        call = Call(Parameters(query, request.body), account, cause, respond, serve, ())
        if fate.refusal is not None:
            call.serve = fate.refusal
        elif route is not None:
            self._admit(call, route, api_key, key, _Sent(query, request.body, address), now_ns)
        self._clock.call_at(now_ns + service_ns + fate.extra_ns, self._serve, call)

    def open_stream(self, target: str, push: Push, closed: Callable[[str], None], address: str = "") -> Stream | None:
        """Accept a WebSocket at ``/ws…``, ``/stream…`` or ``/ws-api/v3``; refuse any other, and all while down."""
        if self.faults.refuses_streams():
            return None
        path, _, query = target.partition("?")
        path = unquote(path)
        if path == self.ws_api_path:
            return self.ws_api.open(push, closed, address)
        if path == "/stream":
            names = unquote(Parameters(query).text("streams"))
            return self.streams.open(_names(names), True, push, closed)
        if path == "/ws" or path.startswith("/ws/"):
            return self.streams.open(_names(path[len("/ws/") :]), False, push, closed)
        return None

    # ExchangeObserver

    def on_top(self, index: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int, cause: int) -> None:
        self.publisher.on_top(index, bid_ticks, bid_lots, ask_ticks, ask_lots, cause)

    def on_order(self, order: Order, execution: str, assets: tuple[str, ...], cause: int) -> None:
        self.publisher.on_order(order.index, cause)
        self.user_data.on_order(order, execution, cause)
        if assets:
            self.user_data.on_balance(order.account, assets, cause)

    def on_fill(self, trade: Trade, taker: Order | None, maker: Order | None, cause: int) -> None:
        self.publisher.on_fill(trade, cause)
        if taker is not None:
            self.user_data.on_fill(trade, taker, cause)
        if maker is not None:
            self.user_data.on_fill(trade, maker, cause)
            listing = self.exchange.listings[trade.index]
            self.user_data.on_balance(maker.account, (listing.base, listing.quote), cause)

    def on_balance(self, account: str, assets: tuple[str, ...], cause: int) -> None:
        self.user_data.on_balance(account, assets, cause)

    # Audit

    def note(self, what: str, detail: str, cause: int) -> int:
        """Record what has become of the venue, for readers of the journal."""
        return self._audit.record("venue", self.name, cause, what, detail)

    def _note_clock(self, offset_ns: int, drift_ppb: int, cause: int) -> None:
        self._audit.record("clock", self.name, cause, offset_ns, drift_ppb)

    def _admit(self, call: Call, route: Route, api_key: str, key: ApiKey | None, sent: _Sent, now_ns: int) -> None:
        """Check at the door whether the request may be served; otherwise note the refusal."""
        try:
            call.headers = self.limiter.spend(api_key if key is not None else "", route.weight(call.parameters), now_ns)
            if route.access is Access.PUBLIC:
                call.account = ""
            else:
                _check_key(route.access, api_key, key, sent)
            if route.is_order:
                call.headers += self.limiter.count_order(call.account, now_ns)
                call.is_order = True
            call.is_cancel = route.is_cancel
        except ApiError as error:
            if route.is_order:
                self._note_refused(call, error)
            elif route.is_cancel:
                self._note_uncancelled(call, error.message)
            call.serve = to_reply(error, call.headers)

    def _serve(self, call: Call) -> None:
        serve = call.serve
        if isinstance(serve, Reply):
            call.respond(serve, call.cause)
            return
        try:
            reply = Reply(200, _encode(serve(call)), call.headers)
        except ApiError as error:
            if call.is_order:
                self._note_refused(call, error)
            elif call.is_cancel:
                self._note_uncancelled(call, error.message)
            reply = to_reply(error, call.headers)
        except Rejected as rejected:
            if call.is_cancel:
                self._note_uncancelled(call, rejected.message)
            reply = to_reply(from_rejected(rejected), call.headers)
        call.respond(reply, call.cause)

    def _note_refused(self, call: Call, error: ApiError) -> None:
        """Record an order that is refused before the matching engine has seen it."""
        order = refused_order(self.pairs, call.parameters) if call.account else None
        if order is not None:
            self._audit.record("order", self.name, call.cause, call.account, *order, error.message)

    def _note_uncancelled(self, call: Call, message: str) -> None:
        """Record that an order is not cancelled, though its owner asked for it."""
        order = uncancelled_order(self.exchange, self.pairs, call.account, call.parameters) if call.account else None
        if order is not None:
            self._audit.record("order", self.name, call.cause, call.account, *order, message)


def _api_key(request: Request) -> str:
    """The key in the header, whose name may be written in any case; empty without one."""
    for name, value in request.headers:
        if name.lower() == _KEY_HEADER:
            return value
    return ""


def _check_key(access: Access, api_key: str, key: ApiKey | None, sent: _Sent) -> None:
    """Refuse a missing key, an unknown one, one without the permission, one that is used from elsewhere, and a request
    that is not signed with its secret."""
    if not api_key:
        raise no_key()
    if (
        key is None
        or (access is Access.TRADE and not key.can_trade)
        or (access is Access.MASTER and not key.is_master)
        or (access is Access.WITHDRAW and not key.can_withdraw)
        or not key.is_good_at(sent.address)
    ):
        raise unknown_key()
    if key.secret:
        check_request(key.secret, sent.query, sent.body)


class _Doorway:
    """An exchange seen from one address (``ports.Venue``)."""

    def __init__(self, api: ExchangeApi, address: str) -> None:
        self.name = api.name
        self._api = api
        self._address = address

    def handle(self, request: Request, respond: Callable[[Reply, int], None], cause: int) -> None:
        self._api.handle(request, respond, cause, self._address)

    def open_stream(self, target: str, push: Push, closed: Callable[[str], None]) -> Stream | None:
        return self._api.open_stream(target, push, closed, self._address)


def _names(text: str) -> list[str]:
    return [name for name in text.split("/") if name]


def _not_found(path: str, now_ms: int) -> Reply:
    return Reply(404, _encode(NotFound(now_ms, 404, "Not Found", "No message available", path)))
