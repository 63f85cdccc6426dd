"""A link carries bytes between one client and one venue, with a latency of its own.

It is the only way from a client to a venue. Every request, reply and frame that enters it is recorded on the wire
plane of the journal, with the moment it arrives. Requests travel independently of each other; frames of one stream
arrive in the order in which they were sent, as TCP would have it. Faults of the wire act here (``lab.wire``); a link
without one pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from lab.journal.writer import JournalWriter
from lab.laboratory.kernel import Kernel
from lab.laboratory.link_stream import POOL, LinkStream
from lab.scenario.firm import LinkLatency
from lab.wire.parcel import Harm, Parcel, carry
from simulators.ports import Reply, Request, Venue

_NS_PER_US = 1_000
_KEY_HEADERS = ("X-MBX-APIKEY", "X-API-Key")
_MOST_IN_FLIGHT = 4_096
"""Requests without a reply that a break of the connection can still reach; of more, the oldest are forgotten."""


class Delays:
    """Travel times in whole microseconds, drawn once and picked by the moment of departure.

    A message that leaves at the same moment in a run and in its control thus takes equally long in both, whatever else
    has been sent. Rounding hides the last bit in which the exponential functions of two processors may differ.
    """

    __slots__ = ("pool_ns",)

    def __init__(self, latency: LinkLatency, generator: np.random.Generator) -> None:
        normal = generator.standard_normal(POOL)
        delay_us = (latency.floor_ms + latency.median_ms * np.exp(latency.sigma * normal)) * 1_000.0
        self.pool_ns: list[int] = (np.rint(delay_us).astype(np.int64) * _NS_PER_US).tolist()

    def at(self, now_ns: int) -> int:
        """Travel time of a message that leaves now, ns."""
        return self.pool_ns[now_ns % POOL]


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
        self.client = client
        self.venue = venue
        self.name = f"{client}>{venue.name}"
        self.messages = 0
        self.harms: tuple[Harm, ...] = ()
        self.kernel = kernel
        self.journal = journal
        self.delays = Delays(latency, generator)
        self._requests = 0
        self._streams = 0
        self._in_flight: dict[int, _Exchange] = {}
        self._open: dict[int, LinkStream] = {}

    def request(
        self, request: Request, on_reply: Callable[[Reply | None, int], None], timeout_ns: int = 0, cause: int = 0
    ) -> None:
        """Send a request; ``on_reply(reply, cause)`` is called once, with None if ``timeout_ns`` (0: never) passed or
        the connection broke."""
        self._requests += 1
        exchange = _Exchange(self, self._requests, request, on_reply)
        self._in_flight[self._requests] = exchange
        if len(self._in_flight) > _MOST_IN_FLIGHT:
            del self._in_flight[next(iter(self._in_flight))]
        exchange.depart(timeout_ns, cause)

    def open_stream(
        self,
        target: str,
        on_message: Callable[[bytes, int], None],
        on_closed: Callable[[str], None],
        on_open: Callable[[], None] | None = None,
    ) -> LinkStream:
        """Connect a WebSocket; acceptance or refusal reaches ``on_open`` or ``on_closed`` one round trip later."""
        self._streams += 1
        stream = self._open[self._streams] = LinkStream(self, self._streams, target, on_message, on_closed, on_open)
        stream.connect()
        return stream

    def streams(self) -> tuple[LinkStream, ...]:
        """Streams that at least one end holds for open, oldest first."""
        return tuple(self._open.values())

    def harm(self, harm: Harm) -> None:
        """Let every message from now on go through ``harm`` too, after those that are in force already."""
        self.harms = (*self.harms, harm)
        for stream in self.streams():
            stream.heed()

    def heal(self, harm: Harm) -> None:
        """Take ``harm`` away. Connections that it has made dead are found out, unless another harm hides them still."""
        self.harms = tuple(other for other in self.harms if other is not harm)
        is_found_out = harm.cuts and not any(other.cuts for other in self.harms)
        for stream in self.streams():
            if is_found_out and stream.is_dead:
                stream.reset()
            else:
                stream.heed()

    def break_requests(self, reason: str, *, is_told: bool = True) -> int:
        """End every request in flight without a reply; how many there were. ``is_told``: the client learns of it."""
        broken = tuple(self._in_flight.values())
        for exchange in broken:
            exchange.snap(reason, is_told)
        return len(broken)

    def forget_request(self, number: int) -> None:
        """A request has had its outcome."""
        self._in_flight.pop(number, None)

    def forget_stream(self, number: int) -> None:
        """Both ends of a stream know that it is over."""
        self._open.pop(number, None)


class _Exchange:
    """One request on its way there, its reply on its way back."""

    __slots__ = ("_done", "_is_broken", "_link", "_number", "_on_reply", "_request")

    def __init__(
        self, link: Link, number: int, request: Request, on_reply: Callable[[Reply | None, int], None]
    ) -> None:
        self._link = link
        self._number = number
        self._request = request
        self._on_reply = on_reply
        self._done = False
        self._is_broken = False

    def depart(self, timeout_ns: int, cause: int) -> None:
        link, request = self._link, self._request
        kernel = link.kernel
        now_ns = kernel.now_ns
        link.messages += 1
        if link.harms:
            self._depart_carefully(now_ns, cause)
        else:
            arrives_ns = now_ns + link.delays.at(now_ns)
            kernel.message_at(arrives_ns, self._arrive, request, self._record_request(arrives_ns, cause))
        if timeout_ns:
            kernel.call_at(now_ns + timeout_ns, self._give_up)

    def snap(self, reason: str, is_told: bool) -> None:
        """The connection breaks."""
        self._is_broken = True
        link = self._link
        link.forget_request(self._number)
        if not self._done:
            self._done = True
            record = link.journal.record_wire("broken", link.name, 0, self._number, reason)
            if is_told:
                self._on_reply(None, record)

    def _record_request(self, arrives_ns: int, cause: int) -> int:
        link, request = self._link, self._request
        number, key = self._number, _key_of(request)
        return link.journal.record_wire(
            "request", link.name, cause, number, request.method, request.target, request.body, arrives_ns, key
        )

    def _depart_carefully(self, now_ns: int, cause: int) -> None:
        """Depart on a harmed link. What travels of a request is its body or, where it has none, its target."""
        link, request = self._link, self._request
        sent = request.body or request.target.encode()
        parcel = Parcel("to_venue", "requests", sent, link.delays.at(now_ns))
        parcels = carry(link.harms, link.name, now_ns, parcel)
        if len(parcels) == 1 and parcels[0].body == sent:
            arrives_ns = now_ns + parcels[0].delay_ns
            link.kernel.message_at(arrives_ns, self._arrive, request, self._record_request(arrives_ns, cause))
            return
        record = self._record_request(0, cause)
        for each in parcels:
            arrives_ns = now_ns + each.delay_ns
            arrival = link.journal.record_wire(
                "arrival", link.name, record, record, "request", self._number, 0, each.body, arrives_ns
            )
            if request.body:
                altered = msgspec.structs.replace(request, body=each.body)
            else:
                altered = msgspec.structs.replace(request, target=each.body.decode("utf-8", "replace"))
            link.kernel.message_at(arrives_ns, self._arrive, altered, arrival)

    def _arrive(self, request: Request, record: int) -> None:
        self._link.venue.handle(request, self._respond, record)

    def _respond(self, reply: Reply, cause: int) -> None:
        link = self._link
        now_ns = link.kernel.now_ns
        link.messages += 1
        if link.harms or self._is_broken:
            self._respond_carefully(now_ns, reply, cause)
            return
        arrives_ns = now_ns + link.delays.at(now_ns)
        link.kernel.message_at(arrives_ns, self._deliver, reply, self._record_reply(reply, arrives_ns, cause))

    def _record_reply(self, reply: Reply, arrives_ns: int, cause: int) -> int:
        link = self._link
        return link.journal.record_wire("reply", link.name, cause, self._number, reply.status, reply.body, arrives_ns)

    def _respond_carefully(self, now_ns: int, reply: Reply, cause: int) -> None:
        """Respond on a harmed link, or to a client that has nobody waiting any more."""
        link = self._link
        if self._is_broken:
            self._record_reply(reply, 0, cause)
            return
        parcel = Parcel("to_client", "requests", reply.body, link.delays.at(now_ns))
        parcels = carry(link.harms, link.name, now_ns, parcel)
        if len(parcels) == 1 and parcels[0].body == reply.body:
            arrives_ns = now_ns + parcels[0].delay_ns
            link.kernel.message_at(arrives_ns, self._deliver, reply, self._record_reply(reply, arrives_ns, cause))
            return
        record = self._record_reply(reply, 0, cause)
        for each in parcels:
            arrives_ns = now_ns + each.delay_ns
            arrival = link.journal.record_wire(
                "arrival", link.name, record, record, "reply", self._number, reply.status, each.body, arrives_ns
            )
            link.kernel.message_at(arrives_ns, self._deliver, msgspec.structs.replace(reply, body=each.body), arrival)

    def _deliver(self, reply: Reply, record: int) -> None:
        if not self._done:
            self._done = True
            self._link.forget_request(self._number)
            self._on_reply(reply, record)

    def _give_up(self, _: Any) -> None:
        if not self._done:
            self._done = True
            self._link.forget_request(self._number)
            self._on_reply(None, 0)


def _key_of(request: Request) -> str:
    """The name of the API key that a request goes under; empty if it needs none."""
    for name, value in request.headers:
        if name in _KEY_HEADERS:
            return value
    return ""
