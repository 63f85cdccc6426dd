"""A guard around a strategy: whatever it raises, wherever it is called from, comes out here and nowhere else.

A strategy is only ever called by its clock and by its wires. Both are handed to it with a guard in between, so that an
exception of one strategy ends that strategy and not the run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulators.ports import ClientStream, Clock, Reply, Request, Timer, Wire

OnError = Callable[[Exception], None]


class GuardedClock:
    """A clock whose calls into the strategy may fail (``ports.Clock``)."""

    __slots__ = ("_clock", "_on_error")

    def __init__(self, clock: Clock, on_error: OnError) -> None:
        self._clock = clock
        self._on_error = on_error

    @property
    def now_ns(self) -> int:
        return self._clock.now_ns

    def call_at(self, at_ns: int, callback: Callable[[Any], None], argument: Any = None) -> None:
        on_error = self._on_error

        def call(argument: Any) -> None:
            try:
                callback(argument)
            except Exception as error:
                on_error(error)

        self._clock.call_at(at_ns, call, argument)

    def timer(self, callback: Callable[[], None]) -> Timer:
        on_error = self._on_error

        def ring() -> None:
            try:
                callback()
            except Exception as error:
                on_error(error)

        return self._clock.timer(ring)


class GuardedWire:
    """A wire whose calls into the strategy may fail (``ports.Wire``)."""

    __slots__ = ("_on_error", "_wire")

    def __init__(self, wire: Wire, on_error: OnError) -> None:
        self._wire = wire
        self._on_error = on_error

    def request(
        self, request: Request, on_reply: Callable[[Reply | None, int], None], timeout_ns: int, cause: int = 0
    ) -> None:
        on_error = self._on_error

        def replied(reply: Reply | None, reply_cause: int) -> None:
            try:
                on_reply(reply, reply_cause)
            except Exception as error:
                on_error(error)

        self._wire.request(request, replied, timeout_ns, cause)

    def open_stream(
        self, target: str, on_message: Callable[[bytes, int], None], on_closed: Callable[[str], None]
    ) -> ClientStream:
        on_error = self._on_error

        def heard(payload: bytes, cause: int) -> None:
            try:
                on_message(payload, cause)
            except Exception as error:
                on_error(error)

        def closed(reason: str) -> None:
            try:
                on_closed(reason)
            except Exception as error:
                on_error(error)

        return self._wire.open_stream(target, heard, closed)
