"""WebSocket API sessions at ``/ws-api/v3``: requests with an id, answered in the same connection; user data events."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from simulators.exchange.api.errors import ApiError, ErrorBody, missing, unknown_key
from simulators.exchange.api.frames import FrameQueue
from simulators.exchange.api.limits import RateLimiter
from simulators.exchange.api.routes import ApiKey
from simulators.exchange.api.signatures import check
from simulators.exchange.api.topic import Push
from simulators.exchange.api.trading_endpoints import check_window
from simulators.exchange.api.user_data import Subscription, UserData
from simulators.exchange.api.venue_clock import VenueClock

_NS_PER_MS = 1_000_000
_MOST_SUBSCRIPTIONS = 1_000
_WEIGHT = 2  # of every request served here


class _Parameters(msgspec.Struct, frozen=True, rename="camel"):
    api_key: str = ""
    subscription_id: int | None = None
    timestamp: int | None = None
    recv_window: int | None = None
    signature: str = ""

    def signed(self) -> str:
        """What the signature is of: the parameters sorted by name."""
        window = "" if self.recv_window is None else f"&recvWindow={self.recv_window}"
        return f"apiKey={self.api_key}{window}&timestamp={self.timestamp}"


class _Request(msgspec.Struct, frozen=True):
    method: str
    id: int | str | None = None
    params: _Parameters = _Parameters()


class _Answer(msgspec.Struct, frozen=True):
    id: int | str | None
    status: int
    result: object


class _Refusal(msgspec.Struct, frozen=True):
    id: int | str | None
    status: int
    error: ErrorBody


class _SubscriptionId(msgspec.Struct, frozen=True, rename="camel"):
    subscription_id: int


class _ServerTime(msgspec.Struct, frozen=True, rename="camel"):
    server_time: int


class _Nothing(msgspec.Struct, frozen=True):
    pass


class _Terminated(msgspec.Struct, frozen=True, rename={"event_ms": "E"}, tag_field="e", tag="eventStreamTerminated"):
    event_ms: int


class WsApi:
    """All WebSocket API sessions of a venue."""

    def __init__(
        self,
        keys: Mapping[str, ApiKey],
        user_data: UserData,
        limiter: RateLimiter,
        queue: FrameQueue,
        time: VenueClock,
    ) -> None:
        self.keys = keys
        self.user_data = user_data
        self.limiter = limiter
        self.queue = queue
        self.clock = queue.clock
        self.time = time
        self._sessions: dict[WsApiSession, None] = {}

    @property
    def is_connected(self) -> bool:
        """Whether any client is connected."""
        return bool(self._sessions)

    def open(self, push: Push, closed: Callable[[str], None], address: str) -> WsApiSession:
        session = WsApiSession(self, push, closed, address)
        self._sessions[session] = None
        return session

    def close_all(self, reason: str) -> None:
        """Hang up on every client."""
        for session in tuple(self._sessions):
            session.hang_up(reason)

    def forget(self, session: WsApiSession) -> None:
        self._sessions.pop(session, None)


class WsApiSession:
    """One client's session; the venue's end of it (``ports.Stream``)."""

    __slots__ = ("_address", "_api", "_closed", "_is_open", "_next_number", "_push", "_subscriptions")

    def __init__(self, api: WsApi, push: Push, closed: Callable[[str], None], address: str) -> None:
        self._api = api
        self._address = address
        self._push = push
        self._closed = closed
        self._is_open = True
        self._next_number = 0
        self._subscriptions: dict[int, Subscription] = {}

    def receive(self, payload: bytes, cause: int) -> None:
        """Take a request; it is served after the service time of streams."""
        if self._is_open:
            self._api.queue.serve_later(self._serve, payload, cause)

    def close(self) -> None:
        """The client has gone."""
        if not self._is_open:
            return
        self._is_open = False
        for subscription in self._subscriptions.values():
            self._api.user_data.unsubscribe(subscription)
        self._subscriptions.clear()
        self._api.forget(self)

    def hang_up(self, reason: str) -> None:
        """The venue ends the session."""
        if self._is_open:
            self.close()
            self._closed(reason)

    def _serve(self, frame: tuple[bytes, int]) -> None:
        if not self._is_open:
            return
        payload, cause = frame
        name: int | str | None = None
        try:
            try:
                request = msgspec.json.decode(payload, type=_Request)
            except msgspec.MsgspecError:
                raise ApiError(400, -1135, "Invalid JSON Request") from None
            name = request.id
            api_key = request.params.api_key
            self._api.limiter.spend(api_key if api_key in self._api.keys else "", _WEIGHT, self._api.clock.now_ns)
            answer: _Answer | _Refusal = _Answer(name, 200, self._answer(request, cause))
        except ApiError as error:
            answer = _Refusal(name, error.status, ErrorBody(error.code, error.message))
        self._push(msgspec.json.encode(answer), cause)

    def _answer(self, request: _Request, cause: int) -> object:
        if request.method == "userDataStream.subscribe.signature":
            return self._subscribe(request.params)
        if request.method == "userDataStream.unsubscribe":
            return self._unsubscribe(request.params.subscription_id, cause)
        if request.method == "session.subscriptions":
            return [_SubscriptionId(number) for number in self._subscriptions]
        if request.method == "ping":
            return _Nothing()
        if request.method == "time":
            return _ServerTime(self._api.time.now_ns // _NS_PER_MS)
        raise ApiError(400, -1020, "This operation is not supported.")

    def _subscribe(self, parameters: _Parameters) -> _SubscriptionId:
        if not parameters.api_key:
            raise missing("apiKey")
        key = self._api.keys.get(parameters.api_key)
        if key is None or not key.is_good_at(self._address):
            raise unknown_key()
        if key.secret:
            if parameters.timestamp is None:
                raise missing("timestamp")
            check(key.secret, parameters.signed(), parameters.signature)
            check_window(parameters.timestamp, parameters.recv_window, self._api.time.now_ns)
        if any(subscription.account == key.account for subscription in self._subscriptions.values()):
            raise ApiError(400, -2035, "User Data Stream subscription already active.")
        if len(self._subscriptions) >= _MOST_SUBSCRIPTIONS:
            raise ApiError(400, -2042, "Maximum subscription ID reached for this connection.")
        subscription = Subscription(self._next_number, key.account, self._push)
        self._next_number += 1
        self._subscriptions[subscription.number] = subscription
        self._api.user_data.subscribe(subscription)
        return _SubscriptionId(subscription.number)

    def _unsubscribe(self, number: int | None, cause: int) -> _Nothing:
        """End one subscription, or all if none is named."""
        if number is not None and number not in self._subscriptions:
            raise ApiError(400, -2036, "User Data Stream subscription not active.")
        for each in [number] if number is not None else list(self._subscriptions):
            subscription = self._subscriptions.pop(each)
            self._api.user_data.unsubscribe(subscription)
            event = _Terminated(self._api.time.now_ns // _NS_PER_MS)
            subscription.send(msgspec.json.encode(event), cause)
        return _Nothing()
