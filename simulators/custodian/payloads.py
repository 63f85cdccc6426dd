"""Payloads of the custody API: the shapes of the Fireblocks dialect, and how amounts are written in them."""

from __future__ import annotations

import msgspec

from simulators.custodian.calendar import format_date
from simulators.custodian.core import AssetPosition, Vault
from simulators.custodian.transactions import Instruction, Peer, Status, Transaction
from simulators.ledger import SCALE, UNITS, to_text

_NS_PER_MS = 1_000_000
_FIAT = frozenset(("USD", "EUR", "GBP"))
_ASSET_NAMES = {"BTC": "Bitcoin", "ETH": "Ethereum", "USDT": "Tether USD", "USDC": "USD Coin", "USD": "US Dollar"}


def decimal(units: int) -> str:
    """Smallest units as the dialect writes them: a decimal string without trailing zeros."""
    text = to_text(units).rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


class VaultAsset(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    total: str
    balance: str  # deprecated by the dialect, equal to total
    locked_amount: str
    available: str
    pending: str
    frozen: str = "0"
    staked: str = "0"

    @classmethod
    def of(cls, position: AssetPosition) -> VaultAsset:
        total = decimal(position.total)
        return cls(
            id=position.asset,
            total=total,
            balance=total,
            locked_amount=decimal(position.locked),
            available=decimal(position.free),
            pending=decimal(position.pending),
        )


class VaultAccount(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str
    assets: list[VaultAsset]
    hidden_on_ui: bool = msgspec.field(name="hiddenOnUI", default=False)
    auto_fuel: bool = False

    @classmethod
    def of(cls, vault: Vault, positions: list[AssetPosition]) -> VaultAccount:
        return cls(id=vault.id, name=vault.name, assets=[VaultAsset.of(position) for position in positions])


class Paging(msgspec.Struct, frozen=True, omit_defaults=True):
    after: str | None = None


class VaultAccountsPage(msgspec.Struct, frozen=True):
    accounts: list[VaultAccount]
    paging: Paging = Paging()


class ExchangeAsset(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    balance: str
    locked_amount: str
    total: str
    available: str
    credit: str = "0"


class ExchangeAccount(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str
    assets: list[ExchangeAsset]
    type: str = "BINANCE"
    status: str = "APPROVED"
    is_subaccount: bool = False

    @classmethod
    def of(cls, name: str, balances: list[tuple[str, int, int]]) -> ExchangeAccount:
        assets = []
        for asset, free, held in balances:
            total = decimal(free + held)
            assets.append(ExchangeAsset(asset, total, decimal(held), total, decimal(free)))
        return cls(id=name, name=name, assets=assets)


class SupportedAsset(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str
    type: str
    decimals: int = SCALE
    contract_address: str = ""
    native_asset: str = ""

    @classmethod
    def of(cls, asset: str) -> SupportedAsset:
        kind = "FIAT" if asset in _FIAT else "BASE_ASSET"
        return cls(id=asset, name=_ASSET_NAMES.get(asset, asset), type=kind, native_asset=asset)


class TransferPeer(msgspec.Struct, frozen=True, rename="camel"):
    type: str
    id: str
    name: str
    sub_type: str = ""

    @classmethod
    def of(cls, peer: Peer) -> TransferPeer:
        sub_type = {"EXCHANGE_ACCOUNT": "BINANCE", "EXTERNAL_WALLET": "External"}.get(peer.type, "")
        return cls(type=peer.type, id=peer.id, name=peer.name, sub_type=sub_type)


class AmountInfo(msgspec.Struct, frozen=True, rename="camel"):
    amount: str
    requested_amount: str
    net_amount: str
    amount_usd: str | None = msgspec.field(name="amountUSD", default=None)


class FeeInfo(msgspec.Struct, frozen=True, rename="camel"):
    network_fee: str = "0"
    service_fee: str = "0"


class SettlementTerms(msgspec.Struct, frozen=True, rename="camel"):
    trade_date: str
    terms: str
    contracted_at: int


class ExtraParameters(msgspec.Struct, frozen=True, omit_defaults=True):
    settlement: SettlementTerms | None = None


class TransactionPayload(msgspec.Struct, frozen=True, rename="camel"):
    """A transaction as the API shows it; times are ms, amounts without sign."""

    id: str
    asset_id: str
    asset_type: str
    source: TransferPeer
    destination: TransferPeer
    requested_amount: float
    amount: float
    net_amount: float
    amount_info: AmountInfo
    created_at: int
    last_updated: int
    status: str
    sub_status: str
    destination_address: str
    note: str
    fee_currency: str
    external_tx_id: str | None
    extra_parameters: ExtraParameters
    num_of_confirmations: int
    exchange_tx_id: str = ""
    amount_usd: float | None = msgspec.field(name="amountUSD", default=None)
    fee: int = 0
    network_fee: int = 0
    fee_info: FeeInfo = FeeInfo()
    operation: str = "TRANSFER"
    tx_hash: str = ""
    source_address: str = ""
    destination_address_description: str = ""
    destination_tag: str = ""
    address_type: str = ""
    created_by: str = ""
    rejected_by: str = ""
    signed_by: list[str] = []
    customer_ref_id: str | None = None

    @classmethod
    def of(cls, transaction: Transaction) -> TransactionPayload:
        amount, settled = abs(transaction.amount), abs(transaction.settled)
        is_dollar = transaction.asset == "USD"
        text = decimal(amount)
        settlement = None
        if isinstance(transaction, Instruction):
            settlement = SettlementTerms(
                trade_date=format_date(transaction.trade_day),
                terms=transaction.terms,
                contracted_at=transaction.contracted_ns // _NS_PER_MS,
            )
        return cls(
            id=transaction.id,
            asset_id=transaction.asset,
            asset_type="FIAT" if transaction.asset in _FIAT else "BASE_ASSET",
            source=TransferPeer.of(transaction.source),
            destination=TransferPeer.of(transaction.destination),
            requested_amount=amount / UNITS,
            amount=amount / UNITS,
            net_amount=settled / UNITS,
            amount_usd=amount / UNITS if is_dollar else None,
            amount_info=AmountInfo(text, text, decimal(settled), text if is_dollar else None),
            created_at=transaction.created_ns // _NS_PER_MS,
            last_updated=transaction.updated_ns // _NS_PER_MS,
            status=transaction.status.value,
            sub_status=transaction.sub_status,
            destination_address=transaction.destination.address,
            note=transaction.note,
            fee_currency=transaction.asset,
            external_tx_id=transaction.external_id or None,
            exchange_tx_id=transaction.external_id if settlement else "",
            extra_parameters=ExtraParameters(settlement),
            num_of_confirmations=1 if transaction.status is Status.COMPLETED else 0,
        )


class ErrorBody(msgspec.Struct, frozen=True):
    message: str
    code: int


class CreatedBody(msgspec.Struct, frozen=True):
    id: str
    status: str


class CancelledBody(msgspec.Struct, frozen=True):
    success: bool


class PeerRequest(msgspec.Struct, frozen=True, rename="camel"):
    """One end of a transfer as a client names it. A client may send more than is read here."""

    type: str
    id: str = ""
    one_time_address: OneTimeAddress | None = None


class OneTimeAddress(msgspec.Struct, frozen=True):
    address: str
    tag: str = ""


class TransferRequest(msgspec.Struct, frozen=True, rename="camel"):
    """Body of ``POST /v1/transactions``."""

    asset_id: str
    source: PeerRequest
    destination: PeerRequest
    amount: str | int | float
    operation: str = "TRANSFER"
    external_tx_id: str = ""
    note: str = ""
