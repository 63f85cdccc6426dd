"""The gateway's production API: what a monitor may read of it, and what one with control may tell it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

import msgspec
import numpy as np

from simulators.gateway.commands import Commands
from simulators.gateway.core import Gateway
from simulators.gateway.payloads import (
    AccountRow,
    Command,
    Decision,
    ErrorBody,
    Gate,
    LimitsBody,
    Notice,
    StrategyRow,
    TimeBody,
    decode_client_frame,
    encode,
)
from simulators.log_normal import LogNormal
from simulators.ports import Clock, Reply, Request, Stream
from simulators.service_time import ServiceTimes

_NS_PER_MS = 1_000_000
_DEFAULT_SERVICE_TIMES = {"read": LogNormal(1.0, 0.3)}
_MOST_ROWS = 1_000
_MOST_STREAMS = 16

Push = Callable[[bytes, int], None]


class GatewayKey(msgspec.Struct, frozen=True):
    """What an API key of the gateway may do: read, and also decide and command."""

    can_control: bool = False


class GatewayApi:
    """REST and stream of a gateway, a ``ports.Venue``. ``keys`` maps API keys to what they may do."""

    def __init__(
        self, gateway: Gateway, keys: Mapping[str, GatewayKey], clock: Clock, rng: np.random.Generator
    ) -> None:
        self.name = gateway.name
        self._gateway = gateway
        self._keys = dict(keys)
        self._clock = clock
        self._service_times = ServiceTimes(_DEFAULT_SERVICE_TIMES, {}, rng)
        self._streams: dict[_GatewayStream, None] = {}
        self._commands = Commands(gateway, self._broadcast)
        gateway.broadcast = self._broadcast
        gateway.is_controlled = self._is_controlled

    def handle(self, request: Request, respond: Callable[[Reply, int], None], cause: int) -> None:
        """Serve a request after its service time."""
        now_ns = self._clock.now_ns
        served_ns = now_ns + self._service_times.service_ns("read", now_ns, request.target)
        self._clock.call_at(served_ns, lambda _: respond(self._answer(request), cause))

    def open_stream(self, target: str, push: Push, closed: Callable[[str], None]) -> Stream | None:
        """Accept ``/v1/stream?key=KEY`` of a known key."""
        url = urlsplit(target)
        key = self._keys.get(parse_qs(url.query).get("key", [""])[-1])
        if url.path != "/v1/stream" or key is None or len(self._streams) >= _MOST_STREAMS:
            return None
        stream = _GatewayStream(self, key.can_control, push)
        self._streams[stream] = None
        return stream

    def forget(self, stream: _GatewayStream) -> None:
        self._streams.pop(stream, None)

    def hear(self, payload: bytes, cause: int) -> None:
        """Take a frame of a client that has control; one that is none of the known is skipped."""
        try:
            frame = decode_client_frame.decode(payload)
        except msgspec.DecodeError:
            return
        match frame:
            case Gate(mode):
                self._gateway.require_gate(mode == "required")
            case Decision():
                self._gateway.decide(frame)
            case Command():
                self._commands.carry_out(frame, cause)

    def _is_controlled(self) -> bool:
        return any(stream.can_control for stream in self._streams)

    def _broadcast(self, notice: Notice, cause: int) -> None:
        if self._streams:
            payload = encode(notice)
            for stream in self._streams:
                stream.push(payload, cause)

    def _answer(self, request: Request) -> Reply:
        key = next((value for name, value in request.headers if name.lower() == "x-api-key"), "")
        if key not in self._keys:
            return Reply(401, encode(ErrorBody("unknown or missing key")))
        url = urlsplit(request.target)
        gateway = self._gateway
        body: object
        match request.method, url.path:
            case "GET", "/v1/time":
                body = TimeBody(self._clock.now_ns // _NS_PER_MS)
            case "GET", "/v1/strategies":
                body = [self._strategy(name) for name in gateway.runners]
            case "GET", "/v1/orders":
                query = parse_qs(url.query)
                after, limit = query.get("after", ["0"])[-1], query.get("limit", [str(_MOST_ROWS)])[-1]
                if not (after.isdecimal() and limit.isdecimal() and 1 <= int(limit) <= _MOST_ROWS):
                    return Reply(400, encode(ErrorBody(f"after: a number; limit: 1 to {_MOST_ROWS}")))
                body = gateway.log.orders_after(int(after), int(limit))
            case "GET", "/v1/withdrawals":
                body = list(gateway.log.withdrawals)
            case "GET", "/v1/policy/limits":
                body = LimitsBody(gateway.policy.text, gateway.policy.sha256)
            case "GET", "/v1/policy/log":
                body = gateway.policy.entries
            case _:
                return Reply(404, encode(ErrorBody(f"no {request.method} {url.path}")))
        return Reply(200, encode(body))

    def _strategy(self, name: str) -> StrategyRow:
        runner = self._gateway.runners[name]
        accounts = [AccountRow(venue, runner.account) for venue in runner.venues]
        return StrategyRow(name, runner.kind, runner.state, accounts, list(runner.pairs))


class _GatewayStream:
    """One client's stream; the gateway's end of it (``ports.Stream``)."""

    __slots__ = ("_api", "can_control", "push")

    def __init__(self, api: GatewayApi, can_control: bool, push: Push) -> None:
        self._api = api
        self.can_control = can_control
        self.push = push

    def receive(self, payload: bytes, cause: int) -> None:
        if self.can_control:
            self._api.hear(payload, cause)

    def close(self) -> None:
        self._api.forget(self)
