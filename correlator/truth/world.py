"""World: takes the audit plane record by record and keeps every measure of the firm's books and of the market.

Quotes, by far the most numerous, are gathered and computed in stretches; everything else is taken at once.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import numpy as np

from correlator.limits import Limits
from correlator.records import (
    Account,
    Asset,
    Fill,
    Listing,
    MarkPrice,
    Position,
    Posting,
    Quote,
    Record,
    Settlement,
)
from correlator.truth.dealings import WATCHES, Dealings
from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.truth.ledger import Book, Ledger, Violations, book_of
from correlator.truth.measures.basis import Basis
from correlator.truth.measures.concentration import Concentration
from correlator.truth.measures.correlation_breakdown import CorrelationBreakdown
from correlator.truth.measures.correlation_cluster import CorrelationCluster
from correlator.truth.measures.daily_loss import DAY_NS, DailyLoss
from correlator.truth.measures.delta_exposure import DeltaExposure
from correlator.truth.measures.drawdown import Drawdown
from correlator.truth.measures.expected_shortfall import ExpectedShortfall
from correlator.truth.measures.leverage import Leverage
from correlator.truth.measures.measure import Measure, show
from correlator.truth.measures.notional_limit import NotionalLimit
from correlator.truth.measures.oldest_wait import CLOSED, OldestWait
from correlator.truth.measures.overdue_settlement import OverdueSettlement
from correlator.truth.measures.partial_settlement import PartialSettlement
from correlator.truth.measures.position_limit import PositionLimit
from correlator.truth.measures.price_divergence import PriceDivergence, oldest_quote_ns
from correlator.truth.measures.rapid_drawdown import RapidDrawdown
from correlator.truth.measures.stablecoin_exposure import StablecoinExposure
from correlator.truth.measures.stablecoin_peg import StablecoinPeg
from correlator.truth.measures.tail_exponent import TailExponent
from correlator.truth.measures.triangular_divergence import TriangularDivergence
from correlator.truth.measures.unsettled_exposure import UnsettledExposure
from correlator.truth.measures.volatility_regime import VolatilityRegime
from correlator.truth.measures.weekly_loss import WeeklyLoss
from correlator.truth.perpetuals import Perpetuals
from correlator.truth.returns import BASELINE_MINUTES, MINUTE_NS, MinuteReturns, full_minutes
from correlator.truth.shown.invented import InventedFill
from correlator.truth.stretch import USD, Books, Flow, Stretch
from correlator.truth.timeline import Step

_STRETCH_RECORDS = 16_384


class _Maker(Protocol):
    """A kind of measure."""

    mandate: str

    def __call__(self, board: GaugeBoard, books: Books) -> Measure: ...


class _StatisticMaker(Protocol):
    """A kind of measure that is looked at once a minute."""

    mandate: str

    def __call__(self, board: GaugeBoard, books: Books, returns: MinuteReturns) -> Measure: ...


_MEASURES: tuple[_Maker, ...] = (
    PositionLimit,
    NotionalLimit,
    DeltaExposure,
    Concentration,
    Leverage,
    CorrelationCluster,
    Drawdown,
    RapidDrawdown,
    DailyLoss,
    WeeklyLoss,
    StablecoinPeg,
    StablecoinExposure,
    PriceDivergence,
    TriangularDivergence,
    Basis,
    UnsettledExposure,
)
_STATISTICS: tuple[_StatisticMaker, ...] = (ExpectedShortfall, TailExponent, VolatilityRegime, CorrelationBreakdown)
MANDATES: frozenset[str] = frozenset(
    (
        *(make.mandate for make in _MEASURES),
        *(make.mandate for make in _STATISTICS),
        *(make.mandate for make in WATCHES),
        OverdueSettlement.mandate,
        PartialSettlement.mandate,
    )
)
"""What truth is computed of here."""


class World:
    """What the firm held and what it was worth, moment by moment.

    A measure that fails is left out from there on and named in ``failures`` (mandate → traceback): its rules have no
    truth, the others keep theirs.
    """

    def __init__(self, limits: Limits, board: GaugeBoard, start_ns: int, failures: dict[str, str]) -> None:
        self._board = board
        self._open_ns = start_ns
        self._settlements: dict[str, Settlement] = {}
        self._in_transit: dict[str, int] = {}
        self._unsettled: dict[str, int] = {}
        self._promised: dict[tuple[str, str], int] = {}  # what settlement owes the firm's accounts at a venue, net
        self._waits: tuple[OldestWait, ...] = (OverdueSettlement(board), PartialSettlement(board))
        self._measures: list[Measure] | None = None
        self._context: list[tuple[Gauge, Callable[[Stretch], np.ndarray[tuple[int], np.dtype[np.float64]]]]] = []
        self._clocked: list[tuple[int, int]] = []
        self.fills = 0
        self.failures = failures
        self.violations = Violations()
        self.ledger = Ledger(self.violations)
        self._perpetuals = Perpetuals(self.ledger, self.violations)
        self._contracts: dict[tuple[str, str], Book] = {}  # (venue, symbol) of every perpetual that is listed
        self._books = Books(limits, self._perpetuals)
        self._scales = self._books.scales
        self._dealings = Dealings(board, self._books, self.ledger, failures)
        self._is_by_minute = any(limits.mandate(make.mandate) is not None for make in _STATISTICS)
        self.watchers: list[Callable[[Stretch], None]] = []  # who else looks at every stretch
        self.venues: dict[str, bool] = {}  # venue → whether the firm has an account there
        self.pairs: dict[str, list[str]] = {}  # exchange → what it lists

    @property
    def counts_invented_fills(self) -> bool:
        """Whether a measure takes fills that only the wire tells of."""
        return InventedFill in self._dealings.watched

    def take(self, records: Sequence[Record]) -> None:
        """Take records in order."""
        quotes = self._books.tape.quotes
        taken = 0
        for place in [place for place, record in enumerate(records) if type(record) is not Quote]:
            quotes.extend(records[taken:place])  # type: ignore[arg-type]  # quotes all, and by far the most
            self._take(records[place])
            taken = place + 1
        quotes.extend(records[taken:])  # type: ignore[arg-type]
        if len(quotes) + self._books.changes.count >= _STRETCH_RECORDS:
            self._evaluate(None)

    def _take(self, record: Record) -> None:
        """Take anything but a quote."""
        if type(record) is Fill:
            self._fill(record)
        elif type(record) is MarkPrice:
            self._mark(record)
        elif type(record) is Posting:
            self._post(record)
        elif type(record) is Position:
            self._take_position(record)
        elif type(record) is Settlement:
            self._settle(record)
        elif type(record) is Listing:
            self._list(record)
        elif type(record) is Account:
            self._open_account(record)
        elif type(record) is Asset:
            self._declare(record)
        if self._dealings.watched:
            self._dealings.take(record)

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        self._evaluate(at_ns)
        for wait in self._waits:
            wait.finish(at_ns)

    def imbalances(self) -> list[str]:
        """What does not add up once the run is over, in words: a ledger, or promises against what was moved."""
        found = self.ledger.imbalances()
        for (venue, asset), promised in sorted(self._promised.items()):
            moved = self.ledger.settled_to_firm.get((venue, asset), 0)
            if moved != promised:
                found.append(
                    f"{venue}: settlement moved {moved} units of {asset} to the firm, instructed were {promised}"
                )
        return found

    def _declare(self, record: Asset) -> None:
        self._scales[record.asset] = record.scale
        self._books.holdings.setdefault(record.asset, Step())
        self._books.unsettled.setdefault(record.asset, Step())

    def _list(self, record: Listing) -> None:
        book = book_of(record, self._scales)
        self._books.tape.enlist(book, record.index)
        if book.is_perpetual:
            self._contracts[record.source, record.symbol] = book
        self.pairs.setdefault(record.source, []).append(record.symbol)

    def _open_account(self, record: Account) -> None:
        self.ledger.open(record)
        self.venues[record.source] = self.venues.get(record.source, False) or record.owner == "firm"

    def _fill(self, record: Fill) -> None:
        book = self._books.tape.find(record.source, record.index)
        if book is None:
            self.violations.add(record, f"trades listing {record.index}, which the exchange does not have")
            return
        self.fills += 1
        if book.is_perpetual:
            self._perpetuals.fill(record, book)
            self._books.changes.add(record.at_ns, record.seq)
            return
        self.ledger.fill(record, book)
        self._held(record.at_ns, record.seq, book.base)
        self._held(record.at_ns, record.seq, book.quote)

    def _take_position(self, record: Position) -> None:
        book = self._contracts.get((record.source, record.symbol))
        if book is None:
            self.violations.add(record, f"holds {record.symbol}, a contract that was never listed")
        elif self._perpetuals.take(record, book):
            self._books.changes.add(record.at_ns, record.seq)

    def _mark(self, record: MarkPrice) -> None:
        book = self._contracts.get((record.source, record.symbol))
        if book is None:
            self.violations.add(record, f"marks {record.symbol}, a contract that was never listed")
        else:
            self._perpetuals.mark(record, book)
            self._books.changes.add(record.at_ns, record.seq)

    def _keep_wallet(self, record: Posting) -> None:
        """A posting moved a margin account's wallet: of a firm's account where contracts are traded."""
        for account in (record.from_account, record.to_account):
            if self.ledger.owner(record.source, account) == "firm":
                wallet = self._books.wallets.setdefault((record.source, account), {})
                balance = self.ledger.balance(record.source, account, record.asset)
                step = wallet.setdefault(record.asset, Step())
                step.set(record.at_ns, balance / 10 ** self._scales[record.asset])

    def _post(self, record: Posting) -> None:
        if record.asset not in self._scales:
            self.violations.add(record, f"moves {record.asset}, an asset that was never declared")
            return
        flow = self.ledger.post(record)
        if any(venue == record.source for venue, _ in self._contracts):
            self._keep_wallet(record)
        if flow:
            amount = flow / 10 ** self._scales[record.asset]
            self._books.flows.append(Flow(record.at_ns, record.asset, amount))
        self._held(record.at_ns, record.seq, record.asset)

    def _settle(self, record: Settlement) -> None:
        if record.asset not in self._scales:
            self.violations.add(record, f"settles {record.asset}, an asset that was never declared")
            return
        if not 0 <= record.settled * (1 if record.amount > 0 else -1) <= abs(record.amount):
            self.violations.add(record, f"has settled {record.settled} of {record.amount}")
        before = self._settlements.pop(record.instruction_id, None)
        if before is not None:
            self._outstanding(before, -1)
        # The exchange gives up the whole amount when it is instructed, the custodian receives what has settled.
        instructed = 0 if before is not None else record.amount
        if record.status == "rejected":
            instructed -= record.amount - record.settled
        self._promise(record.counterparty, record.asset, -instructed)
        self._promise(record.source, record.asset, record.settled - (before.settled if before is not None else 0))
        if record.status not in CLOSED and record.settled != record.amount:
            self._settlements[record.instruction_id] = record
            self._outstanding(record, 1)
        for wait in self._waits:
            wait.take(record)
        unsettled = self._unsettled.get(record.asset, 0) / 10 ** self._scales[record.asset]
        self._books.unsettled[record.asset].set(record.at_ns, unsettled)
        self._held(record.at_ns, record.seq, record.asset)

    def _promise(self, venue: str, asset: str, units: int) -> None:
        self._promised[venue, asset] = self._promised.get((venue, asset), 0) + units

    def _outstanding(self, record: Settlement, sign: int) -> None:
        left = record.amount - record.settled
        self._in_transit[record.asset] = self._in_transit.get(record.asset, 0) + sign * left
        self._unsettled[record.asset] = self._unsettled.get(record.asset, 0) + sign * abs(left)

    def _held(self, at_ns: int, seq: int, asset: str) -> None:
        units = self.ledger.firm.get(asset, 0) + self._in_transit.get(asset, 0)
        step, whole = self._books.holdings[asset], units / 10 ** self._scales[asset]
        self._books.changes.add(at_ns, seq)
        step.set(at_ns, whole)

    def _begin(self) -> list[Measure]:
        """Make the measures; the world is known by its first stretch."""
        books, board = self._books, self._board
        measures: list[Measure] = []
        kept = [make for make in _MEASURES if books.limits.mandate(make.mandate) is not None]
        statistics = [make for make in _STATISTICS if books.limits.mandate(make.mandate) is not None]
        for make in kept:
            self._make(measures, make.mandate, partial(make, board, books))
        if statistics:
            windows_ns = [books.limits.mandates[make.mandate].window_ns for make in statistics]
            returns = MinuteReturns(books, max(windows_ns) // MINUTE_NS + 1 + BASELINE_MINUTES)
            for statistic in statistics:
                self._make(measures, statistic.mandate, partial(statistic, board, books, returns))
        self._context.append((board.context("equity", "firm", USD), lambda stretch: stretch.equity))
        for asset in books.holdings:
            if asset != USD:
                self._context.append(
                    (board.context("mark", asset, USD), lambda stretch, asset=asset: stretch.mark(asset))  # type: ignore[misc]
                )
        for place in range(len(books.tape.books)):
            age_ns = oldest_quote_ns(books.limits, books, place)
            if age_ns is not None:
                self._clocked.append((place, age_ns))
        return measures

    def _make(self, measures: list[Measure], mandate: str, make: Callable[[], Measure]) -> None:
        try:
            measures.append(make())
        except Exception:
            self.failures[mandate] = traceback.format_exc()

    def _evaluate(self, end_ns: int | None) -> None:
        """Compute every moment that is over; with ``end_ns`` also the last one."""
        books = self._books
        if self._measures is None:
            self._measures = self._begin()
        books.tape.gather(books.changes)
        last_ns = books.changes.last_ns(self._open_ns)
        until_ns = last_ns if end_ns is None else max(last_ns, end_ns)
        clock = list(range((self._open_ns // DAY_NS + 1) * DAY_NS, until_ns + 1, DAY_NS))
        if self._is_by_minute:
            clock += full_minutes(self._open_ns, until_ns)
        for place, age_ns in self._clocked:
            clock += books.tape.expiries(place, age_ns, self._open_ns, until_ns)
        moments = books.changes.moments(self._open_ns, clock)
        if end_ns is not None:
            moments = np.append(moments, until_ns + 1)  # closes the last moment
        if len(moments) > 1:
            self._measure(Stretch(books, moments[:-1], moments[1:], self._board.buckets))
        self._open_ns = int(moments[-1])
        books.changes.roll(books.tape.last_seq)
        books.tape.roll()
        for step in (*books.holdings.values(), *books.unsettled.values()):
            step.roll()
        for wallet in books.wallets.values():
            for step in wallet.values():
                step.roll()
        self._perpetuals.roll()

    def _measure(self, stretch: Stretch) -> None:
        assert self._measures is not None
        for measure in list(self._measures):
            try:
                measure.evaluate(stretch)
            except Exception:
                self.failures[measure.mandate] = traceback.format_exc()
                self._measures.remove(measure)
        self._dealings.evaluate(stretch)
        for gauge, column in self._context:
            show(gauge, stretch, column(stretch))
        for watch in self.watchers:
            watch(stretch)
        stretch.close()
