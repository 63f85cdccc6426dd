"""Shown: what reached the monitor over its links, put where a kept mandate needs it; the rest is passed over."""

from __future__ import annotations

from collections.abc import Callable

from correlator.header import VenueReads
from correlator.limits import Limits
from correlator.records import Push, Reply
from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.truth.measures.api_errors import ApiErrors
from correlator.truth.measures.bad_tick import BadTick
from correlator.truth.measures.crossed_book import CrossedBook
from correlator.truth.measures.frozen_account import FrozenAccount
from correlator.truth.measures.frozen_feed import FrozenFeed
from correlator.truth.measures.heartbeat import Heartbeat
from correlator.truth.measures.reconciliation import Reconciliation
from correlator.truth.measures.reconciliation_confidence import ReconciliationConfidence
from correlator.truth.measures.reference_price import ReferencePrice
from correlator.truth.measures.sequence_gap import SequenceGap
from correlator.truth.measures.snapshot_loss import PATHS as SNAPSHOTS
from correlator.truth.measures.snapshot_loss import SnapshotLoss
from correlator.truth.measures.visibility import AccountSight, Visibility
from correlator.truth.shown.accounts import ExchangeAccounts, ShownAccount
from correlator.truth.shown.asked import Asked
from correlator.truth.shown.custody import Custody
from correlator.truth.shown.quotes import QuoteMeasure, QuoteStretch, ShownQuotes
from correlator.truth.shown.source_prices import SourcePrice, read_prices
from correlator.truth.stretch import USD

MANDATES = frozenset(
    made.mandate
    for made in (
        ApiErrors,
        BadTick,
        CrossedBook,
        FrozenAccount,
        FrozenFeed,
        Heartbeat,
        Reconciliation,
        ReconciliationConfidence,
        ReferencePrice,
        SequenceGap,
        SnapshotLoss,
        Visibility,
    )
)
"""What truth is computed of here."""

_STRETCH_QUOTES = 8_192
_BOOK_TICKER = b"bookTicker"
_DEPTH = b"depth@100ms"
_GOOD = 400  # a status below it

Told = Callable[[int, int, list[SourcePrice]], None]
"""Takes the prices that reached the monitor from one source, with the moment and the record's number."""


class ShownLink:
    """What one venue showed over one link of the monitor."""

    def __init__(
        self,
        reads: VenueReads,
        accounts: ExchangeAccounts | None,
        custody: Custody | None,
        heartbeat: Heartbeat | None,
        errors: ApiErrors | None,
        snapshots: SnapshotLoss | None,
        told: Told | None,
    ) -> None:
        self.heartbeat = heartbeat
        self.quotes: dict[str, ShownQuotes] = {}  # by symbol as it is written on streams
        self.gaps: dict[str, SequenceGap] = {}
        self._reads = reads
        self._accounts = accounts
        self._custody = custody
        self._errors = errors
        self._snapshots = snapshots
        self._told = told

    def feed(self, symbol: str, kind: bytes) -> list[Push] | None:
        """Where messages of a stream (``kind`` of ``symbol``) are to be put; None if nobody needs them."""
        if kind == _BOOK_TICKER:
            return self.quotes[symbol].inbox.arrivals if symbol in self.quotes else None
        if kind == _DEPTH:
            return self.gaps[symbol].inbox.arrivals if symbol in self.gaps else None
        return None

    def push(self, push: Push) -> None:
        """A message was sent on a stream that names itself nowhere in it."""
        if self._accounts is not None:
            self._accounts.push(push)
        if self.heartbeat is not None and b'"heartbeats"' in push.payload:
            self.heartbeat.take(push)

    def said(self, stream_id: int, payload: bytes) -> None:
        """The monitor sent a frame."""
        if self._accounts is not None:
            self._accounts.subscribe(stream_id, payload, self._reads)

    def drop(self, stream_id: int, at_ns: int) -> None:
        """The monitor has left a stream, or it broke: what was on its way reaches nobody."""
        inboxes = [quotes.inbox for quotes in self.quotes.values()] + [gaps.inbox for gaps in self.gaps.values()]
        if self.heartbeat is not None:
            inboxes.append(self.heartbeat.inbox)
        for inbox in inboxes:
            inbox.drop(stream_id, at_ns)
        if self._accounts is not None:
            self._accounts.drop(stream_id, at_ns)

    def over(self, stream_id: int, at_ns: int) -> None:
        """A stream is no more."""
        if self._accounts is not None:
            self._accounts.over(stream_id, at_ns)

    def replied(self, at_ns: int, asked: Asked, reply: Reply, *, is_failure: bool, is_readable: bool) -> None:
        """A reply reached the monitor, in time."""
        if self._errors is not None:
            self._errors.ended(at_ns, is_failure, reply.seq)
        if self._snapshots is not None and asked.target.startswith(SNAPSHOTS):
            self._snapshots.answered(at_ns, reply.status, reply.body, reply.seq)
        if self._told is not None and reply.status < _GOOD:
            self._told(at_ns, reply.seq, read_prices(asked.target, reply.body))
        if asked.is_account_data and is_readable and reply.status < _GOOD:
            if self._accounts is not None:
                self._accounts.replied(at_ns, asked, reply.body, reply.seq)
            if self._custody is not None:
                self._custody.replied(at_ns, asked, reply.body, reply.seq)

    def failed(self, at_ns: int, asked: Asked) -> None:
        """A request ended without a reply."""
        if self._errors is not None:
            self._errors.ended(at_ns, True, asked.seq)
        if self._snapshots is not None and asked.target.startswith(SNAPSHOTS):
            self._snapshots.failed(at_ns, asked.seq)

    def settle(self, known_ns: int) -> None:
        """Take what is not numerous up to ``known_ns``."""
        if self._accounts is not None:
            self._accounts.settle(known_ns)
        if self.heartbeat is not None:
            self.heartbeat.settle(known_ns)

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        if self._accounts is not None:
            self._accounts.finish(at_ns)
        if self.heartbeat is not None:
            self.heartbeat.finish(at_ns)
        if self._errors is not None:
            self._errors.advance(at_ns)
        if self._snapshots is not None:
            self._snapshots.advance(at_ns)


