"""Custodian: the house that holds the firm's master account and settles with the exchanges it trades on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec
import numpy as np

from simulators.custodian.config import CustodianConfig
from simulators.custodian.settlement import SettlementDesk, SettlingExchange
from simulators.custodian.transactions import Peer, Status, TransactionBook
from simulators.custodian.transfers import TransferDesk, Treasury
from simulators.ledger import Ledger, to_units
from simulators.ports import Audit, Clock


class ConnectedExchange(SettlingExchange, Treasury, Protocol):
    """All that a custodian asks of an exchange. ``exchange_link.ExchangeLink`` gives it."""

    def balances(self) -> list[tuple[str, int, int]]:
        """``(asset, free, held)`` of all the firm's accounts there together, sorted by asset."""


class Vault(msgspec.Struct, frozen=True):
    """A custody account of the firm: ``id`` is its number in the dialect, ``name`` its name in the ledger."""

    id: str
    name: str


class AssetPosition(msgspec.Struct, frozen=True):
    """One asset of one vault, in smallest units. ``locked`` is promised outwards, ``pending`` on its way in."""

    asset: str
    free: int
    locked: int
    pending: int

    @property
    def total(self) -> int:
        return self.free + self.locked


class Custodian:
    """A custodian: custody accounts in a double-entry ledger, settlement with exchanges, deposits and withdrawals.

    Life: construct, ``open_account`` (the first one is the master account, into which profit settles),
    ``connect_exchange`` for each exchange, ``start``. Three random streams are split off ``rng``: settlement,
    transfers and identifiers do not disturb one another.
    """

    def __init__(self, config: CustodianConfig, clock: Clock, audit: Audit, rng: np.random.Generator) -> None:
        settlement_rng, transfer_rng, name_rng = rng.spawn(3)
        self.name = config.name
        self.config = config
        self.clock = clock
        self.audit = audit
        self.ledger = Ledger(config.name, audit)
        self.transactions = TransactionBook(config.open_limit, config.history_limit, name_rng.bytes(16))
        self.exchanges: dict[str, ConnectedExchange] = {}
        self.vaults: list[Vault] = []
        self.settlement = SettlementDesk(
            config, config.calendar(), clock, audit, self.ledger, self.transactions, settlement_rng
        )
        self.transfers = TransferDesk(
            config, clock, audit, self.ledger, self.transactions, self.exchanges, transfer_rng
        )  # fmt: skip

    def open_account(self, name: str, opening: Mapping[str, str]) -> Vault:
        """Open a custody account of the firm with opening balances (asset → decimal string)."""
        unknown = [asset for asset in opening if asset not in self.config.assets]
        if unknown:
            raise ValueError(f"{self.name} does not hold {unknown[0]}; it holds {', '.join(self.config.assets)}")
        self.ledger.open_account(name, "firm", {asset: to_units(text) for asset, text in opening.items()})
        vault = Vault(str(len(self.vaults)), name)
        self.vaults.append(vault)
        return vault

    def connect_exchange(self, name: str, exchange: ConnectedExchange, terms: str | None = None) -> None:
        """Settle with an exchange, under its own ``terms`` (``T+0`` to ``T+2``) or the custodian's usual ones."""
        self.settlement.connect(name, exchange, terms or self.config.terms)
        self.exchanges[name] = exchange

    def start(self, until_ns: int) -> None:
        """Open the first sessions now and hold cut-offs until ``until_ns``."""
        if not self.vaults:
            raise ValueError(f"{self.name} has no account to settle into")
        master = self.vaults[0]
        self.settlement.start(until_ns, master.name, Peer("VAULT_ACCOUNT", master.id, master.name))

    def vault(self, id: str) -> Vault | None:
        """The vault of that number."""
        return next((vault for vault in self.vaults if vault.id == id), None)

    def positions(self, vault: Vault) -> list[AssetPosition]:
        """Every asset the vault has a wallet for, in the custodian's order of assets."""
        pending: dict[str, int] = {}
        for transaction in self.transactions.open():
            if transaction.vault == vault.name and transaction.status is Status.CONFIRMING and transaction.amount > 0:
                pending[transaction.asset] = pending.get(transaction.asset, 0) + transaction.outstanding
        holdings = self.ledger.account(vault.name).holdings
        positions = []
        for asset in self.config.assets:
            if asset in holdings or asset in pending:
                free, locked = self.ledger.balance(vault.name, asset)
                positions.append(AssetPosition(asset, free, locked, pending.get(asset, 0)))
        return positions

    def receive_deposit(self, vault: Vault, asset: str, amount: int, note: str = "", cause: int = 0) -> str:
        """Let ``amount`` smallest units arrive from outside; return the transaction's id."""
        peer = Peer("VAULT_ACCOUNT", vault.id, vault.name)
        return self.transfers.receive(peer, asset, amount, note, cause).id
