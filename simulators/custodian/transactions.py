"""Transactions: promises to move an asset in or out of custody, and the bounded book that remembers them."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
from collections import deque
from collections.abc import Iterator
from typing import Literal

import msgspec

PeerType = Literal[
    "VAULT_ACCOUNT", "EXCHANGE_ACCOUNT", "EXTERNAL_WALLET", "ONE_TIME_ADDRESS", "FIAT_ACCOUNT", "UNKNOWN"
]


class Status(enum.Enum):
    """Where a transaction stands, in the words of the dialect."""

    SUBMITTED = "SUBMITTED"
    PENDING_AUTHORIZATION = "PENDING_AUTHORIZATION"
    CONFIRMING = "CONFIRMING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"


CLOSED = frozenset((Status.COMPLETED, Status.CANCELLED, Status.REJECTED, Status.FAILED))
"""States that nothing leads out of."""


class Peer(msgspec.Struct, frozen=True):
    """One end of a transaction: a vault account here, an account at an exchange, or somebody outside."""

    type: PeerType
    id: str
    name: str = ""
    address: str = ""  # of a one-time address


@dataclasses.dataclass(slots=True, eq=False, kw_only=True)
class Transaction:
    """A promise to move ``amount`` of one asset, and how much of it has moved.

    ``amount`` and ``settled`` are smallest units seen from the firm's custody account: above zero it is to receive,
    below zero it is to pay. ``number`` counts the custodian's transactions in the order they were made.
    """

    id: str
    vault: str  # the custody account's name in the ledger
    asset: str
    amount: int
    source: Peer
    destination: Peer
    created_ns: int
    updated_ns: int
    external_id: str = ""
    note: str = ""
    status: Status = Status.SUBMITTED
    sub_status: str = ""
    settled: int = 0
    number: int = 0  # given by the book
    cause: int = 0  # the last record about it: what its next one follows from

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED

    @property
    def outstanding(self) -> int:
        """What is still to move, with the sign of ``amount``."""
        return self.amount - self.settled


@dataclasses.dataclass(slots=True, eq=False, kw_only=True)
class Instruction(Transaction):
    """A settlement instruction: a promise, made at a cut-off, to move an exchange's profit or loss by a time.

    ``contracted_ns`` is the time agreed; ``complete_ns`` the time at which the custodian means to be done, after
    a confirmation that takes ``confirmation_ns``.
    """

    counterparty: str
    trade_day: int
    terms: str
    contracted_ns: int
    complete_ns: int
    confirmation_ns: int


@dataclasses.dataclass(slots=True, eq=False, kw_only=True)
class Transfer(Transaction):
    """A deposit or a withdrawal, and how long each of its stages will take."""

    screening_ns: int
    approval_ns: int
    confirmation_ns: int


class TransactionBook:
    """Every open transaction, and the last ``history_limit`` closed ones; older ones are forgotten.

    Whoever makes a transaction asks ``is_full`` first: the book refuses nothing by itself.
    """

    __slots__ = ("_by_external_id", "_by_id", "_closed", "_history_limit", "_made", "_open", "_open_limit", "_salt")

    def __init__(self, open_limit: int, history_limit: int, salt: bytes) -> None:
        self._open_limit = open_limit
        self._history_limit = history_limit
        self._salt = salt
        self._by_id: dict[str, Transaction] = {}  # in the order they were made
        self._by_external_id: dict[str, Transaction] = {}
        self._open: dict[str, Transaction] = {}
        self._closed: deque[Transaction] = deque()
        self._made = 0

    def name_of(self, subject: str) -> str:
        """An identifier in the form of a UUID that tells nothing of ``subject`` and repeats with the seed."""
        digest = hashlib.blake2b(subject.encode(), key=self._salt, digest_size=16).hexdigest()
        variant = "89ab"[int(digest[16], 16) % 4]
        return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:]}"

    @property
    def made(self) -> int:
        """How many transactions there have ever been."""
        return self._made

    @property
    def is_full(self) -> bool:
        return len(self._open) >= self._open_limit

    def add(self, transaction: Transaction) -> None:
        self._made += 1
        transaction.number = self._made
        self._by_id[transaction.id] = transaction
        self._open[transaction.id] = transaction
        if transaction.external_id:
            self._by_external_id[transaction.external_id] = transaction

    def close(self, transaction: Transaction) -> None:
        """Move a transaction that has reached a final state into the history."""
        del self._open[transaction.id]
        self._closed.append(transaction)
        if len(self._closed) > self._history_limit:
            forgotten = self._closed.popleft()
            del self._by_id[forgotten.id]
            if forgotten.external_id:
                del self._by_external_id[forgotten.external_id]

    def find(self, id: str) -> Transaction | None:
        return self._by_id.get(id)

    def find_external(self, external_id: str) -> Transaction | None:
        return self._by_external_id.get(external_id)

    def open(self) -> Iterator[Transaction]:
        """Transactions under way, oldest first."""
        return iter(self._open.values())

    def newest_first(self) -> Iterator[Transaction]:
        return reversed(self._by_id.values())

    def oldest_first(self) -> Iterator[Transaction]:
        return iter(self._by_id.values())
