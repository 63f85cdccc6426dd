"""Ports: what a simulated venue or strategy asks of the world it is plugged into.

A simulator owns no clock, no randomness, no file and no socket. Whoever assembles a run (the laboratory's
coordinator, a test, a live server) passes in objects of these shapes. All times are ``int``
nanoseconds since the Unix epoch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec


class Timer(Protocol):
    """One alarm that can be moved. It calls its callback at most once per arming."""

    def arm(self, at_ns: int) -> None:
        """Ring at ``at_ns`` (not before now); an earlier arming is forgotten."""

    def cancel(self) -> None:
        """Forget the arming, if any."""


class Clock(Protocol):
    """Virtual or real time, and the only way to have something happen later."""

    @property
    def now_ns(self) -> int: ...

    def call_at(self, at_ns: int, callback: Callable[[Any], None], argument: Any = None) -> None:
        """Call ``callback(argument)`` at ``at_ns``. Calls of the same time run in the order they were asked for."""

    def timer(self, callback: Callable[[], None]) -> Timer: ...


class Audit(Protocol):
    """The audit plane: the totally ordered record of what really happened."""

    def record(self, kind: str, source: str, cause: int, *body: Any) -> int:
        """Append a record and return its sequence number.

        ``kind`` and the order of ``body`` are those of ``docs/reference/journal.md``. ``cause`` is the sequence
        number of the record that brought this one about, or 0.
        """


class Request(msgspec.Struct, frozen=True, gc=False):
    """One HTTP request as it travels: ``target`` is the path with its query string."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """One HTTP reply as it travels."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Stream(Protocol):
    """The venue's end of one open WebSocket."""

    def receive(self, payload: bytes, cause: int) -> None:
        """Take a text frame that the client sent."""

    def close(self) -> None:
        """The client has gone."""


class Venue(Protocol):
    """A simulated counterparty with a production API."""

    name: str

    def handle(self, request: Request, respond: Callable[[Reply, int], None], cause: int) -> None:
        """Serve a request; call ``respond(reply, cause)`` once, now or later, or never if the venue is dead."""

    def open_stream(
        self, target: str, push: Callable[[bytes, int], None], closed: Callable[[str], None]
    ) -> Stream | None:
        """Accept a WebSocket at ``target`` (path and query), or refuse it with None.

        The venue sends frames with ``push(payload, cause)`` and hangs up with ``closed(reason)``.
        """


class ClientStream(Protocol):
    """The client's end of one open WebSocket."""

    def send(self, payload: bytes, cause: int = 0) -> None: ...

    def close(self) -> None: ...


class Wire(Protocol):
    """What a client of a venue holds: requests and streams that travel over a link, with its latency and faults."""

    def request(
        self, request: Request, on_reply: Callable[[Reply | None, int], None], timeout_ns: int, cause: int = 0
    ) -> None:
        """Send; ``on_reply(reply, cause)`` is called once, with None if ``timeout_ns`` passed first."""

    def open_stream(
        self, target: str, on_message: Callable[[bytes, int], None], on_closed: Callable[[str], None]
    ) -> ClientStream:
        """Connect a WebSocket; a refusal reaches ``on_closed``. A frame's ``cause`` is its record's number."""
