"""A stream that comes back: reconnects with back-off when the venue hangs up, and when it falls silent."""

from __future__ import annotations

from collections.abc import Callable

from simulators.ports import ClientStream, Clock, Wire
from simulators.strategies.rest import SECOND_NS

_LONGEST_WAIT_NS = 60 * SECOND_NS


class Feed:
    """One WebSocket that is kept open from ``open`` until ``close``.

    Whoever handles its frames sets ``last_ns`` on each, so that silence can be told; that is done by the handler
    because a wrapper around every frame would cost as much as decoding it.
    """

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        target: str,
        on_message: Callable[[bytes, int], None],
        greeting: Callable[[], bytes] | None = None,
    ) -> None:
        self._wire = wire
        self._clock = clock
        self._target = target
        self._on_message = on_message
        self._greeting = greeting
        self._stream: ClientStream | None = None
        self._generation = 0
        self._failures = 0
        self._is_wanted = False
        self.last_ns = 0

    def open(self) -> None:
        self._is_wanted = True
        self._connect(self._generation)

    def close(self) -> None:
        """Hang up for good."""
        self._is_wanted = False
        self._hang_up()

    def reconnect(self) -> None:
        """Give up on this connection and try another, with back-off."""
        if self._is_wanted:
            self._hang_up()
            self._try_later()

    def confirm(self) -> None:
        """The connection works: the next failure is the first again."""
        self._failures = 0

    def watch(self, silence_limit_ns: int) -> None:
        """Reconnect if nothing has come for ``silence_limit_ns``."""
        if self._stream is not None and self._clock.now_ns - self.last_ns > silence_limit_ns:
            self.reconnect()

    def _hang_up(self) -> None:
        self._generation += 1
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _connect(self, generation: int) -> None:
        if not self._is_wanted or generation != self._generation:
            return
        self._generation += 1
        current = self._generation
        self.last_ns = self._clock.now_ns
        stream = self._wire.open_stream(self._target, self._on_message, lambda _: self._closed(current))
        if current != self._generation:
            return  # refused before we held it
        self._stream = stream
        if self._greeting is not None:
            stream.send(self._greeting())

    def _closed(self, generation: int) -> None:
        if generation == self._generation and self._is_wanted:
            self._stream = None
            self._generation += 1
            self._try_later()

    def _try_later(self) -> None:
        wait_ns = min(SECOND_NS << min(self._failures, 6), _LONGEST_WAIT_NS)
        self._failures += 1
        self._clock.call_at(self._clock.now_ns + wait_ns, self._connect, self._generation)
