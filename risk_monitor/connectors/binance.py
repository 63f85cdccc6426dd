"""Exchange connector: the Binance spot dialect, REST, market streams and the user-data WebSocket API.

Source of names and shapes: https://developers.binance.com/docs/binance-spot-api-docs
"""

from __future__ import annotations

import hmac
from decimal import Decimal
from functools import lru_cache
from urllib.parse import urlencode

import msgspec

from risk_monitor.config import Account
from risk_monitor.connectors.decoding import amount, decode, price
from risk_monitor.connectors.domain import (
    AccountSnapshot,
    Balance,
    BalanceChange,
    ConnectorError,
    Fill,
    HistoryRecord,
    OrderEvent,
    OrderUpdate,
)

TIME_WEIGHT = 1
ACCOUNT_WEIGHT = 20
TRADES_WEIGHT = 20
ORDERS_WEIGHT = 20
HISTORY_WEIGHT = 2
RECEIVE_WINDOW_MS = 10_000
MAX_TRADES = 1000

_NS_PER_MS = 1_000_000
_NONE = Decimal(0)
_UNDONE = (1, 3, 5)  # withdrawals cancelled, rejected, failed
_EVENTS = {"NEW": OrderEvent.ACCEPTED, "CANCELED": OrderEvent.CANCELLED}


class BookTicker(msgspec.Struct, gc=False):
    """Best bid and ask of a symbol. A side without quantity is empty."""

    symbol: str = msgspec.field(name="s")
    update_id: int = msgspec.field(name="u")
    bid: float = msgspec.field(name="b")
    bid_quantity: float = msgspec.field(name="B")
    ask: float = msgspec.field(name="a")
    ask_quantity: float = msgspec.field(name="A")


class BookTickerFrame(msgspec.Struct, gc=False):
    """A frame of a combined stream."""

    data: BookTicker


class _ServerTime(msgspec.Struct, rename="camel"):
    server_time: int


class _Balance(msgspec.Struct):
    asset: str
    free: Decimal
    locked: Decimal


class _Account(msgspec.Struct, rename="camel"):
    update_time: int
    balances: list[_Balance]


class _Trade(msgspec.Struct, rename="camel"):
    symbol: str
    id: int
    price: float
    qty: Decimal
    quote_qty: Decimal
    commission: Decimal
    commission_asset: str
    time: int
    is_buyer: bool
    order_id: int = 0
    is_maker: bool = False


class _Order(msgspec.Struct, rename="camel"):
    symbol: str
    order_id: int
    client_order_id: str


class _Withdrawal(msgspec.Struct, rename="camel"):
    id: str
    amount: Decimal
    coin: str
    transaction_fee: Decimal = Decimal(0)
    status: int = 6
    withdraw_order_id: str = ""


class _Deposit(msgspec.Struct, rename="camel"):
    amount: Decimal
    coin: str
    id: str = ""
    tx_id: str = ""


class _ExecutionReport(msgspec.Struct, tag_field="e", tag="executionReport"):
    symbol: str = msgspec.field(name="s")
    side: str = msgspec.field(name="S")
    execution: str = msgspec.field(name="x")
    status: str = msgspec.field(name="X")
    order_id: int = msgspec.field(name="i")
    last_quantity: Decimal = msgspec.field(name="l")
    last_price: float = msgspec.field(name="L")
    last_quote: Decimal = msgspec.field(name="Y")
    fee: Decimal = msgspec.field(name="n")
    time_ms: int = msgspec.field(name="T")
    trade_id: int = msgspec.field(name="t")
    fee_asset: str | None = msgspec.field(name="N", default=None)
    quantity: Decimal = msgspec.field(name="q", default=_NONE)
    is_maker: bool = msgspec.field(name="m", default=False)
    client_order_id: str = msgspec.field(name="c", default="")
    original_client_order_id: str = msgspec.field(name="C", default="")


class _PositionBalance(msgspec.Struct):
    asset: str = msgspec.field(name="a")
    free: Decimal = msgspec.field(name="f")
    locked: Decimal = msgspec.field(name="l")


class _AccountPosition(msgspec.Struct, tag_field="e", tag="outboundAccountPosition"):
    update_ms: int = msgspec.field(name="u")
    balances: list[_PositionBalance] = msgspec.field(name="B")


class _BalanceUpdate(msgspec.Struct, tag_field="e", tag="balanceUpdate"):
    asset: str = msgspec.field(name="a")
    change: Decimal = msgspec.field(name="d")
    time_ms: int = msgspec.field(name="T")


