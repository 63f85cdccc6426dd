"""Dialects: what a venue's API calls the things that a trading client asks of it.

Clients speak of pairs, balances and orders in one way; a dialect has the paths, and turns replies and account events
into the structs of ``frames``. On margin, a balance is what the wallet and its profit come to, of which ``free`` backs
no position or order yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from simulators.strategies import frames
from simulators.strategies.frames import AccountInfo, AssetBalance, ExecutionReport, OrderInfo, UserFrame
from simulators.strategies.pairs import UNITS, to_text, to_units


class Dialect(NamedTuple):
    """Paths and readers of one kind of venue. ``is_margin``: what is sold need not be there."""

    exchange_info: str
    prices: str
    klines: str
    account: str
    order: str
    open_orders: str
    cancel_all: str
    user_stream: str
    post_only: str
    is_margin: bool
    read_account: Callable[[bytes], AccountInfo]
    read_order: Callable[[bytes], OrderInfo]
    read_orders: Callable[[bytes], list[OrderInfo]]
    read_user: Callable[[bytes], UserFrame]


class _Asset(msgspec.Struct, frozen=True, rename="camel"):
    asset: str
    margin_balance: str
    available_balance: str


class _Account(msgspec.Struct, frozen=True, rename="camel"):
    assets: list[_Asset]


class _Order(msgspec.Struct, frozen=True, rename="camel"):
    client_order_id: str
    status: str
    executed_qty: str
    cum_quote: str


class _Update(msgspec.Struct, frozen=True):
    client_order_id: str = msgspec.field(name="c")
    status: str = msgspec.field(name="X")
    executed: str = msgspec.field(name="z")
    average_price: str = msgspec.field(name="ap")


class _OrderTradeUpdate(msgspec.Struct, frozen=True, tag="ORDER_TRADE_UPDATE", tag_field="e"):
    order: _Update = msgspec.field(name="o")


class _AccountUpdate(msgspec.Struct, frozen=True, tag="ACCOUNT_UPDATE", tag_field="e"):
    """Wallet and positions changed; what is free of them is asked for."""


class _MarginCall(msgspec.Struct, frozen=True, tag="MARGIN_CALL", tag_field="e"):
    """The venue is about to liquidate. What to do about it is the risk monitor's business."""


class _StreamTerminated(msgspec.Struct, frozen=True, tag="eventStreamTerminated", tag_field="e"):
    """The venue has ended the subscription though the connection stands."""


class _UserFrame(msgspec.Struct, frozen=True):
    status: int = 0
    event: _OrderTradeUpdate | _AccountUpdate | _MarginCall | _StreamTerminated | None = None


_decode_account = msgspec.json.Decoder(_Account).decode
_decode_order = msgspec.json.Decoder(_Order).decode
_decode_orders = msgspec.json.Decoder(list[_Order]).decode
_decode_user = msgspec.json.Decoder(_UserFrame).decode
_UNCHANGED = frames.AccountPosition([])


def _read_account(body: bytes) -> AccountInfo:
    balances = []
    for one in _decode_account(body).assets:
        bound = to_units(one.margin_balance) - to_units(one.available_balance)
        balances.append(AssetBalance(one.asset, one.available_balance, to_text(max(0, bound))))
    return AccountInfo(balances)


def _info(order: _Order) -> OrderInfo:
    return OrderInfo(order.client_order_id, order.status, order.executed_qty, order.cum_quote)


def _read_user(payload: bytes) -> UserFrame:
    frame = _decode_user(payload)
    match frame.event:
        case None:
            return UserFrame(frame.status)
        case _OrderTradeUpdate(order):
            value = to_units(order.executed) * to_units(order.average_price) // UNITS
            return UserFrame(0, ExecutionReport(order.client_order_id, order.status, order.executed, to_text(value)))
        case _StreamTerminated():
            return UserFrame(0, frames.StreamTerminated())
        case _:
            return UserFrame(0, _UNCHANGED)


SPOT = Dialect(
    exchange_info="/api/v3/exchangeInfo",
    prices="/api/v3/ticker/price",
    klines="/api/v3/klines",
    account="/api/v3/account",
    order="/api/v3/order",
    open_orders="/api/v3/openOrders",
    cancel_all="/api/v3/openOrders",
    user_stream="/ws-api/v3",
    post_only="type=LIMIT_MAKER",
    is_margin=False,
    read_account=frames.decode_account,
    read_order=frames.decode_order,
    read_orders=frames.decode_orders,
    read_user=frames.decode_user,
)
FUTURES = Dialect(
    exchange_info="/fapi/v1/exchangeInfo",
    prices="/fapi/v1/ticker/price",
    klines="/fapi/v1/klines",
    account="/fapi/v2/account",
    order="/fapi/v1/order",
    open_orders="/fapi/v1/openOrders",
    cancel_all="/fapi/v1/allOpenOrders",
    user_stream="/ws-fapi/v1",
    post_only="type=LIMIT&timeInForce=GTX",
    is_margin=True,
    read_account=_read_account,
    read_order=lambda body: _info(_decode_order(body)),
    read_orders=lambda body: [_info(order) for order in _decode_orders(body)],
    read_user=_read_user,
)
DIALECTS: Mapping[str, Dialect] = {"spot": SPOT, "futures": FUTURES}
