"""Market streams: the WebSocket connections at ``/ws`` and ``/stream``, and the topics they subscribe to.

A connection gets raw payloads (``/ws``) or payloads wrapped with their topic's name (``/stream``, "combined"). A name
that is no topic of this venue is accepted and stays silent, as at Binance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from simulators.exchange.api.frames import FrameQueue
from simulators.exchange.api.topic import Push, Topic

_SECOND_NS = 10**9
_MOST_STREAMS = 1_024  # a connection's, as Binance limits them
_MOST_FRAMES_PER_SECOND = 5


class ControlFrame(msgspec.Struct, frozen=True):
    """What a client sends on a market stream."""

    method: str
    id: int | str | None = None
    params: list[str | bool] = []


class _Result(msgspec.Struct, frozen=True):
    result: list[str] | bool | None
    id: int | str | None


class _Fault(msgspec.Struct, frozen=True):
    code: int
    msg: str


class _Refusal(msgspec.Struct, frozen=True):
    error: _Fault
    id: int | str | None = None


_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


class MarketStreams:
    """All market stream connections of a venue, and its topics."""

    def __init__(self, topics: Iterable[Topic], queue: FrameQueue) -> None:
        self.queue = queue
        self._topics = {topic.name: topic for topic in topics}
        self._connections: dict[MarketConnection, None] = {}

    def topic(self, name: str) -> Topic | None:
        return self._topics.get(name)

    def topics(self) -> tuple[Topic, ...]:
        """Every topic, in the order of the venue's listings."""
        return tuple(self._topics.values())

    @property
    def is_connected(self) -> bool:
        """Whether any client is connected."""
        return bool(self._connections)

    def open(
        self, names: list[str], is_combined: bool, push: Push, closed: Callable[[str], None]
    ) -> MarketConnection | None:
        """Connect a client with its first subscriptions; None if it asks for too many."""
        if len(names) > _MOST_STREAMS:
            return None
        connection = MarketConnection(self, is_combined, push, closed)
        self._connections[connection] = None
        connection.subscribe(names)
        return connection

    def close_all(self, reason: str) -> None:
        """Hang up on every client."""
        for connection in tuple(self._connections):
            connection.hang_up(reason)

    def forget(self, connection: MarketConnection) -> None:
        self._connections.pop(connection, None)


class MarketConnection:
    """One client's market stream; the venue's end of it (``ports.Stream``)."""

    __slots__ = ("_closed", "_frames", "_is_open", "_names", "_second", "_streams", "is_combined", "push")

    def __init__(self, streams: MarketStreams, is_combined: bool, push: Push, closed: Callable[[str], None]) -> None:
        self._streams = streams
        self._closed = closed
        self._names: dict[str, None] = {}
        self._is_open = True
        self._second = -1
        self._frames = 0
        self.is_combined = is_combined
        self.push = push

    def receive(self, payload: bytes, cause: int) -> None:
        """Take a control frame. More than five in a second end the connection, as at Binance."""
        if not self._is_open:
            return
        queue = self._streams.queue
        second = queue.clock.now_ns // _SECOND_NS
        if second != self._second:
            self._second = second
            self._frames = 0
        self._frames += 1
        if self._frames > _MOST_FRAMES_PER_SECOND:
            self.hang_up("1008 Too many requests")
            return
        queue.serve_later(self.serve, payload, cause)

    def close(self) -> None:
        """The client has gone."""
        if not self._is_open:
            return
        self._is_open = False
        self.unsubscribe(list(self._names))
        self._streams.forget(self)

    def hang_up(self, reason: str) -> None:
        """The venue ends the connection."""
        if self._is_open:
            self.close()
            self._closed(reason)

    def subscribe(self, names: Iterable[str]) -> None:
        for name in names:
            if name and name not in self._names:
                self._names[name] = None
                topic = self._streams.topic(name)
                if topic is not None:
                    topic.join(self)

    def unsubscribe(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._names:
                del self._names[name]
                topic = self._streams.topic(name)
                if topic is not None:
                    topic.leave(self)

    def serve(self, frame: tuple[bytes, int]) -> None:
        """Do what a control frame asks, and answer it."""
        if self._is_open:
            payload, cause = frame
            self.push(msgspec.json.encode(self._answer(payload)), cause)

    def _answer(self, payload: bytes) -> _Result | _Refusal:
        try:
            request = msgspec.json.decode(payload, type=ControlFrame)
        except msgspec.ValidationError as error:
            return _Refusal(_Fault(2, f"Invalid request: {error}"))
        except msgspec.DecodeError as error:
            return _Refusal(_Fault(3, f"Invalid JSON: {error}"))
        if request.method in ("SUBSCRIBE", "UNSUBSCRIBE"):
            names = [name for name in request.params if isinstance(name, str)]
            if len(names) < len(request.params) or not names:
                return _Refusal(_Fault(2, "Invalid request: params must be a list of stream names"), request.id)
            if request.method == "UNSUBSCRIBE":
                self.unsubscribe(names)
            elif len(self._names.keys() | set(names)) > _MOST_STREAMS:
                return _Refusal(_Fault(2, f"Invalid request: more than {_MOST_STREAMS} streams"), request.id)
            else:
                self.subscribe(names)
            return _Result(None, request.id)
        if request.method == "LIST_SUBSCRIPTIONS":
            return _Result(list(self._names), request.id)
        if request.method in ("SET_PROPERTY", "GET_PROPERTY"):
            return self._property(request)
        expected = ", ".join(f"`{method}`" for method in _METHODS)
        message = f"Invalid request: unknown variant `{request.method}`, expected one of {expected}"
        return _Refusal(_Fault(2, message), request.id)

    def _property(self, request: ControlFrame) -> _Result | _Refusal:
        """The only property is ``combined``."""
        if not request.params or request.params[0] != "combined":
            return _Refusal(_Fault(0, "Unknown property"), request.id)
        if request.method == "GET_PROPERTY":
            return _Result(self.is_combined, request.id)
        value = request.params[1] if len(request.params) > 1 else None
        if not isinstance(value, bool):
            return _Refusal(_Fault(1, "Invalid value type: expected Boolean"), request.id)
        self.is_combined = value
        for name in self._names:
            topic = self._streams.topic(name)
            if topic is not None:
                topic.refresh()
        return _Result(None, request.id)
