"""Wire: what reached the monitor and when, from the records of its own links (``monitor>VENUE``).

Feeds are told by what travels on them: a stream message that names ``<symbol>@…`` is a price of that pair, an ``event``
of a user-data subscription or a good reply to an account request is account data of that venue.
"""

from __future__ import annotations

import heapq
import re
from collections import deque
from collections.abc import Callable

from correlator.limits import Limits
from correlator.records import Arrival, Broken, Push, Reply, Request, Stream, WireRecord
from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.api_latency import ApiLatency
from correlator.truth.measures.api_outage import ApiOutage, is_failure
from correlator.truth.measures.feed_staleness import Feed
from correlator.truth.readable import is_account_data, is_account_event, symbol_of_price

MANDATES = frozenset((Feed.mandate, ApiOutage.mandate, ApiLatency.mandate))
"""What truth is computed of here."""

_MARK_PRICE = b"@markPrice"
_STREAM_NAME_AT = len(b'{"stream":"')
_ACCOUNT_DATA = re.compile(
    r"^/api/v3/(account|myTrades|openOrders|allOrders|order)\b|^/sapi/|^/v1/(vault|transactions|exchange_accounts)"
    r"|^/fapi/v[0-9]+/(account|positionRisk|openOrders|allOrders|order)\b"
)
_MOST_NAMES = 4_096
_LATE_REPLIES_KEPT_NS = 600_000_000_000


class MonitorLink:
    """One of the monitor's links: the feeds on it, and how its venue answers.

    Outcomes of requests are put in the order in which the client knew of them, since a reply is recorded when it
    leaves its venue.
    """

    def __init__(
        self,
        timeout_ns: int,
        outage: ApiOutage | None,
        latency: ApiLatency | None,
        account_feed: Feed | None,
    ) -> None:
        self.names: dict[bytes, Callable[[Push], None]] = {}  # stream's name → where its messages arrive
        self.price_feeds: dict[str, Feed] = {}  # symbol as it is written on streams
        self._timeout_ns = timeout_ns
        self._outage = outage
        self._latency = latency
        self._account_feed = account_feed
        self._targets: dict[int, str] = {}  # stream → target
        self._requests: dict[int, tuple[int, int, str]] = {}  # departure, seq, target if it asks for account data
        self._timeouts: deque[tuple[int, int]] = deque()
        self._forgets: deque[tuple[int, int]] = deque()
        self._arrivals: list[tuple[int, int, int, int]] = []

    def take_unknown(self, push: Push) -> None:
        """Take a stream message whose stream's name has not been seen before, or that carries none."""
        feed = self._feed_of(push)
        if feed is not None:
            feed.arrivals.append(push)

    def _feed_of(self, push: Push) -> Feed | None:
        payload = push.payload
        if payload.startswith(b'{"stream":"'):
            name = payload[_STREAM_NAME_AT : payload.find(b'"', _STREAM_NAME_AT)]
            if b"@" not in name or _MARK_PRICE in name:  # what a venue reckons is no price that anybody quotes
                return None
            feed = self._price_feed(name.split(b"@")[0])
            if feed is not None and len(self.names) < _MOST_NAMES:
                self.names[name] = feed.arrivals.append
            return feed
        if payload.startswith(b'{"subscriptionId"'):
            return self._account_feed
        target = self._targets.get(push.stream_id, "")
        if target.startswith("/ws/") and "@" in target:
            return self._price_feed(target[len("/ws/") :].split("@")[0].encode())
        at = payload.find(b'"s":"')
        return None if at < 0 else self._price_feed(payload[at + 5 : payload.find(b'"', at + 5)])

    def _price_feed(self, symbol: bytes) -> Feed | None:
        return self.price_feeds.get(_text(symbol))

    def take(self, record: WireRecord) -> None:
        """Take anything but a stream message."""
        if type(record) is Request:
            self._settle(record.at_ns)
            self._requests[record.request_id] = (
                record.at_ns,
                record.seq,
                record.target if record.method == "GET" and _ACCOUNT_DATA.match(record.target) else "",
            )
            self._timeouts.append((record.at_ns + self._timeout_ns, record.request_id))
            self._forgets.append((record.at_ns + self._timeout_ns + _LATE_REPLIES_KEPT_NS, record.request_id))
        elif type(record) is Reply:
            self._settle(record.at_ns)
            request = self._requests.get(record.request_id)
            if request is None or not record.arrives_ns:
                return
            heapq.heappush(self._arrivals, (record.arrives_ns, record.seq, record.request_id, record.status))
            if self._account_feed is not None and request[2] and record.status < 400:
                self._account_feed.arrivals.append(record)
        elif type(record) is Arrival:
            self._take_arrival(record)
        elif type(record) is Broken:
            self._break(record)
        elif type(record) is Stream:
            if record.event in ("left", "reset"):
                self._drop_under_way(record)
            if record.event == "open" and len(self._targets) < _MOST_NAMES:
                self._targets[record.stream_id] = record.target
            else:
                self._targets.pop(record.stream_id, None)

    def _take_arrival(self, record: Arrival) -> None:
        """Take what arrived in place of a message: only what can be read reaches the monitor."""
        seq, at_ns, source, number, body = record.seq, record.at_ns, record.source, record.number, record.body
        if record.what == "reply":
            request = self._requests.get(number)
            if request is None or not request[2] or is_account_data(request[2], body):
                self.take(Reply(seq, at_ns, source, record.cause, number, record.status, body, record.arrives_ns))
            else:  # an answer, and nothing to be learned from it
                self._settle(at_ns)
                heapq.heappush(self._arrivals, (record.arrives_ns, seq, number, record.status))
        elif record.what == "push":
            feed = self._account_feed if is_account_event(body) else self.price_feeds.get(_text(symbol_of_price(body)))
            if feed is not None:
                feed.arrivals.append(Push(seq, at_ns, source, record.cause, number, body, record.arrives_ns))

    def _break(self, record: Broken) -> None:
        """A request ended without a reply: if its client lives, that is a failure known at once."""
        self._settle(record.at_ns)
        request = self._requests.pop(record.request_id, None)
        if request is not None and record.reason != "client_died" and self._outage is not None:
            self._outage.failed(record.at_ns, request[0], request[1])
        if self._account_feed is not None:
            arrivals = self._account_feed.arrivals
            arrivals[:] = [one for one in arrivals if not (type(one) is Reply and one.request_id == record.request_id)]

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

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        self._settle(at_ns)
        if self._outage is not None:
            self._outage.finish(at_ns)
        if self._latency is not None:
            self._latency.finish(at_ns)

    def _settle(self, to_ns: int) -> None:
        """Let every outcome be known that was known to the client by ``to_ns``."""
        arrivals, timeouts = self._arrivals, self._timeouts
        while True:
            arrives_ns = arrivals[0][0] if arrivals else to_ns + 1
            gives_up_ns = timeouts[0][0] if timeouts else to_ns + 1
            if min(arrives_ns, gives_up_ns) > to_ns:
                break
            if arrives_ns < gives_up_ns:
                self._arrive(*heapq.heappop(arrivals))
            else:
                self._give_up(*timeouts.popleft())
        while self._forgets and self._forgets[0][0] <= to_ns:
            self._requests.pop(self._forgets.popleft()[1], None)

    def _arrive(self, arrives_ns: int, seq: int, request_id: int, status: int) -> None:
        request = self._requests.pop(request_id, None)
        if request is None:
            return  # a copy of a reply that came before
        departed_ns, request_seq, _ = request
        if self._latency is not None:
            self._latency.arrived(arrives_ns, departed_ns, seq)
        if self._outage is None or arrives_ns >= departed_ns + self._timeout_ns:
            return  # an answer that did not come before the timeout was a failure when it passed
        if is_failure(status):
            self._outage.failed(arrives_ns, departed_ns, request_seq)
        else:
            self._outage.succeeded(arrives_ns, departed_ns)

    def _give_up(self, at_ns: int, request_id: int) -> None:
        request = self._requests.get(request_id)
        if request is not None and self._outage is not None:
            self._outage.failed(at_ns, request[0], request[1])