class Shown:
    """All links, and what is measured across them."""

    def __init__(self, limits: Limits, board: GaugeBoard, start_ns: int) -> None:
        self._limits = limits
        self._board = board
        self._start_ns = start_ns
        self._links: list[ShownLink] = []
        self._quotes: list[ShownQuotes] = []
        self._gaps: list[SequenceGap] = []
        self._visibility = Visibility(board, start_ns) if self._keeps(Visibility.mandate) else None
        self._needs_marks = self._keeps(Reconciliation.mandate)
        self._reference = ReferencePrice(board, start_ns) if self._keeps(ReferencePrice.mandate) else None

    def _keeps(self, mandate: str) -> bool:
        return self._limits.mandate(mandate) is not None

    def expect(self, venue: str, pairs: list[str], reads: VenueReads, *, holds_firm_account: bool) -> ShownLink:
        """The monitor reads a venue, which lists ``pairs``."""
        board = self._board
        accounts = reads.accounts if holds_firm_account else []
        holdings = self._visibility.holdings if self._visibility is not None else None
        reconciliation = None
        if self._keeps(Reconciliation.mandate) or self._keeps(ReconciliationConfidence.mandate):
            reconciliation = Reconciliation(board, venue, self._mark, self._start_ns) if accounts else None
        exchange: ExchangeAccounts | None = None
        custody: Custody | None = None
        if accounts and (reconciliation or holdings or self._keeps(FrozenAccount.mandate)):
            if pairs:
                exchange = self._exchange(venue, pairs, accounts, reconciliation)
            else:
                custody = Custody(venue, accounts[0], reconciliation, holdings, self._sight(venue))
        errors = board.bound(ApiErrors.mandate, venue) if not reads.strategies else None
        snapshots = board.bound(SnapshotLoss.mandate, venue) if pairs else None
        heartbeat = Heartbeat(board, reads.strategies, self._start_ns) if reads.strategies else None
        link = ShownLink(
            reads,
            exchange,
            custody,
            heartbeat if self._keeps(Heartbeat.mandate) else None,
            ApiErrors(errors, self._window_ns(errors)) if errors is not None else None,
            SnapshotLoss(snapshots, self._window_ns(snapshots)) if snapshots is not None else None,
            self._told_by(venue) if not (pairs or reads.accounts or reads.strategies) else None,
        )
        for pair in pairs:
            self._watch(link, venue, pair)
        self._links.append(link)
        return link

    def _told_by(self, source: str) -> Told | None:
        """Where the prices of a price source go."""
        reference = self._reference
        if reference is None:
            return None
        return lambda at_ns, seq, prices: reference.told(at_ns, seq, source, prices)

    def _exchange(
        self, venue: str, pairs: list[str], accounts: list[str], reconciliation: Reconciliation | None
    ) -> ExchangeAccounts:
        legs = {}
        for pair in pairs:
            base, _, quote = pair.partition("/")
            legs[base + quote] = (base, quote)
        is_margin = any(":" in pair for pair in pairs)
        exchange = ExchangeAccounts(venue, self._visibility.holdings if self._visibility is not None else None)
        for account in accounts:
            frozen = None if is_margin else self._board.bound_account(FrozenAccount.mandate, f"{venue}:{account}")
            exchange.add(
                ShownAccount(
                    account,
                    legs,
                    None if is_margin else reconciliation,
                    FrozenAccount(frozen) if frozen is not None else None,
                    self._sight(venue),
                )
            )
        return exchange

    def _sight(self, venue: str) -> AccountSight | None:
        if self._visibility is None:
            return None
        return self._visibility.account(self._oldest_ns(venue, "positions"))

    def _watch(self, link: ShownLink, venue: str, pair: str) -> None:
        """A pair that the venue lists: its quotes and its depth stream, each if somebody needs it."""
        name = f"{venue}:{pair}"
        symbol = pair.partition(":")[0].replace("/", "").lower()
        quotes = ShownQuotes(venue, pair, self._oldest_ns(name, "prices"), self._board.buckets)
        quotes.measures = self._quote_measures(name, quotes.age_ns)
        if self._reference is not None:
            self._reference.marks.watch(quotes)
        if quotes.measures or self._needs_marks or self._reference or self._visibility is not None:
            link.quotes[symbol] = quotes
            self._quotes.append(quotes)
            if self._visibility is not None:
                self._visibility.watch(quotes)
        gauge = self._board.bound(SequenceGap.mandate, name)
        if gauge is not None:
            link.gaps[symbol] = SequenceGap(gauge, self._window_ns(gauge))
            self._gaps.append(link.gaps[symbol])

    def _quote_measures(self, name: str, age_ns: int | None) -> list[QuoteMeasure]:
        measures: list[QuoteMeasure] = []
        if (gauge := self._board.bound(CrossedBook.mandate, name)) is not None:
            measures.append(CrossedBook(gauge))
        if (gauge := self._board.bound(BadTick.mandate, name)) is not None:
            measures.append(BadTick(gauge, age_ns))
        if (gauge := self._board.bound(FrozenFeed.mandate, name)) is not None:
            measures.append(FrozenFeed(gauge))
        return measures

    def _window_ns(self, gauge: Gauge) -> int:
        return self._limits.mandates[gauge.mandate].window_ns

    def _oldest_ns(self, subject: str, default: str) -> int | None:
        """How old a feed's data may be: the tightest of its staleness bounds; None if there is none."""
        mandate = self._limits.mandate("feed_staleness")
        bounds = mandate.bounds(subject, default) if mandate is not None else ()
        return min((round(bound.value * 1e9) for bound in bounds), default=None)

    def _mark(self, asset: str, at_ns: int) -> float:
        """Mark of an asset by the quotes shown until now, USD, without stale ones as long as another is fresh; NaN
        where there is none."""
        if asset == USD:
            return 1.0
        for quote in (USD, "USDT"):
            pair = f"{asset}/{quote}"
            known = [quotes.mid(at_ns) for quotes in self._quotes if quotes.pair == pair]
            if known:
                defined = [mid for mid, is_fresh in known if mid == mid and is_fresh]
                defined = defined or [mid for mid, _ in known if mid == mid]
                mark = sum(defined) / len(defined) if defined else float("nan")
                return mark if quote == USD else mark * self._mark("USDT", at_ns)
        return float("nan")

    def settle(self, known_ns: int) -> None:
        """Take what had arrived by ``known_ns``; what is numerous, once there is enough of it."""
        for link in self._links:
            link.settle(known_ns)
        waiting = sum(len(quotes.inbox.arrivals) for quotes in self._quotes)
        waiting += sum(len(gaps.inbox.arrivals) for gaps in self._gaps)
        if waiting >= _STRETCH_QUOTES:
            self._measure(known_ns)

    def _measure(self, known_ns: int) -> None:
        stretches: dict[ShownQuotes, QuoteStretch] = {}
        for quotes in self._quotes:
            stretch = quotes.settle(known_ns)
            if stretch is not None:
                stretches[quotes] = stretch
        for gaps in self._gaps:
            gaps.settle(known_ns)
        if self._visibility is not None:
            self._visibility.settle(stretches, known_ns)
        if self._reference is not None:
            self._reference.settle(stretches, known_ns)

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        for link in self._links:
            link.finish(at_ns)
        self._measure(at_ns)
        if self._visibility is not None:
            self._visibility.finish(at_ns)
        for quotes in self._quotes:
            quotes.finish(at_ns)
