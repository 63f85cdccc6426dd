"""One WebSocket on a link: the client holds this end, the venue the one it returned."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import TYPE_CHECKING, Any

from simpy.events import NORMAL

from lab.wire.parcel import Direction, Parcel, carry
from simulators.ports import Stream

if TYPE_CHECKING:
    from lab.laboratory.link import Link

POOL = 4_093  # travel times drawn per link; prime, so that departures at regular intervals go through all of it

_WITH_CARE_NS = 2**63 - 1
"""Stands for the time until which the line to the client is taken, while each frame needs a closer look. No frame's own
time is beyond it, so that the look costs nothing while there is no need for it."""


class LinkStream:
    """A stream from its opening until both ends know that it is over; satisfies ``simulators.ports.ClientStream``."""

    __slots__ = (
        "_append",
        "_client_gone",
        "_inbound_ns",
        "_journal",
        "_kernel",
        "_line_ns",
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
        "_remote",
        "_source",
        "_stalled",
        "_target",
        "_venue_done",
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
        self._kernel = link.kernel
        self._queue = link.kernel.queue
        self._numbers = link.kernel.numbers
        self._pool_ns = link.delays.pool_ns
        self._journal = link.journal
        self._append = link.journal.wire.append
        self._source = link.name
        self._receiver = self._deliver
        self._remote: Stream | None = None
        self._client_gone = False
        self._venue_done = False
        self._stalled: tuple[Direction, ...] = ()
        self._line_ns = 0
        self._outbound_ns = 0
        self._inbound_ns = _WITH_CARE_NS if link.harms else 0

    def connect(self) -> None:
        """Ask the venue for the stream."""
        self._outbound(self._connect, None)

    def send(self, payload: bytes, cause: int = 0) -> None:
        """Send a text frame to the venue."""
        link = self._link
        link.messages += 1
        if link.harms or self._stalled:
            self._carry("frame", "to_venue", payload, cause, self._hand_over)
            return
        arrives_ns = self._outbound_arrival_ns()
        record = self._journal.record_wire("frame", self._source, cause, self._number, payload, arrives_ns)
        self._kernel.message_at(arrives_ns, self._hand_over, payload, record)

    def close(self) -> None:
        """Hang up; what is still on its way to the client is dropped."""
        if not self._client_gone:
            self._note("left")
            self._leave()
            self._outbound(self._disconnect, None)

    def listen(self, on_message: Callable[[bytes, int], None]) -> None:
        """Have frames told to ``on_message`` from now on."""
        self._on_message = on_message

    def stall(self, direction: Direction) -> None:
        """Something sent in this direction is lost, so nothing after it ever comes through."""
        if direction not in self._stalled:
            self._stalled = (*self._stalled, direction)
            self.heed()

    def is_stalled(self, direction: Direction) -> bool:
        """Whether nothing comes through in this direction any more."""
        return direction in self._stalled

    @property
    def is_dead(self) -> bool:
        """Whether it looks open and is not."""
        return bool(self._stalled)

    def break_off(self, at_ns: int) -> None:
        """Stall both directions now and reset at ``at_ns``."""
        self.stall("to_venue")
        self.stall("to_client")
        self._kernel.call_at(at_ns, lambda _: self.reset())

    def reset(self) -> None:
        """Break the connection: both ends learn of it now."""
        if self._venue_done and self._client_gone:
            return
        self._note("reset")
        remote, self._remote = self._remote, None
        self._venue_done = True
        if remote is not None:
            remote.close()
        if self._client_gone:
            self._link.forget_stream(self._number)
        else:
            self._leave()
            self._on_closed("reset")

    def heed(self) -> None:
        """Find out whether frames to the client need a closer look."""
        if self._link.harms or self._stalled or self._client_gone:
            if self._inbound_ns != _WITH_CARE_NS:
                self._line_ns = self._inbound_ns
                self._inbound_ns = _WITH_CARE_NS
        elif self._inbound_ns == _WITH_CARE_NS:
            self._inbound_ns = self._line_ns

    def _leave(self) -> None:
        """The client hears nothing any more."""
        self._client_gone = True
        self.heed()
        if self._venue_done:
            self._link.forget_stream(self._number)

    def _end_at_venue(self, event: str) -> None:
        self._remote = None
        self._venue_done = True
        self._note(event)
        if self._client_gone:
            self._link.forget_stream(self._number)

    def _note(self, event: str) -> None:
        self._journal.record_wire("stream", self._source, 0, self._number, event, self._target)

    def _outbound_arrival_ns(self) -> int:
        now_ns = self._kernel.now_ns
        arrives_ns = max(now_ns + self._pool_ns[now_ns % POOL], self._outbound_ns)
        self._outbound_ns = arrives_ns
        return arrives_ns

    def _outbound(self, callback: Callable[[Any], None], argument: Any) -> None:
        if self._link.harms or self._stalled:
            for parcel in self._parcels("to_venue", b""):
                self._kernel.call_at(self._arrival_ns(parcel), callback, argument)
        else:
            self._kernel.call_at(self._outbound_arrival_ns(), callback, argument)

    def _connect(self, _: Any) -> None:
        if self._venue_done:
            return  # reset while it was on its way
        remote = self._link.venue.open_stream(self._target, self._push, self._closed_by_venue)
        if remote is None:
            self._end_at_venue("refused")
            self._inbound(self._report_closed, "refused")
            return
        self._remote = remote
        self._note("open")
        self._inbound(self._report_open, None)

    def _hand_over(self, payload: bytes, record: int) -> None:
        if self._remote is not None:
            self._remote.receive(payload, record)

    def _disconnect(self, _: Any) -> None:
        if self._venue_done:
            return
        remote = self._remote
        self._end_at_venue("closed")
        if remote is not None:
            remote.close()

    def _push(self, payload: bytes, cause: int) -> None:
        """Take a frame from the venue. Nine of ten messages of a run pass here, so that what others get done by a
        call is done on the spot: drawing the delay, recording, and queueing the delivery."""
        now_ns = self._kernel.now_ns
        arrives_ns = now_ns + self._pool_ns[now_ns % POOL]
        if arrives_ns < self._inbound_ns:
            arrives_ns = self._inbound_ns
            if arrives_ns == _WITH_CARE_NS:
                self._link.messages += 1
                self._carry("push", "to_client", payload, cause, self._receiver)
                return
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
        if not self._venue_done:
            self._end_at_venue("closed")
            self._inbound(self._report_closed, reason)

    def _inbound(self, callback: Callable[[Any], None], argument: Any) -> None:
        if self._inbound_ns == _WITH_CARE_NS:
            for parcel in self._parcels("to_client", b""):
                self._kernel.call_at(self._arrival_ns(parcel), callback, argument)
            return
        now_ns = self._kernel.now_ns
        arrives_ns = max(now_ns + self._pool_ns[now_ns % POOL], self._inbound_ns)
        self._inbound_ns = arrives_ns
        self._kernel.call_at(arrives_ns, callback, argument)

    def _report_open(self, _: Any) -> None:
        if self._on_open is not None and not self._client_gone:
            self._on_open()

    def _report_closed(self, reason: str) -> None:
        if not self._client_gone:
            self._leave()
            self._on_closed(reason)

    def _carry(
        self, kind: str, direction: Direction, payload: bytes, cause: int, receiver: Callable[[bytes, int], None]
    ) -> None:
        """Take a frame onto a link that is harmed, or a stream that is dead."""
        record_wire, name, number = self._journal.record_wire, self._source, self._number
        parcels = () if kind == "push" and self._client_gone else self._parcels(direction, payload)
        if len(parcels) == 1 and parcels[0].body == payload:
            arrives_ns = self._arrival_ns(parcels[0])
            record = record_wire(kind, name, cause, number, payload, arrives_ns)
            self._kernel.message_at(arrives_ns, receiver, payload, record)
            return
        record = record_wire(kind, name, cause, number, payload, 0)
        for parcel in parcels:
            arrives_ns = self._arrival_ns(parcel)
            arrival = record_wire("arrival", name, record, record, kind, number, 0, parcel.body, arrives_ns)
            self._kernel.message_at(arrives_ns, receiver, parcel.body, arrival)

    def _parcels(self, direction: Direction, body: bytes) -> tuple[Parcel, ...]:
        """What is left of a parcel that enters now."""
        now_ns = self._kernel.now_ns
        parcel = Parcel(direction, "streams", body, self._pool_ns[now_ns % POOL], self)
        parcels = carry(self._link.harms, self._source, now_ns, parcel)
        return () if direction in self._stalled else parcels

    def _arrival_ns(self, parcel: Parcel) -> int:
        arrives_ns = self._kernel.now_ns + parcel.delay_ns
        if not parcel.in_line:
            return arrives_ns
        if parcel.direction == "to_venue":
            self._outbound_ns = arrives_ns = max(arrives_ns, self._outbound_ns)
        else:
            self._line_ns = arrives_ns = max(arrives_ns, self._line_ns)
        return arrives_ns
