"""A link carries bytes between one client and one venue, with a latency of its own.

It is the only way from a client to a venue. Every request, reply and frame that enters it is recorded on the wire
plane of the journal, with the moment it arrives. Requests travel independently of each other; frames of one stream
arrive in the order in which they were sent, as TCP would have it.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any

import numpy as np
from simpy.events import NORMAL

from lab.journal.writer import JournalWriter
from lab.kernel import Kernel
from lab.scenario.firm import LinkLatency
from simulators.ports import ClientStream, Reply, Request, Stream, Venue

_POOL = 4_093  # prime, so that departures at regular intervals go through all of it
_NS_PER_US = 1_000


class Delays:
    """Travel times in whole microseconds, drawn once and picked by the moment of departure.

    A message that leaves at the same moment in a run and in its control thus takes equally long in both, whatever else
    has been sent. Rounding hides the last bit in which the exponential functions of two processors may differ.
    """

    __slots__ = ("pool_ns",)

    def __init__(self, latency: LinkLatency, generator: np.random.Generator) -> None:
        normal = generator.standard_normal(_POOL)
        delay_us = (latency.floor_ms + latency.median_ms * np.exp(latency.sigma * normal)) * 1_000.0
        self.pool_ns: list[int] = (np.rint(delay_us).astype(np.int64) * _NS_PER_US).tolist()

    def at(self, now_ns: int) -> int:
        """Travel time of a message that leaves now, ns."""
        return self.pool_ns[now_ns % _POOL]


class Link:
    """One client's way to one venue; satisfies ``simulators.ports.Wire``."""

    def __init__(
        self,
        client: str,
        venue: Venue,
        kernel: Kernel,
        journal: JournalWriter,
        latency: LinkLatency,
        generator: np.random.Generator,
    ) -> None:
        self.name = f"{client}>{venue.name}"
        self.messages = 0
        self._venue = venue
        self._kernel = kernel
        self._journal = journal
        self._delays = Delays(latency, generator)
        self._requests = 0
        self._streams = 0

    def request(
        self, request: Request, on_reply: Callable[[Reply | None, int], None], timeout_ns: int = 0, cause: int = 0
    ) -> None:
        """Send a request; ``on_reply(reply, cause)`` is called once, with None if ``timeout_ns`` (0: never) passed."""
        self._requests += 1
        _Exchange(self, self._requests, request, on_reply, timeout_ns, cause)

    def open_stream(
        self,
        target: str,
        on_message: Callable[[bytes, int], None],
        on_closed: Callable[[str], None],
        on_open: Callable[[], None] | None = None,
    ) -> ClientStream:
        """Connect a WebSocket; acceptance or refusal reaches ``on_open`` or ``on_closed`` one round trip later."""
        self._streams += 1
        return _LinkStream(self, self._streams, target, on_message, on_closed, on_open)


class _Exchange:
    """One request on its way there, its reply on its way back."""

    __slots__ = ("_done", "_link", "_number", "_on_reply", "_request")

    def __init__(
        self,
        link: Link,
        number: int,
        request: Request,
        on_reply: Callable[[Reply | None, int], None],
        timeout_ns: int,
        cause: int,
    ) -> None:
        self._link = link
        self._number = number
        self._request = request
        self._on_reply = on_reply
        self._done = False
        kernel = link._kernel
        arrives_ns = kernel.now_ns + link._delays.at(kernel.now_ns)
        link.messages += 1
        record = link._journal.record_wire(
            "request", link.name, cause, number, request.method, request.target, request.body, arrives_ns
        )
        kernel.call_at(arrives_ns, self._arrive, record)
        if timeout_ns:
            kernel.call_at(kernel.now_ns + timeout_ns, self._give_up)

    def _arrive(self, record: int) -> None:
        self._link._venue.handle(self._request, self._respond, record)

    def _respond(self, reply: Reply, cause: int) -> None:
        link = self._link
        now_ns = link._kernel.now_ns
        arrives_ns = now_ns + link._delays.at(now_ns)
        link.messages += 1
        record = link._journal.record_wire(
            "reply", link.name, cause, self._number, reply.status, reply.body, arrives_ns
        )
        link._kernel.message_at(arrives_ns, self._deliver, reply, record)

    def _deliver(self, reply: Reply, record: int) -> None:
        if not self._done:
            self._done = True
            self._on_reply(reply, record)

    def _give_up(self, _: Any) -> None:
        if not self._done:
            self._done = True
            self._on_reply(None, 0)


