"""Transfers: deposits into custody and withdrawals from it, asked for by the firm or come from outside.

A transfer between custody and an exchange leaves one ledger and reaches the other at the same moment, when it is
confirmed: until then what is promised is locked, but still owned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from simulators.custodian.config import CustodianConfig, TransferConfig
from simulators.custodian.transactions import CLOSED, Peer, Status, Transaction, TransactionBook, Transfer
from simulators.ledger import EXTERNAL, Ledger, Overdraft, to_units
from simulators.ports import Audit, Clock

_CANCELLABLE = frozenset((Status.SUBMITTED, Status.PENDING_AUTHORIZATION))


class Treasury(Protocol):
    """What transfers ask of an exchange: its side of the movement, in smallest units of the asset."""

    def receive(self, asset: str, amount: int, cause: int) -> None:
        """Credit what came from custody."""

    def send(self, asset: str, amount: int, cause: int) -> None:
        """Debit what goes to custody. Overdraft if it is not free there."""


class Refuser(Protocol):
    """Something that turns transactions down when they come up for approval."""

    def refuses(self, transaction: Transaction) -> str:
        """The dialect's sub-status with which it is rejected; empty: it is not."""


class ApprovalDelay(Protocol):
    """Something that makes approvals take longer."""

    def approval_extra_ns(self, transfer: Transaction) -> int:
        """How much longer its approval takes, which is asked for now."""


