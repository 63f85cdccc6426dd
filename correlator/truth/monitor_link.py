"""Monitor link: one of the monitor's links, ``monitor>VENUE``: the feeds on it, and how its venue answers."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from correlator.header import VenueReads
from correlator.records import Arrival, Broken, Frame, Push, Reply, Request, Stream, WireRecord
from correlator.truth.measures.api_latency import ApiLatency
from correlator.truth.measures.api_outage import ApiOutage, is_failure
from correlator.truth.measures.feed_staleness import Feed
from correlator.truth.readable import is_account_data, is_account_event, symbol_of_price
from correlator.truth.shown.asked import Asked
from correlator.truth.shown.payloads import read_depth
from correlator.truth.shown.shown import ShownLink

_MARK_PRICE = b"markPrice"
_DEPTH = b"depth"
_STREAM_NAME_AT = len(b'{"stream":"')
_ACCOUNT_DATA = re.compile(
    r"^/api/v3/(account|myTrades|openOrders|allOrders|order)\b|^/sapi/v[0-9]+/sub-account/"
    r"|^/v1/(vault|transactions|exchange_accounts)"
    r"|^/fapi/v[0-9]+/(account|positionRisk|openOrders|allOrders|order)\b"
)
_MOST_NAMES = 4_096
_LATE_REPLIES_KEPT_NS = 600_000_000_000

Sink = list[Any]
"""A list that its owner empties: of a feed, of an inbox."""


class MonitorLink:
    """Tells feeds by what travels on them: a stream message that names ``<symbol>@…`` is a price of that pair, an
    ``event`` of a user-data subscription or a good reply to an account request is account data of that venue.

    Outcomes of requests are put in the order in which the client knew of them, since a reply is recorded when it
    leaves its venue: they wait until ``settle`` is called, and that order is all that counts.
    """

    def __init__(
        self,
        reads: VenueReads,
        timeout_ns: int,
        outage: ApiOutage | None,
        latency: ApiLatency | None,
        account_feed: Feed | None,
        shown: ShownLink,
    ) -> None:
        self.names: dict[bytes, Callable[[Push], None]] = {}  # stream's name → where its messages go
        self._shared: list[tuple[list[Push], list[Sink]]] = []  # messages that several wait for, and who does
        self.price_feeds: dict[str, Feed] = {}  # symbol as it is written on streams
        self._reads = reads
        self._timeout_ns = timeout_ns
        self._outage = outage
        self._latency = latency
        self._account_feed = account_feed
        self._shown = shown
        self._targets: dict[int, str] = {}  # stream → target
        self._requests: dict[int, Asked] = {}
        self._timeouts: deque[tuple[int, int]] = deque()
        self._forgets: deque[tuple[int, int]] = deque()
        self._arrivals: list[tuple[int, int, Reply, bool]] = []

    def take_push(self, push: Push) -> None:
        """Take a stream message."""
        payload = push.payload
        append = self.names.get(payload[_STREAM_NAME_AT : payload.find(b'"', _STREAM_NAME_AT)])
        if append is not None:
            append(push)
        else:
            self._take_unknown(push)

    def _take_unknown(self, push: Push) -> None:
        """Take a stream message whose stream's name has not been seen before, or that carries none."""
        payload = push.payload
        if payload.startswith(b'{"stream":"'):
            name = payload[_STREAM_NAME_AT : payload.find(b'"', _STREAM_NAME_AT)]
            sinks = self._sinks(name)
            _put(push, sinks)
            if len(self.names) < _MOST_NAMES:
                self.names[name] = self._opening(sinks)
            return
        target = self._targets.get(push.stream_id, "")
        if target.startswith("/ws/") and "@" in target:
            self.hand_out()
            _put(push, self._sinks(target[len("/ws/") :].encode()))
            return
        self._shown.push(push)
        if payload.startswith(b'{"subscriptionId"'):
            _give(self._account_feed, push)
        elif (at := payload.find(b'"s":"')) >= 0:
            self.hand_out()
            _give(self.price_feeds.get(_text(payload[at + 5 : payload.find(b'"', at + 5)])), push)

    def hand_out(self) -> None:
        """Give what came on streams of several takers to each of them."""
        for fresh, sinks in self._shared:
            if fresh:
                for sink in sinks:
                    sink.extend(fresh)
                fresh.clear()

    def _opening(self, sinks: list[Sink]) -> Callable[[Push], None]:
        """Where to put messages that are for all of them."""
        if not sinks:
            return _pass_over
        if len(sinks) == 1:
            return sinks[0].append
        fresh: list[Push] = []
        self._shared.append((fresh, sinks))
        return fresh.append

    def _sinks(self, name: bytes) -> list[Sink]:
        """Who takes the messages of a stream: the lists that they are put into."""
        symbol, _, kind = name.partition(b"@")
        sinks: list[Sink] = []
        # What a venue reckons is no price that anybody quotes, and an update of a book none that is whole.
        is_price = kind and not kind.startswith((_MARK_PRICE, _DEPTH))
        feed = self.price_feeds.get(_text(symbol)) if is_price else None
        if feed is not None:
            sinks.append(feed.arrivals)
        shown = self._shown.feed(_text(symbol), kind)
        if shown is not None:
            sinks.append(shown)
        return sinks

    def take(self, record: WireRecord) -> None:
        """Take anything but a stream message."""
        if type(record) is Request:
            self._take_request(record)
        elif type(record) is Reply:
            if record.arrives_ns and record.request_id in self._requests:
                self._arrivals.append((record.arrives_ns, record.seq, record, True))
        elif type(record) is Arrival:
            self._take_arrival(record)
        elif type(record) is Broken:
            self._break(record)
        elif type(record) is Frame:
            self._shown.said(record.stream_id, record.payload)
        elif type(record) is Stream:
            self._take_stream(record)

    def _take_request(self, record: Request) -> None:
        at_ns, request_id, target = record.at_ns, record.request_id, record.target
        if request_id in self._requests:
            self.settle(at_ns)  # what is under way is the answer to another request of that number
        is_account_data = record.method == "GET" and _asks_for_account(target.partition("?")[0])
        account = self._reads.account_of(record.key)
        self._requests[request_id] = Asked(at_ns, record.seq, target, is_account_data, account)
        self._timeouts.append((at_ns + self._timeout_ns, request_id))

    def _take_stream(self, record: Stream) -> None:
        self.settle(record.at_ns)
        if record.event in ("left", "reset"):
            self._drop_under_way(record)
        if record.event == "open":
            if len(self._targets) < _MOST_NAMES:
                self._targets[record.stream_id] = record.target
        else:
            self._shown.over(record.stream_id, record.at_ns)
            self._targets.pop(record.stream_id, None)

    def _take_arrival(self, record: Arrival) -> None:
        """Take what arrived in place of a message: only what can be read reaches the monitor."""
        seq, at_ns, source, cause, number = record.seq, record.at_ns, record.source, record.cause, record.number
        body, arrives_ns = record.body, record.arrives_ns
        if record.what == "reply":
            asked = self._requests.get(number)
            is_readable = asked is None or not asked.is_account_data or is_account_data(asked.target, body)
            if asked is not None and arrives_ns:
                reply = Reply(seq, at_ns, source, cause, number, record.status, body, arrives_ns)
                self._arrivals.append((arrives_ns, seq, reply, is_readable))
        elif record.what == "push":
            self._take_altered(Push(seq, at_ns, source, cause, number, body, arrives_ns))

    def _take_altered(self, push: Push) -> None:
        """Take a stream message that may say anything by now."""
        if is_account_event(push.payload):
            _give(self._account_feed, push)
            self._shown.push(push)
        elif symbol := _text(symbol_of_price(push.payload)):
            _give(self.price_feeds.get(symbol), push)
            _put(push, [self._shown.feed(symbol, b"bookTicker")])
        elif (update := read_depth(push.payload)) is not None and update.s.isupper():
            _put(push, [self._shown.feed(update.s.lower(), b"depth@100ms")])
        else:
            self._shown.push(push)

    def _break(self, record: Broken) -> None:
        """A request ended without a reply: if its client lives, that is a failure known at once."""
        self.settle(record.at_ns)
        asked = self._requests.pop(record.request_id, None)
        if asked is not None and record.reason != "client_died":
            self._fail(record.at_ns, asked)

    def _drop_under_way(self, record: Stream) -> None:
        """The client has left a stream: what was on its way to it then reaches nobody."""
        feeds = list(self.price_feeds.values())
        if self._account_feed is not None:
            feeds.append(self._account_feed)
        for feed in feeds:
            feed.arrivals[:] = [
                one
                for one in feed.arrivals
                if not (type(one) is Push and one.stream_id == record.stream_id and one.arrives_ns > record.at_ns)
            ]
        self._shown.drop(record.stream_id, record.at_ns)

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        self.settle(at_ns)
        if self._outage is not None:
            self._outage.finish(at_ns)
        if self._latency is not None:
            self._latency.finish(at_ns)

    def settle(self, to_ns: int) -> None:
        """Let every outcome be known that was known to the client by ``to_ns``."""
        arrivals = self._arrivals
        arrivals.sort()
        came = 0
        for arrives_ns, _, reply, is_readable in arrivals:
            if arrives_ns > to_ns:
                break
            self._pass_time(arrives_ns)
            self._arrive(reply, is_readable)
            came += 1
        del arrivals[:came]
        self._pass_time(to_ns)

    def _pass_time(self, to_ns: int) -> None:
        """Let the client give up what was not answered by ``to_ns``."""
        timeouts, forgets = self._timeouts, self._forgets
        while timeouts and timeouts[0][0] <= to_ns:
            gives_up_ns, request_id = timeouts.popleft()
            asked = self._requests.get(request_id)
            if asked is not None:
                self._fail(gives_up_ns, asked)
                forgets.append((gives_up_ns + _LATE_REPLIES_KEPT_NS, request_id))
        while forgets and forgets[0][0] <= to_ns:
            self._requests.pop(forgets.popleft()[1], None)

    def _arrive(self, reply: Reply, is_readable: bool) -> None:
        arrives_ns = reply.arrives_ns
        asked = self._requests.pop(reply.request_id, None)
        if asked is None:
            return  # a copy of a reply that came before
        if self._latency is not None:
            self._latency.arrived(arrives_ns, asked.at_ns, reply.seq)
        if arrives_ns >= asked.at_ns + self._timeout_ns:
            return  # an answer that did not come before the timeout was a failure when it passed
        is_bad = is_failure(reply.status)
        if self._outage is not None:
            if is_bad:
                self._outage.failed(arrives_ns, asked.at_ns, asked.seq)
            else:
                self._outage.succeeded(arrives_ns, asked.at_ns)
        if asked.is_account_data and is_readable and reply.status < 400:
            _give(self._account_feed, reply)
        self._shown.replied(arrives_ns, asked, reply, is_failure=is_bad, is_readable=is_readable)

    def _fail(self, at_ns: int, asked: Asked) -> None:
        if self._outage is not None:
            self._outage.failed(at_ns, asked.at_ns, asked.seq)
        self._shown.failed(at_ns, asked)


@lru_cache(maxsize=1024)
def _asks_for_account(path: str) -> bool:
    """Whether a reply to a request of that path is data of an account."""
    return _ACCOUNT_DATA.match(path) is not None


def _give(feed: Feed | None, came: Push | Reply) -> None:
    if feed is not None:
        feed.arrivals.append(came)


def _put(push: Push, sinks: Sequence[Sink | None]) -> None:
    for sink in sinks:
        if sink is not None:
            sink.append(push)


def _pass_over(push: Push) -> None:
    """Nobody needs it."""


def _text(symbol: bytes) -> str:
    return symbol.decode("ascii", "replace").lower()
