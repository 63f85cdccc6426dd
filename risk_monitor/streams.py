"""Streams: WebSockets that are kept open. One that breaks, never opens or falls wholly silent is connected anew, after
a back-off that doubles until a connection has held for a while."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from risk_monitor.agenda import Agenda, Job
from risk_monitor.alerts import Emit
from risk_monitor.config import Network
from risk_monitor.effects import CloseStream, OpenStream
from risk_monitor.telemetry import Telemetry

_NS_PER_MS = 1_000_000


class StreamUse(msgspec.Struct, frozen=True):
    """What a stream is for. ``opened`` may send frames; ``last_heard_ns`` is None where silence is normal;
    ``closed`` is told when an open one has ended."""

    venue: str
    account: str | None
    target: str
    opened: Callable[[int, int], None]
    heard: Callable[[int, bytes], None]
    last_heard_ns: Callable[[], int] | None = None
    closed: Callable[[int], None] | None = None


def say_nothing(now_ns: int, stream_id: int) -> None:
    """For ``opened``: the target of a market stream names what it shall carry."""


class Switchboard:
    """Which open stream id leads to which handler. Ids are never used again, so a message that was still on its way
    when its stream was dropped finds nobody."""

    def __init__(self) -> None:
        self.handlers: dict[int, Callable[[int, bytes], None]] = {}
        self.keepers: dict[int, StreamKeeper] = {}
        self._next_id = 1

    def take(self, keeper: StreamKeeper) -> int:
        stream_id = self._next_id
        self._next_id += 1
        self.keepers[stream_id] = keeper
        self.handlers[stream_id] = keeper.use.heard
        return stream_id

    def drop(self, stream_id: int) -> None:
        self.keepers.pop(stream_id, None)
        self.handlers.pop(stream_id, None)


class StreamKeeper:
    """One stream that should be open: closed → connecting → open, and back."""

    __slots__ = (
        "_agenda",
        "_board",
        "_emit",
        "_failures",
        "_job",
        "_network",
        "_opened_ns",
        "_stream_id",
        "_telemetry",
        "is_open",
        "use",
    )

    def __init__(
        self, use: StreamUse, board: Switchboard, network: Network, agenda: Agenda, emit: Emit, telemetry: Telemetry
    ) -> None:
        self.use = use
        self.is_open = False
        self._board = board
        self._network = network
        self._agenda = agenda
        self._emit = emit
        self._telemetry = telemetry
        self._failures = 0
        self._opened_ns = 0
        self._stream_id = 0
        self._job = Job(self._on_deadline)

    def connect(self, now_ns: int) -> None:
        self._stream_id = self._board.take(self)
        self._emit(OpenStream(self._stream_id, self.use.venue, self.use.account, self.use.target))
        self._agenda.arm(self._job, now_ns + self._network.connect_timeout_ms * _NS_PER_MS)

    def on_opened(self, now_ns: int) -> None:
        if self.is_open:
            return
        self.is_open = True
        self._opened_ns = now_ns
        self._agenda.cancel(self._job)
        if self.use.last_heard_ns is not None:
            self._agenda.arm(self._job, now_ns + self._network.stream_silence_ms * _NS_PER_MS)
        self.use.opened(now_ns, self._stream_id)

    def on_closed(self, now_ns: int) -> None:
        """The other end, or the network, has ended it."""
        self._board.drop(self._stream_id)
        self._retry_later(now_ns)

    def renew(self, now_ns: int) -> None:
        """Drop the connection and make a new one: what it carries cannot be trusted to be all."""
        if self._stream_id:
            self._emit(CloseStream(self._stream_id))
            self.on_closed(now_ns)

    def hasten(self, now_ns: int) -> None:
        """The venue answers again: connect now rather than after the back-off."""
        if not self._stream_id and self._job.due_ns > now_ns:
            self._agenda.arm(self._job, now_ns)

    def _on_deadline(self, now_ns: int) -> None:
        if not self._stream_id:
            self._telemetry.reconnects += 1
            self.connect(now_ns)
            return
        if self.is_open and self.use.last_heard_ns is not None:
            silence_ns = self._network.stream_silence_ms * _NS_PER_MS
            heard_ns = max(self.use.last_heard_ns(), self._opened_ns)
            if now_ns < heard_ns + silence_ns:
                self._agenda.arm(self._job, heard_ns + silence_ns)
                return
        self.renew(now_ns)

    def _retry_later(self, now_ns: int) -> None:
        held = self.is_open and now_ns - self._opened_ns >= self._network.stream_settled_ms * _NS_PER_MS
        self._failures = 1 if held else self._failures + 1
        was_open = self.is_open
        self.is_open = False
        self._stream_id = 0
        backoff_ms = min(self._network.backoff_ms << min(self._failures - 1, 16), self._network.backoff_limit_ms)
        self._agenda.arm(self._job, now_ns + backoff_ms * _NS_PER_MS)
        if was_open and self.use.closed is not None:
            self.use.closed(now_ns)
