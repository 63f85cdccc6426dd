"""Custody connector: the Fireblocks dialect, vault accounts and transactions.

Source of names and shapes: https://developers.fireblocks.com/reference
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from urllib.parse import quote

import jwt
import msgspec

from risk_monitor.config import Account
from risk_monitor.connectors.decoding import amount, decode
from risk_monitor.connectors.domain import ConnectorError, CustodyBalance, SettlementSeen, TransferSeen

REQUEST_WEIGHT = 1
VAULT_PAGE = 500
TRANSACTION_PAGE = 200

_DEAD_STATUSES = ("REJECTED", "FAILED", "CANCELLED", "BLOCKED", "TIMEOUT")
REJECTED_STATUSES = ("REJECTED", "FAILED", "BLOCKED", "TIMEOUT")
_OWN_PEERS = ("VAULT_ACCOUNT", "EXCHANGE_ACCOUNT")

ASSET_OF_WALLET = {"USDT_ERC20": "USDT", "USDC_ERC20": "USDC"}
"""Custody names a token by the chain it lives on; the books do not care which."""


class VaultPage(msgspec.Struct, frozen=True):
    """One page of vault accounts; ``after`` is the cursor of the next one, "" on the last."""

    balances: tuple[CustodyBalance, ...]
    after: str


class TransactionPage(msgspec.Struct, frozen=True):
    """Transactions in order of creation. ``newest_ms`` is of the last one; ``is_full``: there may be more."""

    settlements: tuple[SettlementSeen, ...]
    transfers: tuple[TransferSeen, ...]
    newest_ms: int
    is_full: bool


class _Asset(msgspec.Struct):
    id: str
    total: Decimal


class _VaultAccount(msgspec.Struct):
    id: str
    assets: list[_Asset]


class _Paging(msgspec.Struct):
    after: str | None = None


class _VaultAccounts(msgspec.Struct):
    accounts: list[_VaultAccount]
    paging: _Paging = msgspec.field(default_factory=_Paging)


class _Peer(msgspec.Struct):
    type: str
    id: str | None = None


class _AmountInfo(msgspec.Struct, rename="camel"):
    amount: Decimal
    net_amount: Decimal | None = None


class _Settlement(msgspec.Struct, rename="camel"):
    contracted_at: int


class _Extra(msgspec.Struct):
    settlement: _Settlement | None = None


class _Transaction(msgspec.Struct, rename="camel"):
    id: str
    asset_id: str
    source: _Peer
    destination: _Peer
    amount_info: _AmountInfo
    status: str
    created_at: int
    last_updated: int = 0
    external_tx_id: str | None = None
    extra_parameters: _Extra | None = None


TOKEN_LIFE_S = 29
"""How long a token is good for; the service accepts less than 30 s."""

_NS_PER_S = 1_000_000_000
_HASH_OF_NOTHING = hashlib.sha256(b"").hexdigest()

_accounts_decoder = msgspec.json.Decoder(_VaultAccounts)
_transactions_decoder = msgspec.json.Decoder(list[_Transaction])


def headers_of(account: Account) -> tuple[tuple[str, str], ...]:
    return (("X-API-Key", account.api_key),)


class Signer:
    """Signs requests without a body, each with a token of its own (JWT, RFC 7519) that is good for it alone.

    The claims are those that Fireblocks documents. With an RSA key in PEM as its secret the account signs RS256, as the
    real service asks for; any other secret is shared with the custodian and signs HS256; without one nothing is signed.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._algorithm = "RS256" if account.api_secret.startswith("-----BEGIN") else "HS256"
        self._signed = 0

    def __call__(self, now_ns: int, target: str) -> tuple[tuple[str, str], ...]:
        secret = self._account.api_secret
        if not secret:
            return ()
        self._signed += 1
        issued_s = now_ns // _NS_PER_S
        claims = {
            "uri": target,
            "nonce": f"{now_ns:x}-{self._signed}",
            "iat": issued_s,
            "exp": issued_s + TOKEN_LIFE_S,
            "sub": self._account.api_key,
            "bodyHash": _HASH_OF_NOTHING,
        }
        return (("Authorization", "Bearer " + jwt.encode(claims, secret, self._algorithm)),)


def vault_target(after: str) -> str:
    cursor = f"&after={quote(after, safe='')}" if after else ""
    return f"/v1/vault/accounts_paged?limit={VAULT_PAGE}{cursor}"


def transactions_target(after_ms: int) -> str:
    """Transactions created after ``after_ms``, oldest first."""
    return f"/v1/transactions?after={after_ms}&orderBy=createdAt&sort=ASC&limit={TRANSACTION_PAGE}"


def read_vault_page(body: bytes) -> VaultPage:
    """Reply to ``GET /v1/vault/accounts_paged``, summed over its accounts."""
    page = decode(_accounts_decoder, body)
    totals: dict[str, Decimal] = {}
    for account in page.accounts:
        for holding in account.assets:
            asset = ASSET_OF_WALLET.get(holding.id, holding.id)
            totals[asset] = totals.get(asset, Decimal(0)) + amount(holding.total)
    return VaultPage(tuple(CustodyBalance(asset, total) for asset, total in totals.items()), page.paging.after or "")


def read_transactions(body: bytes) -> TransactionPage:
    """Reply to ``GET /v1/transactions``. Raises ``ConnectorError`` if any transaction cannot be read: half a list of
    promises is worse than an old one."""
    transactions = decode(_transactions_decoder, body)
    settlements: list[SettlementSeen] = []
    transfers: list[TransferSeen] = []
    for entry in transactions:
        extra = entry.extra_parameters
        if extra is not None and extra.settlement is not None:
            settlements.append(_settlement(entry, extra.settlement))
        else:
            transfers.append(_transfer(entry))
    newest_ms = max((entry.created_at for entry in transactions), default=0)
    return TransactionPage(tuple(settlements), tuple(transfers), newest_ms, len(transactions) >= TRANSACTION_PAGE)


def _settlement(entry: _Transaction, terms: _Settlement) -> SettlementSeen:
    arrives = entry.source.type == "EXCHANGE_ACCOUNT"
    counterparty = entry.source if arrives else entry.destination
    if counterparty.type != "EXCHANGE_ACCOUNT" or not counterparty.id:
        raise ConnectorError(f"settlement {entry.id} names no exchange")
    sign = 1 if arrives else -1
    return SettlementSeen(
        entry.id,
        counterparty.id,
        ASSET_OF_WALLET.get(entry.asset_id, entry.asset_id),
        sign * amount(entry.amount_info.amount),
        sign * amount(entry.amount_info.net_amount or Decimal(0)),
        entry.status,
        entry.status in _DEAD_STATUSES,
        entry.created_at,
        terms.contracted_at,
        entry.last_updated,
    )


def _transfer(entry: _Transaction) -> TransferSeen:
    arrives = entry.destination.type == "VAULT_ACCOUNT"
    other = entry.source if arrives else entry.destination
    moved = amount(entry.amount_info.net_amount or entry.amount_info.amount)
    return TransferSeen(
        entry.id,
        ASSET_OF_WALLET.get(entry.asset_id, entry.asset_id),
        moved if arrives else -moved,
        entry.status == "COMPLETED",
        other.type not in _OWN_PEERS,
        entry.created_at,
        entry.last_updated,
        entry.status,
        entry.status in _DEAD_STATUSES,
        entry.external_tx_id or "",
    )
