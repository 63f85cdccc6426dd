"""Custody checks: a custodian's balances, its transactions and the firm's own log, held against each other."""

from __future__ import annotations

from decimal import Decimal

from risk_monitor.books.custody import CustodyView
from risk_monitor.books.custody_balance import CustodyBalanceSheet
from risk_monitor.connectors.domain import TransferSeen
from risk_monitor.mandates.partial_settlement import PartialSettlement
from risk_monitor.mandates.reconciliation import Reconciliation
from risk_monitor.mandates.reconciliation_confidence import ReconciliationConfidence
from risk_monitor.mandates.rejected_transfer import RejectedTransfer
from risk_monitor.mandates.unauthorised_withdrawals import UnauthorisedWithdrawals

ACCOUNT = "custody"
"""All vault accounts together."""

_NS_PER_MS = 1_000_000
_RECENT_MS = 600_000


class CustodyChecks:
    """One custodian. ``suspicion_ns`` is when to read again what does not add up."""

    def __init__(
        self,
        venue: str,
        suspicion_ns: int,
        reconciliation: Reconciliation,
        confidence: ReconciliationConfidence,
        partial: tuple[PartialSettlement, ...],
        rejected: RejectedTransfer,
        withdrawals: UnauthorisedWithdrawals | None,
    ) -> None:
        self._venue = venue
        self._suspicion_ns = suspicion_ns
        self._reconciliation = reconciliation
        self._confidence = confidence
        self._partial = partial
        self._rejected = rejected
        self._withdrawals = withdrawals
        self._sheet = CustodyBalanceSheet()
        if withdrawals is not None:
            withdrawals.expect(venue, ACCOUNT)

    def viewed(self, now_ns: int, view: CustodyView, is_whole: bool) -> int | None:
        """A view was adopted; ``is_whole``: its balances and transactions belong together. Returns after how many ns to
        read again, None for the usual."""
        first = not self._sheet.is_begun
        for mandate in self._partial:
            mandate.on_view(now_ns, view)
        self._rejected.on_view(now_ns, view, first)
        self._judge_withdrawals(now_ns, view.transfers, first)
        if not (self._reconciliation.is_kept or self._confidence.is_kept):
            self._sheet.begin()
            return None
        if not is_whole:
            return self._suspicion_ns
        for balance in view.balances:
            self._reconciliation.expect(balance.asset)
        difference: dict[str, Decimal] | None = self._sheet.judge(now_ns, view)
        self._reconciliation.judged(now_ns, ACCOUNT, difference or {})
        if difference is None:
            return None
        self._confidence.judged(now_ns, not difference)
        return self._suspicion_ns if difference else None

    def unreadable(self) -> None:
        """A reading did not come to its end."""
        if self._withdrawals is not None:
            self._withdrawals.history_unreadable(self._venue, ACCOUNT)

    def _judge_withdrawals(self, now_ns: int, transfers: tuple[TransferSeen, ...], first: bool) -> None:
        withdrawals = self._withdrawals
        if withdrawals is None:
            return
        for transfer in transfers:
            if not (transfer.is_complete and transfer.is_outside and transfer.amount < 0):
                continue
            if first and transfer.updated_ms < now_ns // _NS_PER_MS - _RECENT_MS:
                withdrawals.left_long_ago(self._venue, transfer.transfer_id)
                continue
            withdrawals.left(
                now_ns,
                self._venue,
                transfer.transfer_id,
                transfer.asset,
                float(-transfer.amount),
                transfer.client_id,
                f"{self._venue} transaction id={transfer.transfer_id} {-transfer.amount} {transfer.asset}"
                f" externalTxId={transfer.client_id or 'none'}",
            )
        withdrawals.history_read(now_ns, self._venue, ACCOUNT)
