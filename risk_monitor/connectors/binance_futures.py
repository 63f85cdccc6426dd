"""Derivatives connector: the Binance USDⓈ-M futures dialect, as far as a risk monitor reads it.

Source of names and shapes: https://developers.binance.com/docs/derivatives/usds-margined-futures
Account events come over the WebSocket API, subscribed as at the spot venue.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from risk_monitor.books.perpetuals import is_perpetual
from risk_monitor.config import Account
from risk_monitor.connectors.binance import Subscribed, SubscriptionLost, signed_target, symbol_of
from risk_monitor.connectors.decoding import amount, decode, price
from risk_monitor.connectors.domain import ConnectorError, Fill, OrderEvent, OrderUpdate

ACCOUNT_WEIGHT = 5
TIME_WEIGHT = 1
USER_STREAM_TARGET = "/ws-fapi/v1"

FLOW_REASONS = ("DEPOSIT", "WITHDRAW", "MARGIN_TRANSFER", "ADMIN_DEPOSIT", "ADMIN_WITHDRAW", "ASSET_TRANSFER")
"""Reasons of an ``ACCOUNT_UPDATE`` for which value entered or left the wallet other than by trading."""

_LIQUIDATION = "LIQUIDATION"
_EVENTS = {"NEW": OrderEvent.ACCEPTED, "CANCELED": OrderEvent.CANCELLED}


class WalletView(msgspec.Struct, frozen=True):
    """A margin wallet: what it has of an asset, and by how much a flow has just changed it."""

    asset: str
    balance: Decimal
    change: Decimal


class PositionView(msgspec.Struct, frozen=True):
    """A position: signed amount of the base (short negative) and its average entry price."""

    symbol: str
    amount: Decimal
    entry_price: float


class MarginView(msgspec.Struct, frozen=True):
    """Wallets and positions of an account as of ``update_ms``. ``reason`` is "" in a reply to a request; only such a
    view is complete: what it does not name is empty."""

    update_ms: int
    reason: str
    wallets: tuple[WalletView, ...]
    positions: tuple[PositionView, ...]


class MarginCalled(msgspec.Struct, frozen=True):
    """The venue warns that it is about to liquidate."""

    symbols: tuple[str, ...]


class MarkPrice(msgspec.Struct, frozen=True):
    """A contract's mark price, quote per base, and the rate of its running funding interval."""

    symbol: str
    price: float
    funding_rate: float


class _MarkData(msgspec.Struct):
    symbol: str = msgspec.field(name="s")
    price: float = msgspec.field(name="p")
    funding_rate: float = msgspec.field(name="r")


class _MarkFrame(msgspec.Struct):
    data: _MarkData


class _Asset(msgspec.Struct, rename="camel"):
    asset: str
    wallet_balance: Decimal


class _Position(msgspec.Struct, rename="camel"):
    symbol: str
    position_amt: Decimal
    entry_price: float


class _Account(msgspec.Struct, rename="camel"):
    update_time: int
    assets: list[_Asset]
    positions: list[_Position]


class _EventBalance(msgspec.Struct):
    asset: str = msgspec.field(name="a")
    wallet: Decimal = msgspec.field(name="wb")
    change: Decimal = msgspec.field(name="bc", default=Decimal(0))


class _EventPosition(msgspec.Struct):
    symbol: str = msgspec.field(name="s")
    amount: Decimal = msgspec.field(name="pa")
    entry_price: float = msgspec.field(name="ep")


class _Update(msgspec.Struct):
    reason: str = msgspec.field(name="m")
    balances: list[_EventBalance] = msgspec.field(name="B", default_factory=list)
    positions: list[_EventPosition] = msgspec.field(name="P", default_factory=list)


class _AccountUpdate(msgspec.Struct, tag_field="e", tag="ACCOUNT_UPDATE"):
    time_ms: int = msgspec.field(name="T")
    update: _Update = msgspec.field(name="a")


class _Order(msgspec.Struct):
    symbol: str = msgspec.field(name="s")
    client_order_id: str = msgspec.field(name="c")
    side: str = msgspec.field(name="S")
    type: str = msgspec.field(name="o")
    quantity: Decimal = msgspec.field(name="q")
    execution: str = msgspec.field(name="x")
    status: str = msgspec.field(name="X")
    order_id: int = msgspec.field(name="i")
    last_quantity: Decimal = msgspec.field(name="l")
    last_price: float = msgspec.field(name="L")
    time_ms: int = msgspec.field(name="T")
    trade_id: int = msgspec.field(name="t")
    is_maker: bool = msgspec.field(name="m", default=False)
    fee: Decimal = msgspec.field(name="n", default=Decimal(0))
    fee_asset: str = msgspec.field(name="N", default="")


