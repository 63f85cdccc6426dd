"""Rejected transfer: what the custodian was told to move and did not, by refusal or failure."""

from __future__ import annotations

from correlator.records import Record, Settlement, Transfer
from correlator.truth.gauge import GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.watch import Watch
from correlator.truth.sliding import SlidingSum
from correlator.truth.stretch import Books, Stretch

_UNDONE = frozenset(("rejected", "failed"))
_MOST_COUNTED = 65_536  # transactions that were, by name, the oldest forgotten


class RejectedTransfer(Watch):
    """Transfers and instructions that were rejected or failed within ``window``, per custodian; each counts once, when
    it first was, whatever its records say again later."""

    mandate = "rejected_transfer"
    takes = (Transfer, Settlement)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        self._sums: dict[str, SlidingSum | None] = {}
        self._counted: dict[tuple[str, str], None] = {}

    def open_vault(self, venue: str, account: str) -> None:
        if venue not in self._sums:
            gauge = self.board.bound(self.mandate, venue)
            self._sums[venue] = SlidingSum(gauge, self.window_ns) if gauge is not None else None

    def take(self, record: Record) -> None:
        assert isinstance(record, Transfer | Settlement)
        total = self._sums.get(record.source)
        if total is None or record.status not in _UNDONE:
            return
        name = record.transfer_id if isinstance(record, Transfer) else record.instruction_id
        if (record.source, name) in self._counted:
            return
        if len(self._counted) >= _MOST_COUNTED:
            del self._counted[next(iter(self._counted))]
        self._counted[record.source, name] = None
        total.add(record.at_ns, 1.0, record.seq)

    def evaluate(self, stretch: Stretch) -> None:
        for total in self._sums.values():
            if total is not None:
                total.advance(int(stretch.ends[-1]) - 1)