def _text(symbol: bytes) -> str:
    return symbol.decode("ascii", "replace").lower()


class Wire:
    """All the monitor's links."""

    def __init__(self, limits: Limits, board: GaugeBoard, start_ns: int, timeout_ns: int) -> None:
        self._limits = limits
        self._board = board
        self._start_ns = start_ns
        self._timeout_ns = timeout_ns
        self._links: dict[str, MonitorLink] = {}
        self._known: dict[str, dict[bytes, Callable[[Push], None]]] = {}
        self._feeds: list[Feed] = []
        self.introduced = False
        self.last_request_ns: int | None = None

    def expect_venue(self, link: str, venue: str, pairs: list[str], holds_firm_account: bool) -> None:
        """The monitor reads a venue over ``link``; its feeds count from now on, whether or not they ever speak."""
        if link in self._links:
            return
        board, limits = self._board, self._limits
        outage_gauge = board.bound(ApiOutage.mandate, venue)
        latency_gauge = board.bound(ApiLatency.mandate, venue)
        latency_mandate = limits.mandate(ApiLatency.mandate)
        latency = None
        if latency_gauge is not None and latency_mandate is not None:
            latency = ApiLatency(latency_gauge, latency_mandate.window_ns, latency_mandate.quantile)
        known = MonitorLink(
            self._timeout_ns,
            ApiOutage(outage_gauge) if outage_gauge is not None else None,
            latency,
            self._feed(venue, "positions") if holds_firm_account else None,
        )
        for pair in pairs:
            feed = self._feed(f"{venue}:{pair}", "prices")
            if feed is not None:
                known.price_feeds[pair.partition(":")[0].replace("/", "").lower()] = feed
        self._links[link] = known
        self._known[link] = known.names

    def _feed(self, subject: str, default: str) -> Feed | None:
        gauge = self._board.bound(Feed.mandate, subject, default=default)
        if gauge is None:
            return None
        feed = Feed(gauge, self._start_ns)
        self._feeds.append(feed)
        return feed

    def take(self, records: list[WireRecord]) -> None:
        """Take records in order; those of other clients are passed over."""
        known = self._known
        for record in records:
            names = known.get(record.source)
            if names is None:
                continue
            if type(record) is Push:
                payload = record.payload
                # What stands in quotes after `{"stream":"`; of any other message, something that is no stream's name.
                append = names.get(payload[11 : payload.find(b'"', 11)])
                if append is not None:
                    append(record)
                else:
                    self._links[record.source].take_unknown(record)
            else:
                if type(record) is Request:
                    self.last_request_ns = record.at_ns
                self._links[record.source].take(record)
        if records:
            for feed in self._feeds:
                feed.settle(records[-1].at_ns)

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        for feed in self._feeds:
            feed.finish(at_ns)
        for link in self._links.values():
            link.finish(at_ns)
