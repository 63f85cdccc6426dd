"""Unauthorised withdrawals: value that left the firm for the outside world without its order, in USD."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from correlator.records import Intent, Posting, Record
from correlator.truth.gauge import GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.valued import Waiting
from correlator.truth.measures.watch import Watch
from correlator.truth.own_orders import WITHDRAWAL
from correlator.truth.sliding import SlidingSum
from correlator.truth.stretch import Books, Stretch


class _Left(msgspec.Struct, frozen=True, gc=False):
    at_ns: int
    seq: int
    venue: str
    asset: str
    amount: float


class UnauthorisedWithdrawals(Watch):
    """Σ amount × mark over what left the firm's accounts at a venue and was not ordered, within ``window``.

    The firm orders a withdrawal by an intent of type ``withdrawal``, whose quantity of the asset may then leave that
    account, at once or in parts.
    """

    mandate = "unauthorised_withdrawals"
    takes = (Intent, Posting)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        self._ordered: dict[tuple[str, str, str], int] = {}  # venue, account, asset → smallest units that may leave
        self._sums: dict[str, SlidingSum | None] = {}
        self._waiting: Waiting[_Left] = Waiting()

    def open_account(self, venue: str, account: str) -> None:
        if venue not in self._sums:
            gauge = self.board.bound(self.mandate, venue)
            self._sums[venue] = SlidingSum(gauge, self.window_ns) if gauge is not None else None

    def open_vault(self, venue: str, account: str) -> None:
        self.open_account(venue, account)

    def take(self, record: Record) -> None:
        if isinstance(record, Intent):
            if record.type == WITHDRAWAL and record.event == "sent":
                units = int(Decimal(record.quantity).scaleb(self.books.scales[record.symbol]))
                key = (record.venue, record.account, record.symbol)
                self._ordered[key] = self._ordered.get(key, 0) + units
            return
        assert isinstance(record, Posting)
        if record.reason != "withdrawal" or self._sums.get(record.source) is None:
            return
        leaves = self.ledger.owner(record.source, record.to_account) == "external"
        if not leaves or not self.is_firms(record.source, record.from_account):
            return
        key = (record.source, record.from_account, record.asset)
        allowed = min(record.amount, self._ordered.get(key, 0))
        if allowed:
            self._ordered[key] -= allowed
        if record.amount > allowed:
            amount = (record.amount - allowed) / 10 ** self.books.scales[record.asset]
            self._waiting.add(_Left(record.at_ns, record.seq, record.source, record.asset, amount))

    def evaluate(self, stretch: Stretch) -> None:
        for place, left in self._waiting.due(stretch):
            total = self._sums[left.venue]
            if total is not None:
                total.add(left.at_ns, left.amount * stretch.last_mark(left.asset, place), left.seq)
        for total in self._sums.values():
            if total is not None:
                total.advance(int(stretch.ends[-1]) - 1)
