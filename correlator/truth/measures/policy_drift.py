"""Policy drift: the limits in force are not those that were approved, or the log of approvals was tampered with."""

from __future__ import annotations

from correlator.records import Policy, Record
from correlator.truth.gauge import GaugeBoard
from correlator.truth.ledger import Ledger
from correlator.truth.measures.watch import Watch
from correlator.truth.stretch import Books

LIMITS = "limits"


class PolicyDrift(Watch):
    """1 while the policy store holds other limits than were approved last, or its log's chain is broken; else 0."""

    mandate = "policy_drift"
    takes = (Policy,)

    def __init__(self, board: GaugeBoard, books: Books, ledger: Ledger) -> None:
        super().__init__(board, books, ledger)
        self._gauge = board.bound(self.mandate, LIMITS)

    def take(self, record: Record) -> None:
        assert isinstance(record, Policy)
        if self._gauge is not None:
            drifts = record.stored != record.approved or not record.chain_is_whole
            self._gauge.set(record.at_ns, float(drifts), record.seq)
