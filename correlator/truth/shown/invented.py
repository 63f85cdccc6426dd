"""Invented fills: what an exchange told the monitor of as a fill of the firm's, and what never took place.

A monitor cannot know at once that it is told a tale, and must act on it; so what is invented counts where a mandate
speaks of what is reported. It stands in history at the moment at which it was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import merge
from operator import attrgetter

from correlator.header import MonitorFacts
from correlator.records import Account, Arrival, Fill, Frame, Listing, Push, Record, Stream, WireRecord
from correlator.truth.shown.payloads import ACCOUNT_FRAME, SUBSCRIBE, read

_REPORT = b'"executionReport"'
_MOST_TRADES = 65_536  # of the firm's own, remembered: a fill is told within seconds of it
_MOST_STREAMS = 4_096

_FOUNDING = frozenset((Account, Fill, Listing))
_TELLING = frozenset((Arrival, Frame, Stream))

_by_number = attrgetter("seq")


class InventedFill(Record, frozen=True, gc=False):
    """An exchange (``source``) reported a fill of an account that never took place. ``amount``: in the quote asset."""

    account: str
    symbol: str
    trade_id: int
    order_id: int
    client_order_id: str
    amount: float


class InventedFills:
    """Finds them in batches of both planes. Of a trade id that is told again only the first telling counts."""

    def __init__(self, facts: MonitorFacts) -> None:
        self._reads = {link: reads for reads in facts.reads.values() for link in reads.links if reads.accounts}
        self._venues = {link: venue for venue, reads in facts.reads.items() for link in reads.links}
        self._accounts: set[tuple[str, str]] = set()
        self._symbols: dict[tuple[str, int], str] = {}
        self._pairs: dict[tuple[str, str], str] = {}  # (venue, symbol as it is written in reports) → pair
        self._known: dict[tuple[str, str, str, int], None] = {}
        self._streams: dict[tuple[str, int], tuple[str, str]] = {}  # (link, stream) → venue and account
        self._numbers: frozenset[int] = frozenset()  # of these streams: most messages are told apart by them at once

    def insert(self, audit: Sequence[Record], wire: Sequence[WireRecord]) -> Sequence[Record]:
        """The batch's audit records, with each fill that was invented in its place."""
        for record in [record for record in audit if type(record) in _FOUNDING]:
            if type(record) is Fill:
                self._take_fill(record)
            elif type(record) is Listing and ":" not in record.symbol:
                self._symbols[record.source, record.index] = record.symbol
                self._pairs[record.source, record.symbol.replace("/", "")] = record.symbol
            elif type(record) is Account and record.owner == "firm":
                self._accounts.add((record.source, record.account))
        reads = self._reads
        invented = [
            fill
            for one in wire
            if (one.stream_id in self._numbers if type(one) is Push else type(one) in _TELLING)
            and one.source in reads
            and (fill := self._take(one)) is not None
        ]
        return list(merge(audit, invented, key=_by_number)) if invented else audit

    def _take_fill(self, record: Fill) -> None:
        symbol = self._symbols.get((record.source, record.index))
        if symbol is not None:
            for account in (record.taker_account, record.maker_account):
                if (record.source, account) in self._accounts:
                    self._remember((record.source, account, symbol, record.trade_id))

    def _remember(self, trade: tuple[str, str, str, int]) -> bool:
        """Whether it was not known before."""
        if trade in self._known:
            return False
        if len(self._known) >= _MOST_TRADES:
            del self._known[next(iter(self._known))]
        self._known[trade] = None
        return True

    def _take(self, record: WireRecord) -> InventedFill | None:
        if type(record) is Push:
            return self._hear(record) if record.arrives_ns and _REPORT in record.payload else None
        if type(record) is Arrival:
            return self._hear(_push_of(record)) if record.what == "push" and _REPORT in record.body else None
        if type(record) is Frame:
            asked = read(SUBSCRIBE, record.payload)
            account = self._reads[record.source].account_of(asked.params.api_key) if asked is not None else ""
            if account and len(self._streams) < _MOST_STREAMS:
                self._streams[record.source, record.stream_id] = self._venues[record.source], account
                self._number()
        elif type(record) is Stream and record.event != "open":
            self._streams.pop((record.source, record.stream_id), None)
            self._number()
        return None

    def _number(self) -> None:
        self._numbers = frozenset(number for _, number in self._streams)

    def _hear(self, push: Push) -> InventedFill | None:
        whose = self._streams.get((push.source, push.stream_id))
        frame = read(ACCOUNT_FRAME, push.payload)
        if whose is None or frame is None or frame.event.x != "TRADE":
            return None
        event, (venue, account) = frame.event, whose
        pair = self._pairs.get((venue, event.s))
        if pair is None or not self._remember((venue, account, pair, event.t)):
            return None
        return InventedFill(push.seq, push.at_ns, venue, 0, account, pair, event.t, event.i, event.c, float(event.Y))


def _push_of(record: Arrival) -> Push:
    """What arrived in place of a stream message, or as a copy of it."""
    seq, at_ns, source, cause = record.seq, record.at_ns, record.source, record.cause
    return Push(seq, at_ns, source, cause, record.number, record.body, record.arrives_ns)