class TransferDesk:
    """Takes transfers through screening, approval and confirmation.

    SUBMITTED → PENDING_AUTHORIZATION (what leaves custody is locked) → CONFIRMING → COMPLETED. A transfer without
    funds ends FAILED, one above the policy's limit REJECTED, one the firm takes back before approval CANCELLED.
    What comes from outside needs nobody's approval: it appears CONFIRMING.
    """

    def __init__(
        self, config: CustodianConfig, clock: Clock, audit: Audit, ledger: Ledger, book: TransactionBook,
        exchanges: Mapping[str, Treasury], rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self._name = config.name
        self._work: TransferConfig = config.transfers
        self._limits = {asset: to_units(text) for asset, text in config.transfers.policy_limits.items()}
        self._clock = clock
        self._audit = audit
        self._ledger = ledger
        self._book = book
        self._exchanges = exchanges
        self._rng = rng
        self.refusers: list[Refuser] = []
        self.approval_delays: list[ApprovalDelay] = []

    def request(
        self, vault: str, asset: str, amount: int, source: Peer, destination: Peer, external_id: str, note: str,
        cause: int,
    ) -> Transfer:  # fmt: skip
        """Begin a transfer the firm asks for; ``amount`` > 0 comes into custody, < 0 leaves it."""
        transfer = self._make(vault, asset, amount, source, destination, external_id, note, cause)
        self._record(transfer)
        self._clock.call_at(self._clock.now_ns + transfer.screening_ns, self._screened, transfer)
        return transfer

    def receive(self, vault: Peer, asset: str, amount: int, note: str, cause: int) -> Transfer:
        """Let a deposit from outside appear; ``amount`` > 0 is credited when it is confirmed."""
        if amount <= 0:
            raise ValueError(f"a deposit must be positive, not {amount}")
        transfer = self._make(vault.name, asset, amount, Peer("UNKNOWN", "", "External"), vault, "", note, cause)
        transfer.status = Status.CONFIRMING
        self._record(transfer)
        self._clock.call_at(self._clock.now_ns + transfer.confirmation_ns, self._confirmed, transfer)
        return transfer

    def cancel(self, transfer: Transfer, cause: int) -> bool:
        """Take back a transfer that nobody has approved yet; False if it is too late."""
        if transfer.status not in _CANCELLABLE:
            return False
        transfer.cause = cause
        self._unlock(transfer)
        self._pass_to(transfer, Status.CANCELLED, "CANCELLED_BY_USER")
        return True

    def _make(
        self, vault: str, asset: str, amount: int, source: Peer, destination: Peer, external_id: str, note: str,
        cause: int,
    ) -> Transfer:  # fmt: skip
        transfer = Transfer(
            id=self._book.name_of(f"transfer {self._book.made + 1}"),
            vault=vault,
            asset=asset,
            amount=amount,
            source=source,
            destination=destination,
            created_ns=self._clock.now_ns,
            updated_ns=self._clock.now_ns,
            external_id=external_id,
            note=note,
            cause=cause,
            # Drawn all at once: a transfer that ends early must not disturb the times of the next one.
            screening_ns=self._draw(self._work.screening_ns),
            approval_ns=self._draw(self._work.approval_ns),
            confirmation_ns=self._draw(self._work.confirmation_ns),
        )
        self._book.add(transfer)
        return transfer

    def _screened(self, transfer: Transfer) -> None:
        if transfer.status is not Status.SUBMITTED:
            return  # cancelled meanwhile
        if transfer.amount < 0:
            try:
                self._ledger.hold(transfer.vault, transfer.asset, -transfer.amount)
            except Overdraft:
                self._pass_to(transfer, Status.FAILED, "INSUFFICIENT_FUNDS")
                return
        self._pass_to(transfer, Status.PENDING_AUTHORIZATION)
        extra_ns = max((delay.approval_extra_ns(transfer) for delay in self.approval_delays), default=0)
        self._clock.call_at(self._clock.now_ns + transfer.approval_ns + extra_ns, self._approved, transfer)

    def _approved(self, transfer: Transfer) -> None:
        if transfer.status is not Status.PENDING_AUTHORIZATION:
            return  # cancelled meanwhile
        limit = self._limits.get(transfer.asset)
        if limit is not None and abs(transfer.amount) > limit:
            self._unlock(transfer)
            self._pass_to(transfer, Status.REJECTED, "REJECTED_BY_USER")
            return
        for refuser in self.refusers:
            if sub_status := refuser.refuses(transfer):
                self._unlock(transfer)
                self._pass_to(transfer, Status.REJECTED, sub_status)
                return
        self._pass_to(transfer, Status.CONFIRMING, "PENDING_BLOCKCHAIN_CONFIRMATIONS")
        self._clock.call_at(self._clock.now_ns + transfer.confirmation_ns, self._confirmed, transfer)

    def _confirmed(self, transfer: Transfer) -> None:
        try:
            if transfer.amount > 0:
                self._bring_in(transfer)
            else:
                self._send_out(transfer)
        except Overdraft:  # an exchange's account was emptied while the transfer was under way
            self._pass_to(transfer, Status.FAILED, "INSUFFICIENT_FUNDS")
            return
        transfer.settled = transfer.amount
        self._pass_to(transfer, Status.COMPLETED, "CONFIRMED")

    def _bring_in(self, transfer: Transfer) -> None:
        amount, asset, cause = transfer.amount, transfer.asset, transfer.cause
        if transfer.source.type == "EXCHANGE_ACCOUNT":
            self._exchanges[transfer.source.id].send(asset, amount, cause)
            self._ledger.move(asset, transfer.source.id, transfer.vault, amount, "transfer", cause)
        else:
            self._ledger.move(asset, EXTERNAL, transfer.vault, amount, "deposit", cause)

    def _send_out(self, transfer: Transfer) -> None:
        amount, asset, cause = -transfer.amount, transfer.asset, transfer.cause
        self._unlock(transfer)
        if transfer.destination.type == "EXCHANGE_ACCOUNT":
            self._ledger.move(asset, transfer.vault, transfer.destination.id, amount, "transfer", cause)
            self._exchanges[transfer.destination.id].receive(asset, amount, cause)
        else:
            self._ledger.move(asset, transfer.vault, EXTERNAL, amount, "withdrawal", cause)

    def _unlock(self, transfer: Transfer) -> None:
        if transfer.amount < 0 and transfer.status is not Status.SUBMITTED:
            self._ledger.release(transfer.vault, transfer.asset, -transfer.amount)

    def _pass_to(self, transfer: Transfer, status: Status, sub_status: str = "") -> None:
        transfer.status = status
        transfer.sub_status = sub_status
        transfer.updated_ns = self._clock.now_ns
        self._record(transfer)
        if status in CLOSED:
            self._book.close(transfer)

    def _draw(self, span: tuple[int, int]) -> int:
        return int(self._rng.integers(span[0], span[1], endpoint=True))

    def _record(self, transfer: Transfer) -> None:
        transfer.cause = self._audit.record(
            "transfer",
            self._name,
            transfer.cause,
            transfer.id,
            "deposit" if transfer.amount > 0 else "withdrawal",
            transfer.asset,
            abs(transfer.amount),
            transfer.status.value.lower(),
            transfer.external_id,
        )
