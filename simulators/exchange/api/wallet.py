"""Wallet: deposits to and withdrawals from an account, each with the states that its owner can follow.

A withdrawal takes the value at once (it leaves to the ledger's ``external`` account) and then goes from awaiting
approval (2) over processing (4) to completed (6). A deposit is seen first (0), then credited but not yet free to leave
(6), then done (1); the value arrives when it is credited. Fees are nil.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from hashlib import blake2b

import msgspec

from simulators.exchange.api.errors import ApiError
from simulators.exchange.core import Exchange
from simulators.ledger import EXTERNAL, Overdraft
from simulators.ports import Audit, Clock

_SECOND_NS = 10**9
_KEPT = 1_000  # transfers an account can look back on; the most a client may ask for at once

AWAITING_APPROVAL, PROCESSING, COMPLETED = 2, 4, 6
PENDING, CREDITED, SUCCESS = 0, 6, 1

_STATES = {
    ("withdrawal", AWAITING_APPROVAL): "awaiting_approval",
    ("withdrawal", PROCESSING): "processing",
    ("withdrawal", COMPLETED): "completed",
    ("deposit", PENDING): "pending",
    ("deposit", CREDITED): "credited",
    ("deposit", SUCCESS): "completed",
}


class WalletTimings(msgspec.Struct, frozen=True):
    """How long each state of a transfer lasts, in ns."""

    approval_ns: int = 30 * _SECOND_NS
    processing_ns: int = 300 * _SECOND_NS
    confirmation_ns: int = 300 * _SECOND_NS
    unlock_ns: int = 300 * _SECOND_NS


class WalletTransfer(msgspec.Struct, eq=False):
    """One deposit or withdrawal. ``amount`` is in 10⁻⁸ of the asset; times are ns, 0 while not reached."""

    transfer_id: str
    direction: str
    account: str
    asset: str
    amount: int
    status: int
    address: str
    network: str
    transaction_id: str
    client_id: str
    created_ns: int
    completed_ns: int
    cause: int


class Wallet:
    """Deposits and withdrawals of every account at one exchange."""

    def __init__(self, exchange: Exchange, clock: Clock, audit: Audit, timings: WalletTimings) -> None:
        self._exchange = exchange
        self._clock = clock
        self._audit = audit
        self._timings = timings
        self._count = 0
        self._history: dict[tuple[str, str], deque[WalletTransfer]] = {}

    def transfers(self, account: str, direction: str) -> list[WalletTransfer]:
        """The account's deposits or withdrawals, newest first; the oldest are forgotten."""
        return list(reversed(self._history.get((account, direction), ())))

    def address(self, account: str, asset: str) -> str:
        """Where deposits of an asset for an account go: the same address every time."""
        return "0x" + self._digest(f"address {account} {asset}", 20)

    def withdraw(
        self, account: str, asset: str, amount: int, address: str, network: str, client_id: str, cause: int
    ) -> WalletTransfer:
        """Begin a withdrawal; ApiError -4026 when the account has less than that free."""
        transfer = self._new(
            "withdrawal", account, asset, amount, AWAITING_APPROVAL, address, network, client_id, cause
        )
        try:
            transfer.cause = self._exchange.transfer(asset, account, EXTERNAL, amount, "withdrawal", cause)
        except Overdraft:
            raise ApiError(400, -4026, "User has insufficient balance") from None
        self._keep(transfer)
        self._later(self._timings.approval_ns, self._process, transfer)
        return transfer

    def deposit(self, account: str, asset: str, amount: int, cause: int = 0) -> WalletTransfer:
        """Have value from outside arrive at an account: seen now, credited after the confirmation time."""
        address = self.address(account, asset)
        transfer = self._new("deposit", account, asset, amount, PENDING, address, network_of(asset), "", cause)
        self._keep(transfer)
        self._later(self._timings.confirmation_ns, self._credit, transfer)
        return transfer

    def _process(self, transfer: WalletTransfer) -> None:
        self._change(transfer, PROCESSING)
        self._later(self._timings.processing_ns, self._complete, transfer)

    def _complete(self, transfer: WalletTransfer) -> None:
        transfer.completed_ns = self._clock.now_ns
        self._change(transfer, COMPLETED)

    def _credit(self, transfer: WalletTransfer) -> None:
        transfer.cause = self._exchange.transfer(
            transfer.asset, EXTERNAL, transfer.account, transfer.amount, "deposit", transfer.cause
        )
        self._change(transfer, CREDITED)
        self._later(self._timings.unlock_ns, self._unlock, transfer)

    def _unlock(self, transfer: WalletTransfer) -> None:
        transfer.completed_ns = self._clock.now_ns
        self._change(transfer, SUCCESS)

    def _new(
        self,
        direction: str,
        account: str,
        asset: str,
        amount: int,
        status: int,
        address: str,
        network: str,
        client_id: str,
        cause: int,
    ) -> WalletTransfer:
        self._count += 1
        seed = f"{direction} {self._count}"
        return WalletTransfer(
            self._digest(seed, 16),
            direction,
            account,
            asset,
            amount,
            status,
            address,
            network,
            "0x" + self._digest(f"{seed} transaction", 32),
            client_id,
            self._clock.now_ns,
            0,
            cause,
        )

    def _keep(self, transfer: WalletTransfer) -> None:
        key = (transfer.account, transfer.direction)
        if key not in self._history:
            self._history[key] = deque(maxlen=_KEPT)
        self._history[key].append(transfer)
        self._record(transfer)

    def _change(self, transfer: WalletTransfer, status: int) -> None:
        transfer.status = status
        self._record(transfer)

    def _record(self, transfer: WalletTransfer) -> None:
        transfer.cause = self._audit.record(
            "transfer",
            self._exchange.name,
            transfer.cause,
            transfer.transfer_id,
            transfer.direction,
            transfer.asset,
            transfer.amount,
            _STATES[transfer.direction, transfer.status],
            transfer.client_id,
        )

    def _later(self, delay_ns: int, step: Callable[[WalletTransfer], None], transfer: WalletTransfer) -> None:
        self._clock.call_at(self._clock.now_ns + delay_ns, step, transfer)

    def _digest(self, text: str, size: int) -> str:
        return blake2b(f"{self._exchange.name} {text}".encode(), digest_size=size).hexdigest()


_NETWORKS = {"BTC": "BTC", "ETH": "ETH", "USDT": "ETH", "USDC": "ETH", "USD": "SWIFT"}


def network_of(asset: str) -> str:
    """The network an asset travels on; one that the venue has no special word for bears the asset's name."""
    return _NETWORKS.get(asset, asset)
