"""Dealings: what the firm, its gateway and its venues did, handed record by record to those who watch it."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from correlator.records import Account, Listing, Record
from correlator.truth.gauge import GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.authentication import Authentication
from correlator.truth.measures.clock_drift import ClockDrift
from correlator.truth.measures.failover_storm import FailoverStorm
from correlator.truth.measures.instrument_whitelist import InstrumentWhitelist
from correlator.truth.measures.message_rate import MessageRate
from correlator.truth.measures.order_rate import OrderRate
from correlator.truth.measures.order_rejects import OrderRejects
from correlator.truth.measures.policy_drift import PolicyDrift
from correlator.truth.measures.rejected_transfer import RejectedTransfer
from correlator.truth.measures.repeated_execution import RepeatedExecution
from correlator.truth.measures.single_trade_risk import SingleTradeRisk
from correlator.truth.measures.slippage import Slippage
from correlator.truth.measures.unauthorised_orders import UnauthorisedOrders
from correlator.truth.measures.unauthorised_withdrawals import UnauthorisedWithdrawals
from correlator.truth.measures.watch import Watch
from correlator.truth.stretch import Books, Stretch

WATCHES: tuple[type[Watch], ...] = (
    InstrumentWhitelist,
    SingleTradeRisk,
    Slippage,
    ClockDrift,
    OrderRejects,
    OrderRate,
    MessageRate,
    RepeatedExecution,
    UnauthorisedOrders,
    UnauthorisedWithdrawals,
    Authentication,
    PolicyDrift,
    FailoverStorm,
    RejectedTransfer,
)


class Dealings:
    """The watches of the mandates that the firm keeps; one that is not kept is not made, and costs nothing.

    The world is founded in the first moment of history: accounts and listings of that are announced once it is over, so
    that a venue is known for what it is. A watch that fails is left out from there on and named in ``failures``
    (mandate → traceback).
    """

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger, failures: dict[str, str]) -> None:
        self._failures = failures
        self._watches: list[Watch] = []
        self._founding: list[Record] | None = []  # records of the first moment; None: it is over
        for make in WATCHES:
            if board.limits.mandate(make.mandate) is not None:
                try:
                    self._watches.append(make(board, books, ledger))
                except Exception:
                    failures[make.mandate] = traceback.format_exc()
        self.watched: dict[type[Record], list[Watch]] = {}
        """By type of record, who takes it."""
        for watch in self._watches:
            for kind in watch.takes:
                self.watched.setdefault(kind, []).append(watch)

    def take(self, record: Record) -> None:
        """A record, after the ledger has taken it."""
        if self._founding is not None:
            if not self._founding or self._founding[0].at_ns == record.at_ns:
                self._founding.append(record)
                return
            self._found()
        for watch in tuple(self.watched.get(type(record), ())):
            try:
                watch.take(record)
            except Exception:
                self._give_up(watch)

    def evaluate(self, stretch: Stretch) -> None:
        """Let time pass to the end of a stretch, all of whose records were taken."""
        if self._founding is not None:
            self._found()
        for watch in tuple(self._watches):
            self._attempt(watch, lambda watch=watch: watch.evaluate(stretch))  # type: ignore[misc]

    def _found(self) -> None:
        founding, self._founding = self._founding or [], None
        pairs = [(record.source, record.symbol) for record in founding if isinstance(record, Listing)]
        accounts = [
            (record.source, record.account)
            for record in founding
            if isinstance(record, Account) and record.owner == "firm"
        ]
        for watch in tuple(self._watches):
            self._attempt(watch, lambda watch=watch: _introduce(watch, accounts, pairs))  # type: ignore[misc]
        for record in founding:
            self.take(record)

    def _attempt(self, watch: Watch, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception:
            self._give_up(watch)

    def _give_up(self, watch: Watch) -> None:
        """What is raised now ends a watch."""
        self._failures[watch.mandate] = traceback.format_exc()
        self._watches.remove(watch)
        for watches in self.watched.values():
            if watch in watches:
                watches.remove(watch)


def _introduce(watch: Watch, accounts: list[tuple[str, str]], pairs: list[tuple[str, str]]) -> None:
    exchanges = frozenset(venue for venue, _ in pairs)
    for venue, symbol in pairs:
        watch.enlist(venue, symbol)
    for venue, account in accounts:
        if venue in exchanges:
            watch.open_account(venue, account)
        else:
            watch.open_vault(venue, account)
