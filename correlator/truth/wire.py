"""Wire: what reached the monitor and when, from the records of its own links (``monitor>VENUE``)."""

from __future__ import annotations

from collections.abc import Callable

from correlator.header import VenueReads
from correlator.limits import Limits
from correlator.records import Arrival, Frame, Push, Request, Stream, WireRecord
from correlator.truth.gauge import GaugeBoard
from correlator.truth.measures.api_latency import ApiLatency
from correlator.truth.measures.api_outage import ApiOutage
from correlator.truth.measures.feed_staleness import Feed
from correlator.truth.monitor_link import MonitorLink
from correlator.truth.shown.shown import MANDATES as SHOWN_MANDATES
from correlator.truth.shown.shown import Shown

MANDATES = frozenset((Feed.mandate, ApiOutage.mandate, ApiLatency.mandate, *SHOWN_MANDATES))
"""What truth is computed of here."""

_STREAM_KINDS = frozenset((Arrival, Frame, Stream))


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
        self._shown = Shown(limits, board, start_ns)
        self.introduced = False
        self.last_request_ns: int | None = None

    def expect_venue(
        self, link: str, venue: str, pairs: list[str], reads: VenueReads, *, holds_firm_account: bool
    ) -> None:
        """The monitor reads a venue over ``link``; its feeds count from now on, whether or not they ever speak."""
        if link in self._links:
            return
        board, limits = self._board, self._limits
        is_gateway = bool(reads.strategies)  # the firm's own: its silence is that of its heartbeats
        outage_gauge = board.bound(ApiOutage.mandate, venue) if not is_gateway else None
        latency_gauge = board.bound(ApiLatency.mandate, venue) if not is_gateway else None
        latency_mandate = limits.mandate(ApiLatency.mandate)
        latency = None
        if latency_gauge is not None and latency_mandate is not None:
            latency = ApiLatency(latency_gauge, latency_mandate.window_ns, latency_mandate.quantile)
        known = MonitorLink(
            reads,
            self._timeout_ns,
            ApiOutage(outage_gauge) if outage_gauge is not None else None,
            latency,
            self._feed(venue, "positions") if holds_firm_account else None,
            self._shown.expect(venue, pairs, reads, holds_firm_account=holds_firm_account),
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

    def sift(self, records: list[WireRecord]) -> list[WireRecord]:
        """Take what came on streams of prices out of a batch, by far the most of it; returns the monitor's others.

        Stream messages and requests have nothing to do with one another: one kind may be taken after the other. Not so
        where a stream begins or ends, or a fault has made another message of one: from there on nothing is taken out.
        """
        known = self._known
        rest: list[WireRecord] = []
        coming = iter(records)
        for record in coming:
            names = known.get(record.source)
            if names is None:
                continue
            if type(record) is Push:
                payload = record.payload
                # What stands in quotes after `{"stream":"`; of any other message, something that is no stream's name.
                append = names.get(payload[11 : payload.find(b'"', 11)])
                if append is not None:
                    append(record)
                    continue
            elif type(record) in _STREAM_KINDS:
                rest += [record, *(record for record in coming if record.source in known)]
                break
            rest.append(record)
        self._hand_out()
        return rest

    def take(self, rest: list[WireRecord]) -> None:
        """Take what ``sift`` has left of a batch, in order."""
        links = self._links
        in_order = False
        for record in rest:
            if type(record) is Push:
                links[record.source].take_push(record)
                continue
            if type(record) is Request:
                self.last_request_ns = record.at_ns
            elif not in_order:
                in_order = type(record) in _STREAM_KINDS
            if in_order:
                self._hand_out()
            links[record.source].take(record)
        self._hand_out()

    def _hand_out(self) -> None:
        for link in self._links.values():
            link.hand_out()

    def settle(self, known_ns: int) -> None:
        """Measure up to the time of the last record of a batch."""
        for link in self._links.values():
            link.settle(known_ns)
        for feed in self._feeds:
            feed.settle(known_ns)
        self._shown.settle(known_ns)

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        for link in self._links.values():
            link.finish(at_ns)
        for feed in self._feeds:
            feed.finish(at_ns)
        self._shown.finish(at_ns)