class _ListStatus(msgspec.Struct, tag_field="e", tag="listStatus"):
    """Order lists say nothing that their orders' reports do not say."""


class _ExternalLock(msgspec.Struct, tag_field="e", tag="externalLockUpdate"):
    """Locked outside spot; the account position that follows carries the balance."""


class _StreamTerminated(msgspec.Struct, tag_field="e", tag="eventStreamTerminated"):
    """The subscription ended, for example because the key was revoked."""


class _UserFrame(msgspec.Struct, rename="camel"):
    event: (
        _ExecutionReport | _AccountPosition | _BalanceUpdate | _ListStatus | _ExternalLock | _StreamTerminated | None
    ) = None
    status: int = 0


class Subscribed(msgspec.Struct, frozen=True):
    """The venue accepted the user-data subscription."""


class SubscriptionLost(msgspec.Struct, frozen=True):
    """The venue refused or ended the user-data subscription; the stream has to be opened anew."""

    reason: str


UserEvent = AccountSnapshot | BalanceChange | Fill | OrderUpdate | Subscribed | SubscriptionLost

book_ticker_decoder = msgspec.json.Decoder(BookTickerFrame, strict=False)
_time_decoder = msgspec.json.Decoder(_ServerTime)
_account_decoder = msgspec.json.Decoder(_Account)
_trades_decoder = msgspec.json.Decoder(list[_Trade], strict=False)
_orders_decoder = msgspec.json.Decoder(list[_Order])
_withdrawals_decoder = msgspec.json.Decoder(list[_Withdrawal])
_deposits_decoder = msgspec.json.Decoder(list[_Deposit])
_user_decoder = msgspec.json.Decoder(_UserFrame, strict=False)


def symbol_of(pair: str) -> str:
    """``BTC/USDT`` → ``BTCUSDT``; a perpetual is named as its pair, ``BTC/USDT:USDT`` → ``BTCUSDT``."""
    return pair.partition(":")[0].replace("/", "")


def headers_of(account: Account) -> tuple[tuple[str, str], ...]:
    return (("X-MBX-APIKEY", account.api_key),)


def market_stream_target(pairs: tuple[str, ...]) -> str:
    return "/stream?streams=" + "/".join(f"{symbol_of(pair).lower()}@bookTicker" for pair in pairs)


USER_STREAM_TARGET = "/ws-api/v3"


def time_target() -> str:
    return "/api/v3/time"


def signed_target(path: str, account: Account, now_ns: int, **parameters: str | int) -> str:
    """A target of the USER_DATA kind: with timestamp, receive window and, if the account has a secret, signature."""
    query = f"recvWindow={RECEIVE_WINDOW_MS}&timestamp={now_ns // _NS_PER_MS}"
    if parameters:
        query = f"{urlencode(parameters)}&{query}"
    if account.api_secret:
        query += "&signature=" + _signature(account.api_secret, query)
    return f"{path}?{query}"


def account_target(account: Account, now_ns: int) -> str:
    return signed_target("/api/v3/account", account, now_ns, omitZeroBalances="true")


def trades_target(account: Account, now_ns: int, symbol: str, start_ms: int) -> str:
    return signed_target("/api/v3/myTrades", account, now_ns, symbol=symbol, startTime=start_ms, limit=MAX_TRADES)


def orders_target(account: Account, now_ns: int, symbol: str, start_ms: int) -> str:
    return signed_target("/api/v3/allOrders", account, now_ns, symbol=symbol, startTime=start_ms, limit=MAX_TRADES)


def withdrawals_target(account: Account, now_ns: int, asset: str) -> str:
    return signed_target("/sapi/v1/capital/withdraw/history", account, now_ns, coin=asset)


def all_withdrawals_target(account: Account, now_ns: int, start_ms: int) -> str:
    """Withdrawals of any asset that were asked for since ``start_ms``."""
    return signed_target("/sapi/v1/capital/withdraw/history", account, now_ns, startTime=start_ms)


def deposits_target(account: Account, now_ns: int, asset: str) -> str:
    return signed_target("/sapi/v1/capital/deposit/hisrec", account, now_ns, coin=asset)


