"""Seen: what reached the monitor over its links, in the order in which it did, from the journal's wire records.

A record is written when its message leaves; what arrives, and when, is another matter: late, doubled, changed or not at
all. This follows each message to its arrival, as ``docs/reference/journal.md`` tells it.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from typing import Literal

import msgspec

from correlator.header import Header
from correlator.records import Arrival, Broken, Frame, Push, Reply, Request, Stream, WireRecord

_MOST_STREAMS = 4_096
"""Streams of a link whose target is remembered; of more, the oldest are forgotten."""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """Something that reached the monitor, or the end of its waiting (``no_reply``).

    ``target``: of the request or the stream that it belongs to. ``status`` of a reply, else 0. ``latency_ns``: since
    the request left. ``key``: name of the API key that the request or the subscription went under, "" without one.
    """

    at_ns: int
    what: Literal["reply", "push", "no_reply"]
    venue: str
    target: str
    key: str
    status: int
    latency_ns: int
    payload: bytes


class _Asked(msgspec.Struct, frozen=True, gc=False):
    at_ns: int
    target: str
    key: str


class _StreamKnown(msgspec.Struct, gc=False):
    target: str
    key: str = ""
    left_ns: int | None = None


class _Subscription(msgspec.Struct, frozen=True):
    api_key: str = msgspec.field(name="apiKey", default="")


class _Call(msgspec.Struct):
    params: _Subscription = _Subscription()


_call_decoder = msgspec.json.Decoder(_Call)


class Sight:
    """All links of a run's monitor. Memory holds what is under way, and no more."""

    def __init__(self, header: Header) -> None:
        timeout_ns = header.monitor.request_timeout_ns
        self._links = {
            link: _Link(venue, timeout_ns) for venue, reads in header.monitor.reads.items() for link in reads.links
        }

    def take(self, records: list[WireRecord]) -> Iterator[Seen]:
        """Take records in order; yields what the monitor had received by the time of the last of them."""
        for record in records:
            link = self._links.get(record.source)
            if link is not None:
                link.take(record)
        if records:
            yield from self.until(records[-1].at_ns)

    def until(self, at_ns: int) -> Iterator[Seen]:
        """What the monitor received up to ``at_ns``, in the order of arrival."""
        arrived = [seen for link in self._links.values() for seen in link.until(at_ns)]
        arrived.sort(key=lambda seen: seen.at_ns)  # stable: links in the order of the header where moments are equal
        yield from arrived


class _Link:
    def __init__(self, venue: str, timeout_ns: int) -> None:
        self._venue = venue
        self._timeout_ns = timeout_ns
        self._asked: dict[int, _Asked] = {}
        self._timeouts: deque[tuple[int, int]] = deque()
        self._streams: dict[int, _StreamKnown] = {}
        self._under_way: list[tuple[int, int, int, int, bool, bytes]] = []
        self._ready: list[Seen] = []

    def take(self, record: WireRecord) -> None:
        if type(record) is Push:
            if record.arrives_ns:
                self._send(record.arrives_ns, record.seq, record.stream_id, 0, record.payload, is_push=True)
            return
        self._ready.extend(self._arrived(record.at_ns))
        if type(record) is Request:
            self._asked[record.request_id] = _Asked(record.at_ns, record.target, record.key)
            self._timeouts.append((record.at_ns + self._timeout_ns, record.request_id))
        elif type(record) is Reply:
            if record.arrives_ns:
                self._send(record.arrives_ns, record.seq, record.request_id, record.status, record.body, is_push=False)
        elif type(record) is Arrival:
            if record.what in ("reply", "push"):
                is_push = record.what == "push"
                self._send(record.arrives_ns, record.seq, record.number, record.status, record.body, is_push=is_push)
        elif type(record) is Broken:
            asked = self._asked.pop(record.request_id, None)
            if asked is not None and record.reason != "client_died":
                self._ready.append(self._without_reply(asked, record.at_ns, record.reason))
        elif type(record) is Stream:
            self._take_stream(record)
        elif type(record) is Frame:
            self._take_frame(record)

    def until(self, at_ns: int) -> Iterator[Seen]:
        yield from self._ready
        self._ready.clear()
        yield from self._arrived(at_ns)

    def _send(self, at_ns: int, seq: int, number: int, status: int, payload: bytes, *, is_push: bool) -> None:
        heapq.heappush(self._under_way, (at_ns, seq, number, status, is_push, payload))

    def _arrived(self, to_ns: int) -> Iterator[Seen]:
        under_way, timeouts = self._under_way, self._timeouts
        while True:
            arrives_ns = under_way[0][0] if under_way else to_ns + 1
            gives_up_ns = timeouts[0][0] if timeouts else to_ns + 1
            if min(arrives_ns, gives_up_ns) > to_ns:
                return
            if arrives_ns < gives_up_ns:
                seen = self._arrive(*heapq.heappop(under_way))
                if seen is not None:
                    yield seen
                continue
            _, number = timeouts.popleft()
            asked = self._asked.pop(number, None)
            if asked is not None:
                yield self._without_reply(asked, gives_up_ns, "timeout")

    def _arrive(self, at_ns: int, _: int, number: int, status: int, is_push: bool, payload: bytes) -> Seen | None:
        if is_push:
            stream = self._streams.get(number)
            if stream is None:
                return Seen(at_ns, "push", self._venue, "", "", 0, 0, payload)
            if stream.left_ns is not None and at_ns > stream.left_ns:
                return None  # the monitor has hung up
            return Seen(at_ns, "push", self._venue, stream.target, stream.key, 0, 0, payload)
        asked = self._asked.pop(number, None)
        if asked is None:
            return None  # a copy of a reply that came before, or one that came after the monitor had given up
        return Seen(at_ns, "reply", self._venue, asked.target, asked.key, status, at_ns - asked.at_ns, payload)

    def _without_reply(self, asked: _Asked, at_ns: int, why: str) -> Seen:
        return Seen(at_ns, "no_reply", self._venue, asked.target, asked.key, 0, at_ns - asked.at_ns, why.encode())

    def _take_stream(self, record: Stream) -> None:
        if record.event == "open":
            self._streams[record.stream_id] = _StreamKnown(record.target)
            if len(self._streams) > _MOST_STREAMS:
                del self._streams[next(iter(self._streams))]
        elif record.event in ("left", "reset") and record.stream_id in self._streams:
            known = self._streams[record.stream_id]
            known.left_ns = record.at_ns if known.left_ns is None else known.left_ns

    def _take_frame(self, record: Frame) -> None:
        """A subscription says whose stream it is from now on."""
        known = self._streams.get(record.stream_id)
        if known is None:
            return
        try:
            known.key = _call_decoder.decode(record.payload).params.api_key or known.key
        except ValueError:
            return  # a frame of another dialect
