"""The custodian's production API: the Fireblocks dialect over HTTP. There is no stream: clients poll."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import numpy as np

from simulators.custodian.core import AssetPosition, Custodian, Vault
from simulators.custodian.door import CustodyKey, Door
from simulators.custodian.operations import DEFAULT_SERVICE_TIMES
from simulators.custodian.payloads import (
    CancelledBody,
    CreatedBody,
    ErrorBody,
    ExchangeAccount,
    Paging,
    SupportedAsset,
    TransactionPayload,
    VaultAccount,
    VaultAccountsPage,
    VaultAsset,
)
from simulators.custodian.refused import Refused
from simulators.custodian.transactions import Status, Transaction, Transfer
from simulators.custodian.transfer_requests import request_transfer, unknown_vault, unsupported_asset
from simulators.log_normal import LogNormal
from simulators.ports import Reply, Request, Stream
from simulators.service_time import ServiceTimes

_NS_PER_MS = 1_000_000
_NS_PER_US = 1_000
_JSON = (("Content-Type", "application/json; charset=utf-8"),)
_DEFAULT_LIMIT = 200
_MAXIMUM_LIMIT = 500
_encode = msgspec.json.Encoder().encode


class Outage(Protocol):
    """Something that keeps the API from answering: the place where an outage acts."""

    def answer(self, cause: int) -> Reply | None:
        """What a client gets instead of an answer; None: nothing, ever."""


class Retouch(Protocol):
    """Something that shows clients other than what is so."""

    def position(self, vault: Vault, position: AssetPosition) -> AssetPosition:
        """One asset of a vault as it is shown."""

    def transaction(self, transaction: Transaction) -> Transaction:
        """A transaction as it is shown."""


class CustodianApi:
    """The custody API, a ``ports.Venue``.

    A request is carried out at the end of its service time, when its reply leaves. Service times depend on the
    operation and the moment of arrival only, so that a request of both a run and its control takes equally long.
    """

    def __init__(
        self,
        custodian: Custodian,
        keys: Mapping[str, CustodyKey],
        latency: Mapping[str, LogNormal],
        rng: np.random.Generator,
    ) -> None:
        self.name = custodian.name
        self.custodian = custodian
        self.outages: list[Outage] = []
        self.retouches: list[Retouch] = []
        self._clock = custodian.clock
        self._door = Door(keys)
        self._service_times = ServiceTimes(DEFAULT_SERVICE_TIMES, latency, rng)

    def handle(self, request: Request, respond: Callable[[Reply, int], None], cause: int) -> None:
        """Serve a request after its service time."""
        now_ns = self._clock.now_ns
        operation = "read" if request.method == "GET" else "write"
        served_ns = now_ns + self._service_times.service_ns(operation, now_ns, request.target)
        self._clock.call_at(served_ns, self._serve, (request, respond, cause))

    def open_stream(
        self, target: str, push: Callable[[bytes, int], None], closed: Callable[[str], None]
    ) -> Stream | None:
        """Custody has no stream."""
        return None

    def _serve(self, work: tuple[Request, Callable[[Reply, int], None], int]) -> None:
        request, respond, cause = work
        if self.outages:
            reply = self.outages[0].answer(cause)
            if reply is not None:
                respond(reply, cause)
            return
        try:
            key = self._door.admit(request, self._clock.now_ns)
            body = self._route(request, key, cause)
        except Refused as refusal:
            respond(error_reply(refusal.status, refusal.code, refusal.message), cause)
            return
        respond(Reply(200, _encode(body), _JSON), cause)

    def _route(self, request: Request, key: CustodyKey, cause: int) -> object:
        url = urlsplit(request.target)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        path = [unquote(part) for part in url.path.strip("/").split("/")]
        match request.method, path:
            case "GET", ["v1", "vault", "accounts_paged"]:
                return self._vaults(query)
            case "GET", ["v1", "vault", "accounts", vault_id]:
                return self._vault_account(self._vault(vault_id))
            case "GET", ["v1", "vault", "accounts", vault_id, asset]:
                return self._vault_asset(self._vault(vault_id), asset)
            case "GET", ["v1", "transactions"]:
                return [self._shown(found) for found in self._transactions(query)]
            case "GET", ["v1", "transactions", "external_tx_id", external_id]:
                return self._shown(_found(self.custodian.transactions.find_external(external_id), external_id))
            case "GET", ["v1", "transactions", id]:
                return self._shown(_found(self.custodian.transactions.find(id), id))
            case "GET", ["v1", "supported_assets"]:
                return [SupportedAsset.of(asset) for asset in self.custodian.config.assets]
            case "GET", ["v1", "exchange_accounts"]:
                return [ExchangeAccount.of(name, link.balances()) for name, link in self.custodian.exchanges.items()]
            case "POST", ["v1", "transactions"]:
                _require_write(key)
                made = request_transfer(self.custodian, request.body, cause)
                return CreatedBody(made.id, made.status.value)
            case "POST", ["v1", "transactions", id, "cancel"]:
                _require_write(key)
                return self._cancel(_found(self.custodian.transactions.find(id), id), cause)
        raise Refused(404, 404, f"Cannot {request.method} {url.path}")

    def _vault(self, id: str) -> Vault:
        vault = self.custodian.vault(id)
        if vault is None:
            raise unknown_vault(id)
        return vault

    def _vault_account(self, vault: Vault) -> VaultAccount:
        return VaultAccount.of(vault, self._positions(vault))

    def _positions(self, vault: Vault) -> list[AssetPosition]:
        positions = self.custodian.positions(vault)
        for retouch in self.retouches:
            positions = [retouch.position(vault, position) for position in positions]
        return positions

    def _shown(self, transaction: Transaction) -> TransactionPayload:
        for retouch in self.retouches:
            transaction = retouch.transaction(transaction)
        return TransactionPayload.of(transaction)

    def _vault_asset(self, vault: Vault, asset: str) -> VaultAsset:
        if asset not in self.custodian.config.assets:
            raise unsupported_asset(asset)
        for position in self._positions(vault):
            if position.asset == asset:
                return VaultAsset.of(position)
        raise Refused(404, 1006, f"Asset {asset} was not found in vault account {vault.id}")

    def _vaults(self, query: Mapping[str, str]) -> VaultAccountsPage:
        """Vault accounts from the cursor ``after`` (the last one already seen) on, and the cursor of the next page."""
        prefix, asset = query.get("namePrefix", ""), query.get("assetId", "")
        vaults = self.custodian.vaults
        if after := query.get("after", ""):
            vaults = vaults[vaults.index(self._vault(after)) + 1 :]
        limit = _limit(query)
        accounts: list[VaultAccount] = []
        for vault in vaults:
            if vault.name.startswith(prefix):
                account = self._vault_account(vault)
                if not asset or any(wallet.id == asset for wallet in account.assets):
                    if len(accounts) == limit:
                        return VaultAccountsPage(accounts, Paging(after=accounts[-1].id))
                    accounts.append(account)
        return VaultAccountsPage(accounts)

    def _transactions(self, query: Mapping[str, str]) -> list[Transaction]:
        """Transactions that the query selects, newest first unless it says ``sort=ASC``."""
        ascending = query.get("sort", "DESC").upper() == "ASC"
        book = self.custodian.transactions
        found: Iterator[Transaction] = book.oldest_first() if ascending else book.newest_first()
        if query.get("orderBy", "createdAt") == "lastUpdated":
            found = iter(sorted(found, key=lambda transaction: transaction.updated_ns, reverse=not ascending))
        after_ms, before_ms = _milliseconds(query, "after"), _milliseconds(query, "before")
        status = query.get("status", "")
        if status and status not in Status.__members__:
            raise Refused(400, 1400, f"Invalid transaction status: {status}")
        selected = (
            transaction
            for transaction in found
            if (not status or transaction.status.value == status)
            and (after_ms is None or transaction.created_ns // _NS_PER_MS > after_ms)
            and (before_ms is None or transaction.created_ns // _NS_PER_MS < before_ms)
            and query.get("sourceType", transaction.source.type) == transaction.source.type
            and query.get("sourceId", transaction.source.id) == transaction.source.id
            and query.get("destType", transaction.destination.type) == transaction.destination.type
            and query.get("destId", transaction.destination.id) == transaction.destination.id
        )
        return list(islice(selected, _limit(query)))

    def _cancel(self, transaction: Transaction, cause: int) -> CancelledBody:
        if not isinstance(transaction, Transfer):
            raise Refused(400, 1405, "A settlement cannot be cancelled by one of its parties")
        if not self.custodian.transfers.cancel(transaction, cause):
            raise Refused(400, 1405, f"A transaction in status {transaction.status.value} cannot be cancelled")
        return CancelledBody(True)


def error_reply(status: int, code: int, message: str) -> Reply:
    """A refusal as the dialect writes it."""
    return Reply(status, _encode(ErrorBody(message, code)), _JSON)


def _found(transaction: Transaction | None, id: str) -> Transaction:
    if transaction is None:
        raise Refused(404, 1404, f"Transaction {id} was not found")
    return transaction


def _require_write(key: CustodyKey) -> None:
    if not key.can_write:
        raise Refused(401, -8, "Unauthorized: Insufficient permissions.")


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(_DEFAULT_LIMIT))
    if not text.isdecimal() or not 1 <= int(text) <= _MAXIMUM_LIMIT:
        raise Refused(400, 1400, f"limit must be a number from 1 to {_MAXIMUM_LIMIT}, not {text}")
    return int(text)


def _milliseconds(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise Refused(400, 1400, f"{name} must be a time in milliseconds, not {text}")
    return int(text)