def subscribe_frame(account: Account, now_ns: int) -> bytes:
    """The WebSocket API call that turns a connection into the account's user-data stream."""
    parameters: dict[str, str | int] = {"apiKey": account.api_key, "timestamp": now_ns // _NS_PER_MS}
    secret = account.api_secret
    parameters["signature"] = _signature(secret, urlencode(parameters)) if secret else ""
    return msgspec.json.encode(
        {"id": f"user-data-{account.name}", "method": "userDataStream.subscribe.signature", "params": parameters}
    )


def read_time(body: bytes) -> int:
    """Reply to ``GET /api/v3/time``: ms of the venue's clock."""
    return decode(_time_decoder, body).server_time


def read_account(body: bytes) -> AccountSnapshot:
    """Reply to ``GET /api/v3/account``."""
    account = decode(_account_decoder, body)
    balances = tuple(Balance(entry.asset, amount(entry.free), amount(entry.locked)) for entry in account.balances)
    return AccountSnapshot(account.update_time, balances, True)


def read_trades(body: bytes) -> tuple[Fill, ...]:
    """Reply to ``GET /api/v3/myTrades``."""
    return tuple(
        Fill(
            trade.symbol,
            trade.id,
            trade.is_buyer,
            amount(trade.qty),
            amount(trade.quote_qty),
            price(trade.price),
            amount(trade.commission),
            trade.commission_asset,
            trade.time,
            trade.order_id,
            trade.is_maker,
        )
        for trade in decode(_trades_decoder, body)
    )


def read_orders(body: bytes) -> tuple[tuple[str, int, str], ...]:
    """Reply to ``GET /api/v3/allOrders``: of each order its symbol, its number and the name its sender gave it."""
    return tuple((order.symbol, order.order_id, order.client_order_id) for order in decode(_orders_decoder, body))


def read_withdrawals(body: bytes) -> tuple[HistoryRecord, ...]:
    return tuple(
        HistoryRecord(
            f"withdrawal {entry.id}",
            entry.coin,
            -amount(entry.amount),
            amount(entry.transaction_fee),
            entry.withdraw_order_id,
            entry.status not in _UNDONE,
        )
        for entry in decode(_withdrawals_decoder, body)
    )


def read_deposits(body: bytes) -> tuple[HistoryRecord, ...]:
    return tuple(
        HistoryRecord(f"deposit {entry.id or entry.tx_id}", entry.coin, amount(entry.amount), Decimal(0))
        for entry in decode(_deposits_decoder, body)
    )


def read_user_frame(payload: bytes) -> UserEvent | None:
    """A frame of the user-data stream; None if it tells nothing about holdings."""
    frame = decode(_user_decoder, payload)
    match frame.event:
        case _ExecutionReport() as report:
            return _execution(report)
        case _AccountPosition(update_ms, balances):
            return AccountSnapshot(
                update_ms,
                tuple(Balance(entry.asset, amount(entry.free), amount(entry.locked)) for entry in balances),
                False,
            )
        case _BalanceUpdate(asset, change, time_ms):
            return BalanceChange(time_ms, asset, amount(change))
        case _StreamTerminated():
            return SubscriptionLost("terminated by the venue")
        case None if frame.status == 200:
            return Subscribed()
        case None:
            return SubscriptionLost(f"status {frame.status}")
        case _:
            return None


def _execution(report: _ExecutionReport) -> Fill | OrderUpdate:
    if report.side not in ("BUY", "SELL"):
        raise ConnectorError(f"side {report.side!r}")
    # A cancellation has an id of its own; the order's is then the original one.
    client_order_id = report.original_client_order_id or report.client_order_id
    if report.execution != "TRADE":
        return OrderUpdate(
            report.symbol,
            report.order_id,
            report.status,
            _EVENTS.get(report.execution, OrderEvent.OTHER),
            report.side == "BUY",
            amount(report.quantity),
            client_order_id,
            report.time_ms,
        )
    return Fill(
        report.symbol,
        report.trade_id,
        report.side == "BUY",
        amount(report.last_quantity),
        amount(report.last_quote),
        price(report.last_price),
        amount(report.fee),
        report.fee_asset or "",
        report.time_ms,
        report.order_id,
        report.is_maker,
        amount(report.quantity),
        client_order_id,
    )


def _signature(secret: str, payload: str) -> str:
    signature = _begun(secret).copy()
    signature.update(payload.encode())
    return signature.hexdigest()


@lru_cache(maxsize=1_024)
def _begun(secret: str) -> hmac.HMAC:
    """What every signature under a secret begins with: half the work, and the secrets are few."""
    return hmac.new(secret.encode(), digestmod="sha256")
