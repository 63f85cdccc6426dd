"""Account endpoints: balances and own trades, the wallet, and what a master sees of its sub-accounts."""

from __future__ import annotations

from zlib import crc32

import msgspec

from simulators.exchange.api import order_payloads
from simulators.exchange.api.errors import ApiError
from simulators.exchange.api.notation import trimmed_text
from simulators.exchange.api.order_payloads import TradeRow
from simulators.exchange.api.pairs import Pairs
from simulators.exchange.api.parameters import Parameters
from simulators.exchange.api.routes import Access, Call, Route, costs
from simulators.exchange.api.trading_endpoints import check_timing
from simulators.exchange.api.user_data import UserData
from simulators.exchange.api.venue_clock import VenueClock
from simulators.exchange.core import Exchange
from simulators.exchange.order import Trade
from simulators.exchange.types import Listing
from simulators.ledger import to_text

_NS_PER_MS = 1_000_000


class CommissionRates(msgspec.Struct, frozen=True):
    maker: str
    taker: str
    buyer: str
    seller: str


class Balance(msgspec.Struct, frozen=True):
    asset: str
    free: str
    locked: str


class AccountInformation(msgspec.Struct, frozen=True, rename="camel"):
    maker_commission: int
    taker_commission: int
    buyer_commission: int
    seller_commission: int
    commission_rates: CommissionRates
    can_trade: bool
    can_withdraw: bool
    can_deposit: bool
    brokered: bool
    require_self_trade_prevention: bool
    prevent_sor: bool
    update_time: int
    account_type: str
    balances: list[Balance]
    permissions: tuple[str, ...]
    uid: int


class SubAccount(msgspec.Struct, frozen=True, rename="camel"):
    sub_user_id: int
    email: str
    remark: str
    is_freeze: bool
    create_time: int
    is_managed_sub_account: bool
    is_asset_management_sub_account: bool


class SubAccounts(msgspec.Struct, frozen=True, rename="camel"):
    sub_accounts: list[SubAccount]


class SubAccountBalance(msgspec.Struct, frozen=True):
    asset: str
    free: str
    locked: str
    freeze: str
    withdrawing: str


class SubAccountAssets(msgspec.Struct, frozen=True):
    balances: list[SubAccountBalance]


class AccountEndpoints:
    """Serves what belongs to the account that the key opens."""

    def __init__(self, exchange: Exchange, pairs: Pairs, clock: VenueClock, user_data: UserData) -> None:
        self._exchange = exchange
        self._pairs = pairs
        self._clock = clock
        self._user_data = user_data
        self._views = user_data.views
        self._opened_ms = clock.now_ns // _NS_PER_MS
        self._rates = _rates(exchange.listings[0])

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/api/v3/account", "account", Access.READ, costs(20), self._account),
            Route("GET", "/api/v3/myTrades", "account", Access.READ, _trades_weight, self._trades),
            Route("GET", "/sapi/v1/sub-account/list", "account", Access.MASTER, costs(1), self._sub_accounts),
            Route("GET", "/sapi/v4/sub-account/assets", "account", Access.MASTER, costs(60), self._sub_account_assets),
        ]

    def _account(self, call: Call) -> AccountInformation:
        check_timing(call.parameters, self._clock.now_ns)
        listing = self._exchange.listings[0]
        only_held = call.parameters.flag("omitZeroBalances")
        return AccountInformation(
            maker_commission=round(listing.maker_fee_bp),
            taker_commission=round(listing.taker_fee_bp),
            buyer_commission=0,
            seller_commission=0,
            commission_rates=self._rates,
            can_trade=True,
            can_withdraw=True,
            can_deposit=True,
            brokered=False,
            require_self_trade_prevention=False,
            prevent_sor=False,
            update_time=self._user_data.updated_ms(call.account) or self._opened_ms,
            account_type="SPOT",
            balances=[
                Balance(asset, to_text(free), to_text(held))
                for asset, free, held in self._views.balances(call.account)
                if free or held or not only_held
            ],
            permissions=("SPOT",),
            uid=self._user_id(call.account),
        )

    def _trades(self, call: Call) -> list[TradeRow]:
        parameters = call.parameters
        check_timing(parameters, self._clock.now_ns)
        pair = self._pairs.required(parameters)
        order_id = parameters.integer("orderId")
        from_id = parameters.integer("fromId")
        start_ms = parameters.integer("startTime")
        end_ms = parameters.integer("endTime")
        limit = parameters.limit(500, 1_000)
        account = call.account
        rows: list[tuple[Trade, bool]] = []
        for trade in self._views.trades(account):
            as_taker = trade.taker_account == account
            time_ms = pair.notation.time_ms(trade.at_ns)
            if (
                trade.index == pair.index
                and (order_id is None or order_id == (trade.taker_order if as_taker else trade.maker_order))
                and (from_id is None or trade.trade_id >= from_id)
                and (start_ms is None or time_ms >= start_ms)
                and (end_ms is None or time_ms <= end_ms)
            ):
                rows.append((trade, as_taker))
        oldest_first = from_id is not None or start_ms is not None
        chosen = rows[:limit] if oldest_first else rows[-limit:]
        return [order_payloads.trade_row(pair, trade, as_taker) for trade, as_taker in chosen]

    def _sub_accounts(self, call: Call) -> SubAccounts:
        email = call.parameters.text("email")
        rows = [
            SubAccount(self._user_id(name), self._email(name), name, False, self._opened_ms, False, False)
            for name in self._sub_account_names(call.account)
            if not email or email == self._email(name)
        ]
        page = max(1, call.parameters.integer("page") or 1)
        limit = call.parameters.limit(1, 200)
        return SubAccounts(rows[(page - 1) * limit : page * limit])

    def _sub_account_assets(self, call: Call) -> SubAccountAssets:
        email = call.parameters.required("email")
        for name in self._sub_account_names(call.account):
            if self._email(name) == email:
                return SubAccountAssets(
                    [
                        SubAccountBalance(asset, trimmed_text(free), trimmed_text(held), "0", "0")
                        for asset, free, held in self._views.balances(name)
                    ]
                )
        raise ApiError(400, -12022, "The sub-account does not belong to the master account.")

    def _sub_account_names(self, master: str) -> list[str]:
        """The firm's other accounts here, in the order they were opened."""
        accounts = self._exchange.ledger.accounts()
        return [account.name for account in accounts if account.owner == "firm" and account.name != master]

    def _email(self, account: str) -> str:
        return f"{account}_virtual@{self._exchange.name}.example"

    def _user_id(self, account: str) -> int:
        return crc32(f"{self._exchange.name} {account}".encode())


def _rates(listing: Listing) -> CommissionRates:
    return CommissionRates(_rate(listing.maker_fee_bp), _rate(listing.taker_fee_bp), _rate(0), _rate(0))


def _rate(basis_points: float) -> str:
    return f"{basis_points / 10_000:.8f}"


def _trades_weight(parameters: Parameters) -> int:
    return 5 if parameters.text("orderId") else 20
