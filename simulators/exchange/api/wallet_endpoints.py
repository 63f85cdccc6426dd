"""Wallet endpoints: coins and networks, withdrawals, deposits and their histories."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from simulators.exchange.api.errors import ApiError
from simulators.exchange.api.notation import parse_units, trimmed_text
from simulators.exchange.api.pairs import Pairs
from simulators.exchange.api.routes import Access, Call, Route, costs
from simulators.exchange.api.trading_endpoints import check_timing
from simulators.exchange.api.venue_clock import VenueClock
from simulators.exchange.api.wallet import COMPLETED, CREDITED, PENDING, Wallet, WalletTransfer, network_of
from simulators.exchange.core import Exchange

_MS_PER_S = 1_000
_LEGAL_MONEY = ("USD",)
_MIN_CONFIRMATIONS = 2


class Network(msgspec.Struct, frozen=True, rename="camel"):
    network: str
    coin: str
    name: str
    address_regex: str
    withdraw_integer_multiple: str = "0.00000001"
    is_default: bool = True
    deposit_enable: bool = True
    withdraw_enable: bool = True
    deposit_desc: str = ""
    withdraw_desc: str = ""
    special_tips: str = ""
    special_withdraw_tips: str = ""
    reset_address_status: bool = False
    memo_regex: str = ""
    withdraw_fee: str = "0"
    withdraw_min: str = "0.00000001"
    withdraw_max: str = "9999999999"
    min_confirm: int = _MIN_CONFIRMATIONS
    un_lock_confirm: int = 2 * _MIN_CONFIRMATIONS
    same_address: bool = False
    estimated_arrival_time: int = 5
    busy: bool = False


class Coin(msgspec.Struct, frozen=True, rename="camel"):
    coin: str
    deposit_all_enable: bool
    withdraw_all_enable: bool
    name: str
    free: str
    locked: str
    freeze: str
    withdrawing: str
    ipoing: str
    ipoable: str
    storage: str
    is_legal_money: bool
    trading: bool
    network_list: list[Network]


class WithdrawalId(msgspec.Struct, frozen=True):
    id: str


class WithdrawalRow(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    id: str
    amount: str
    transaction_fee: str
    coin: str
    status: int
    address: str
    tx_id: str
    apply_time: str
    network: str
    transfer_type: int
    info: str
    confirm_no: int
    wallet_type: int
    tx_key: str
    withdraw_order_id: str | None = None
    complete_time: str | None = None


class DepositRow(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    amount: str
    coin: str
    network: str
    status: int
    address: str
    address_tag: str
    tx_id: str
    insert_time: int
    complete_time: int | None
    transfer_type: int
    confirm_times: str
    unlock_confirm: int
    wallet_type: int


class DepositAddress(msgspec.Struct, frozen=True):
    address: str
    coin: str
    tag: str
    url: str


class WalletEndpoints:
    """Serves deposits and withdrawals of the account that the key opens."""

    def __init__(self, exchange: Exchange, pairs: Pairs, clock: VenueClock, wallet: Wallet) -> None:
        self._exchange = exchange
        self._pairs = pairs
        self._clock = clock
        self._wallet = wallet

    def routes(self) -> list[Route]:
        capital = "/sapi/v1/capital"
        return [
            Route("GET", f"{capital}/config/getall", "wallet", Access.READ, costs(10), self._coins),
            Route("POST", f"{capital}/withdraw/apply", "wallet", Access.WITHDRAW, costs(600), self._withdraw),
            Route("GET", f"{capital}/withdraw/history", "wallet", Access.READ, costs(1), self._withdrawals),
            Route("GET", f"{capital}/deposit/hisrec", "wallet", Access.READ, costs(1), self._deposits),
            Route("GET", f"{capital}/deposit/address", "wallet", Access.READ, costs(10), self._address),
        ]

    def _coins(self, call: Call) -> list[Coin]:
        check_timing(call.parameters, self._clock.now_ns)
        rows = []
        for asset in self._pairs.assets:
            free, held = self._exchange.balance(call.account, asset)
            rows.append(
                Coin(
                    coin=asset,
                    deposit_all_enable=True,
                    withdraw_all_enable=True,
                    name=asset,
                    free=trimmed_text(free),
                    locked=trimmed_text(held),
                    freeze="0",
                    withdrawing="0",
                    ipoing="0",
                    ipoable="0",
                    storage="0",
                    is_legal_money=asset in _LEGAL_MONEY,
                    trading=True,
                    network_list=[Network(network_of(asset), asset, network_of(asset), "^(0x)[0-9A-Fa-f]{40}$")],
                )
            )
        return rows

    def _withdraw(self, call: Call) -> WithdrawalId:
        parameters = call.parameters
        check_timing(parameters, self._clock.now_ns)
        asset = self._asset(parameters.required("coin"))
        address = parameters.required("address")
        parameters.required("amount")
        amount = parse_units(parameters.decimal("amount"), "amount")
        if amount <= 0:
            raise ApiError(400, -1130, "Data sent for parameter 'amount' is not valid.")
        network = parameters.text("network") or network_of(asset)
        if network != network_of(asset):
            raise ApiError(400, -4015, "The network is not supported for this coin.")
        client_id = parameters.text("withdrawOrderId")
        transfer = self._wallet.withdraw(call.account, asset, amount, address, network, client_id, call.cause)
        return WithdrawalId(transfer.transfer_id)

    def _withdrawals(self, call: Call) -> list[WithdrawalRow]:
        client_id = call.parameters.text("withdrawOrderId")
        chosen = self._chosen(call, "withdrawal")
        chosen = [transfer for transfer in chosen if not client_id or transfer.client_id == client_id]
        return [_withdrawal_row(transfer, self._clock) for transfer in chosen]

    def _deposits(self, call: Call) -> list[DepositRow]:
        return [_deposit_row(transfer, self._clock) for transfer in self._chosen(call, "deposit")]

    def _address(self, call: Call) -> DepositAddress:
        asset = self._asset(call.parameters.required("coin"))
        return DepositAddress(self._wallet.address(call.account, asset), asset, "", "")

    def _chosen(self, call: Call, direction: str) -> list[WalletTransfer]:
        """The account's transfers that the parameters select, newest first."""
        parameters = call.parameters
        check_timing(parameters, self._clock.now_ns)
        asset = parameters.text("coin")
        status = parameters.integer("status")
        start_ms = parameters.integer("startTime")
        end_ms = parameters.integer("endTime")
        offset = parameters.integer("offset") or 0
        limit = parameters.limit(1_000, 1_000)
        rows = [
            transfer
            for transfer in self._wallet.transfers(call.account, direction)
            if (not asset or transfer.asset == asset)
            and (status is None or transfer.status == status)
            and (start_ms is None or self._clock.ms(transfer.created_ns) >= start_ms)
            and (end_ms is None or self._clock.ms(transfer.created_ns) <= end_ms)
        ]
        return rows[offset : offset + limit]

    def _asset(self, name: str) -> str:
        if name not in self._pairs.assets:
            raise ApiError(400, -4018, "We don't have this asset.")
        return name


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // _MS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _withdrawal_row(transfer: WalletTransfer, clock: VenueClock) -> WithdrawalRow:
    is_done = transfer.status == COMPLETED
    return WithdrawalRow(
        id=transfer.transfer_id,
        amount=trimmed_text(transfer.amount),
        transaction_fee="0",
        coin=transfer.asset,
        status=transfer.status,
        address=transfer.address,
        tx_id=transfer.transaction_id if is_done else "",
        apply_time=_utc(clock.ms(transfer.created_ns)),
        network=transfer.network,
        transfer_type=0,
        info="",
        confirm_no=_MIN_CONFIRMATIONS if is_done else 0,
        wallet_type=0,
        tx_key="",
        withdraw_order_id=transfer.client_id or None,
        complete_time=_utc(clock.ms(transfer.completed_ns)) if is_done else None,
    )


def _deposit_row(transfer: WalletTransfer, clock: VenueClock) -> DepositRow:
    confirmations = {PENDING: 0, CREDITED: _MIN_CONFIRMATIONS}.get(transfer.status, 2 * _MIN_CONFIRMATIONS)
    return DepositRow(
        id=transfer.transfer_id,
        amount=trimmed_text(transfer.amount),
        coin=transfer.asset,
        network=transfer.network,
        status=transfer.status,
        address=transfer.address,
        address_tag="",
        tx_id=transfer.transaction_id,
        insert_time=clock.ms(transfer.created_ns),
        complete_time=clock.ms(transfer.completed_ns) if transfer.completed_ns else None,
        transfer_type=0,
        confirm_times=f"{min(confirmations, _MIN_CONFIRMATIONS)}/{_MIN_CONFIRMATIONS}",
        unlock_confirm=2 * _MIN_CONFIRMATIONS,
        wallet_type=0,
    )