class _OrderTradeUpdate(msgspec.Struct, tag_field="e", tag="ORDER_TRADE_UPDATE"):
    order: _Order = msgspec.field(name="o")


class _CalledPosition(msgspec.Struct):
    symbol: str = msgspec.field(name="s")


class _MarginCall(msgspec.Struct, tag_field="e", tag="MARGIN_CALL"):
    positions: list[_CalledPosition] = msgspec.field(name="p")


class _ConfigUpdate(msgspec.Struct, tag_field="e", tag="ACCOUNT_CONFIG_UPDATE"):
    """Somebody set the account's leverage; it binds margin and moves nothing."""


class _StreamTerminated(msgspec.Struct, tag_field="e", tag="eventStreamTerminated"):
    """The subscription ended."""


class _UserFrame(msgspec.Struct):
    event: _AccountUpdate | _OrderTradeUpdate | _MarginCall | _ConfigUpdate | _StreamTerminated | None = None
    status: int = 0


UserEvent = MarginView | MarginCalled | Fill | OrderUpdate | Subscribed | SubscriptionLost

_account_decoder = msgspec.json.Decoder(_Account, strict=False)
_mark_decoder = msgspec.json.Decoder(_MarkFrame, strict=False)
_user_decoder = msgspec.json.Decoder(_UserFrame, strict=False)


def time_target() -> str:
    return "/fapi/v1/time"


def account_target(account: Account, now_ns: int) -> str:
    return signed_target("/fapi/v2/account", account, now_ns)


def mark_stream_target(pairs: tuple[str, ...]) -> str:
    return "/stream?streams=" + "/".join(
        f"{symbol_of(pair).lower()}@markPrice@1s" for pair in pairs if is_perpetual(pair)
    )


def read_account(body: bytes) -> MarginView:
    """Reply to ``GET /fapi/v2/account``."""
    account = decode(_account_decoder, body)
    return MarginView(
        account.update_time,
        "",
        tuple(WalletView(one.asset, amount(one.wallet_balance), Decimal(0)) for one in account.assets),
        tuple(_position(one.symbol, one.position_amt, one.entry_price) for one in account.positions),
    )


def read_mark(payload: bytes) -> MarkPrice:
    """A frame of the mark price stream."""
    data = decode(_mark_decoder, payload).data
    return MarkPrice(data.symbol, price(data.price), data.funding_rate)


def read_user_frame(payload: bytes) -> UserEvent | None:
    """A frame of the account's stream; None if it tells nothing about money, positions or orders."""
    frame = decode(_user_decoder, payload)
    match frame.event:
        case _AccountUpdate(time_ms, update):
            return MarginView(
                time_ms,
                update.reason,
                tuple(WalletView(one.asset, amount(one.wallet), amount(one.change)) for one in update.balances),
                tuple(_position(one.symbol, one.amount, one.entry_price) for one in update.positions),
            )
        case _OrderTradeUpdate(order):
            return _execution(order)
        case _MarginCall(positions):
            return MarginCalled(tuple(one.symbol for one in positions))
        case _StreamTerminated():
            return SubscriptionLost("terminated by the venue")
        case None if frame.status == 200:
            return Subscribed()
        case None:
            return SubscriptionLost(f"status {frame.status}")
        case _:
            return None


def _position(symbol: str, size: Decimal, entry_price: float) -> PositionView:
    if size and not 0.0 < entry_price < 1e15:
        raise ConnectorError(f"position in {symbol} entered at {entry_price}")
    return PositionView(symbol, amount(size), entry_price)


def _execution(order: _Order) -> Fill | OrderUpdate:
    if order.side not in ("BUY", "SELL"):
        raise ConnectorError(f"side {order.side!r}")
    is_buy = order.side == "BUY"
    if order.execution != "TRADE":
        return OrderUpdate(
            order.symbol,
            order.order_id,
            order.status,
            _EVENTS.get(order.execution, OrderEvent.OTHER),
            is_buy,
            amount(order.quantity),
            order.client_order_id,
            order.time_ms,
            order.type == _LIQUIDATION,
        )
    traded = price(order.last_price)
    quantity = amount(order.last_quantity)
    return Fill(
        order.symbol,
        order.trade_id,
        is_buy,
        quantity,
        quantity * Decimal(repr(traded)),
        traded,
        amount(order.fee),
        order.fee_asset,
        order.time_ms,
        order.order_id,
        order.is_maker,
        amount(order.quantity),
        order.client_order_id,
        order.type == _LIQUIDATION,
    )
