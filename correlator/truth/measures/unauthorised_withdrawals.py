"""Unauthorised withdrawals: value that left the firm for the outside world without its order, in USD."""

from __future__ import annotations

import msgspec

from correlator.records import Intent, Posting, Record, Transfer
from correlator.truth.gauge import GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.valued import Waiting
from correlator.truth.measures.watch import Watch
from correlator.truth.own_orders import WITHDRAWAL
from correlator.truth.sliding import SlidingSum
from correlator.truth.stretch import Books, Stretch

_MOST_ORDERED = 65_536  # names of withdrawals that the firm ordered, the oldest forgotten


class _Left(msgspec.Struct, gc=False):
    at_ns: int
    seq: int
    venue: str
    asset: str
    units: int
    is_ordered: bool = False


class UnauthorisedWithdrawals(Watch):
    """Σ amount × mark over what left the firm's accounts at a venue and was not ordered, within ``window``.

    The firm orders a withdrawal by an intent of type ``withdrawal``, under a name. What leaves is moved by a posting,
    and the venue's record of the transfer, of the same moment, tells the name that it was ordered under.
    """

    mandate = "unauthorised_withdrawals"
    takes = (Intent, Posting, Transfer)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        self._ordered: dict[tuple[str, str], None] = {}  # venue and name
        self._sums: dict[str, SlidingSum | None] = {}
        self._waiting: Waiting[_Left] = Waiting()
        self._unnamed: list[_Left] = []  # of one moment: no transfer record has told their names

    def open_account(self, venue: str, account: str) -> None:
        if venue not in self._sums:
            gauge = self.board.bound(self.mandate, venue)
            self._sums[venue] = SlidingSum(gauge, self.window_ns) if gauge is not None else None

    def open_vault(self, venue: str, account: str) -> None:
        self.open_account(venue, account)

    def take(self, record: Record) -> None:
        if isinstance(record, Intent):
            if record.type == WITHDRAWAL and record.event == "sent":
                self._order(record.venue, record.client_order_id)
        elif isinstance(record, Transfer):
            if record.direction == WITHDRAWAL:
                self._name(record)
        else:
            assert isinstance(record, Posting)
            if record.reason == WITHDRAWAL and self._sums.get(record.source) is not None:
                self._leave(record)

    def evaluate(self, stretch: Stretch) -> None:
        for place, left in self._waiting.due(stretch):
            total = self._sums[left.venue]
            if total is not None and not left.is_ordered:
                amount = left.units / 10 ** self.books.scales[left.asset]
                total.add(left.at_ns, amount * stretch.last_mark(left.asset, place), left.seq)
        for total in self._sums.values():
            if total is not None:
                total.advance(int(stretch.ends[-1]) - 1)

    def _order(self, venue: str, name: str) -> None:
        if len(self._ordered) >= _MOST_ORDERED:
            del self._ordered[next(iter(self._ordered))]
        self._ordered[venue, name] = None

    def _leave(self, record: Posting) -> None:
        leaves = self.ledger.owner(record.source, record.to_account) == "external"
        if not leaves or not self.is_firms(record.source, record.from_account):
            return
        if self._unnamed and self._unnamed[0].at_ns != record.at_ns:
            self._unnamed.clear()
        left = _Left(record.at_ns, record.seq, record.source, record.asset, record.amount)
        self._unnamed.append(left)
        self._waiting.add(left)

    def _name(self, record: Transfer) -> None:
        moved = (record.at_ns, record.source, record.asset, record.amount)
        for place, left in enumerate(self._unnamed):
            if (left.at_ns, left.venue, left.asset, left.units) == moved:
                left.is_ordered = (record.source, record.client_id) in self._ordered
                del self._unnamed[place]
                return