class _LinkStream:
    """One WebSocket: the client holds this end, the venue the one it returned."""

    __slots__ = (
        "_append",
        "_call_at",
        "_client_gone",
        "_delay_at",
        "_inbound_ns",
        "_journal",
        "_kernel",
        "_link",
        "_number",
        "_numbers",
        "_on_closed",
        "_on_message",
        "_on_open",
        "_outbound_ns",
        "_pool_ns",
        "_queue",
        "_receiver",
        "_record",
        "_remote",
        "_source",
        "_target",
    )

    def __init__(
        self,
        link: Link,
        number: int,
        target: str,
        on_message: Callable[[bytes, int], None],
        on_closed: Callable[[str], None],
        on_open: Callable[[], None] | None,
    ) -> None:
        self._link = link
        self._number = number
        self._target = target
        self._on_open = on_open
        self._on_message = on_message
        self._on_closed = on_closed
        self._call_at = link._kernel.call_at
        self._delay_at = link._delays.at
        self._record = link._journal.record_wire
        self._kernel = link._kernel
        self._queue = link._kernel.queue
        self._numbers = link._kernel.numbers
        self._pool_ns = link._delays.pool_ns
        self._journal = link._journal
        self._append = link._journal.wire.append
        self._source = link.name
        self._receiver = self._deliver
        self._remote: Stream | None = None
        self._client_gone = False
        self._inbound_ns = 0
        self._outbound_ns = 0
        self._outbound(self._connect, None)

    def send(self, payload: bytes, cause: int = 0) -> None:
        """Send a text frame to the venue."""
        arrives_ns = self._outbound_arrival_ns()
        self._link.messages += 1
        record = self._record("frame", self._link.name, cause, self._number, payload, arrives_ns)
        self._link._kernel.message_at(arrives_ns, self._hand_over, payload, record)

    def close(self) -> None:
        """Hang up; what is still on its way to the client is dropped."""
        if not self._client_gone:
            self._client_gone = True
            self._outbound(self._disconnect, None)

    def _outbound_arrival_ns(self) -> int:
        now_ns = self._link._kernel.now_ns
        arrives_ns = max(now_ns + self._delay_at(now_ns), self._outbound_ns)
        self._outbound_ns = arrives_ns
        return arrives_ns

    def _outbound(self, callback: Callable[[Any], None], argument: Any) -> None:
        self._call_at(self._outbound_arrival_ns(), callback, argument)

    def _connect(self, _: Any) -> None:
        remote = self._link._venue.open_stream(self._target, self._push, self._closed_by_venue)
        if remote is None:
            self._record("stream", self._link.name, 0, self._number, "refused", self._target)
            self._inbound(self._report_closed, "refused")
            return
        self._remote = remote
        self._record("stream", self._link.name, 0, self._number, "open", self._target)
        self._inbound(self._report_open, None)

    def _hand_over(self, payload: bytes, record: int) -> None:
        if self._remote is not None:
            self._remote.receive(payload, record)

    def _disconnect(self, _: Any) -> None:
        if self._remote is not None:
            self._remote.close()
            self._remote = None
        self._record("stream", self._link.name, 0, self._number, "closed", self._target)

    def _push(self, payload: bytes, cause: int) -> None:
        """Take a frame from the venue. Nine of ten messages of a run pass here, so that what others get done by a
        call is done on the spot: drawing the delay, recording, and queueing the delivery."""
        now_ns = self._kernel.now_ns
        arrives_ns = now_ns + self._pool_ns[now_ns % _POOL]
        if arrives_ns < self._inbound_ns:
            arrives_ns = self._inbound_ns
        else:
            self._inbound_ns = arrives_ns
        self._link.messages += 1
        journal = self._journal
        journal.records = record = journal.records + 1
        self._append(("push", record, now_ns, self._source, cause, self._number, payload, arrives_ns))
        if record >= journal.flush_at:
            journal.flush()
        heappush(self._queue, (arrives_ns, NORMAL, next(self._numbers), self._receiver, payload, record))

    def _deliver(self, payload: bytes, record: int) -> None:
        if not self._client_gone:
            self._on_message(payload, record)

    def _closed_by_venue(self, reason: str) -> None:
        self._remote = None
        self._record("stream", self._link.name, 0, self._number, "closed", self._target)
        self._inbound(self._report_closed, reason)

    def _inbound(self, callback: Callable[[Any], None], argument: Any) -> None:
        now_ns = self._link._kernel.now_ns
        arrives_ns = max(now_ns + self._delay_at(now_ns), self._inbound_ns)
        self._inbound_ns = arrives_ns
        self._call_at(arrives_ns, callback, argument)

    def _report_open(self, _: Any) -> None:
        if self._on_open is not None and not self._client_gone:
            self._on_open()

    def _report_closed(self, reason: str) -> None:
        if not self._client_gone:
            self._client_gone = True
            self._on_closed(reason)
