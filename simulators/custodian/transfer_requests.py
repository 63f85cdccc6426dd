"""Transfer requests: what a client may ask of the custody API, checked and turned into a transaction."""

from __future__ import annotations

from typing import cast

import msgspec

from simulators.custodian.core import Custodian, Vault
from simulators.custodian.payloads import PeerRequest, TransferRequest
from simulators.custodian.refused import Refused
from simulators.custodian.transactions import Peer, PeerType, Transaction
from simulators.ledger import to_units

_OUTSIDE: frozenset[str] = frozenset(("EXTERNAL_WALLET", "ONE_TIME_ADDRESS", "FIAT_ACCOUNT"))
_decode = msgspec.json.Decoder(TransferRequest).decode


def request_transfer(custodian: Custodian, body: bytes, cause: int) -> Transaction:
    """Begin the transfer that ``body`` asks for. Refused if it is malformed or names what is not there."""
    try:
        request = _decode(body)
        amount = to_units(str(request.amount))
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
        raise Refused(400, 1400, f"Invalid transaction request: {error}") from None
    if request.operation != "TRANSFER":
        raise Refused(400, 1400, f"Operation {request.operation} is not supported for this asset")
    if amount <= 0:
        raise Refused(400, 1400, "Amount must be greater than zero")
    if request.asset_id not in custodian.config.assets:
        raise unsupported_asset(request.asset_id)
    if request.external_tx_id and custodian.transactions.find_external(request.external_tx_id) is not None:
        raise Refused(400, 1438, "The external tx id that was provided in the request, already exists")
    if custodian.transactions.is_full:
        raise Refused(429, 1429, "Too many transactions are in progress")
    vault, inwards = _vault_and_direction(custodian, request)
    return custodian.transfers.request(
        vault.name,
        request.asset_id,
        amount if inwards else -amount,
        _peer(custodian, request.source),
        _peer(custodian, request.destination),
        request.external_tx_id,
        request.note,
        cause,
    )


def unsupported_asset(asset: str) -> Refused:
    text = f"The asset '{asset}' is not supported by Fireblocks, please check the supported assets endpoint."
    return Refused(400, 1503, text)


def unknown_vault(id: str) -> Refused:
    return Refused(404, 11001, f"The Provided Vault Account ID is invalid: {id}")


def _vault_and_direction(custodian: Custodian, request: TransferRequest) -> tuple[Vault, bool]:
    """The custody account a transfer concerns, and whether it comes in: from an exchange, the only peer we can pull."""
    source, destination = request.source.type, request.destination.type
    if source == "VAULT_ACCOUNT" and (destination == "EXCHANGE_ACCOUNT" or destination in _OUTSIDE):
        return _vault(custodian, request.source.id), False
    if source == "EXCHANGE_ACCOUNT" and destination == "VAULT_ACCOUNT":
        return _vault(custodian, request.destination.id), True
    raise Refused(400, 1400, f"Transfers from {source} to {destination} are not supported")


def _vault(custodian: Custodian, id: str) -> Vault:
    vault = custodian.vault(id)
    if vault is None:
        raise unknown_vault(id)
    return vault


def _peer(custodian: Custodian, request: PeerRequest) -> Peer:
    kind = cast(PeerType, request.type)  # one of the types let through above
    if kind == "VAULT_ACCOUNT":
        return Peer(kind, request.id, _vault(custodian, request.id).name)
    if kind == "EXCHANGE_ACCOUNT":
        if request.id not in custodian.exchanges:
            raise Refused(404, 1404, f"Exchange account {request.id} was not found")
        return Peer(kind, request.id, request.id)
    if kind == "ONE_TIME_ADDRESS":
        if request.one_time_address is None:
            raise Refused(400, 1400, "A one time address needs an address")
        return Peer(kind, "", "N/A", request.one_time_address.address)
    if not request.id:
        raise Refused(400, 1400, f"Destination {kind} needs an id")
    return Peer(kind, request.id, request.id)
