"""Events of the user data stream: descriptive names here, Binance's letters on the wire."""

from __future__ import annotations

import msgspec

from simulators.exchange.api.order_payloads import (
    NOT_IN_A_LIST,
    SELF_TRADE_PREVENTION,
    ZERO,
    commission,
    expiry_reason,
    type_and_time_in_force,
)
from simulators.exchange.api.pairs import Pair
from simulators.exchange.order import Order, Trade
from simulators.exchange.types import OrderStatus
from simulators.ledger import to_text

_NS_PER_MS = 1_000_000

_LETTERS = {
    "asset": "a",
    "balances": "B",
    "cleared_ms": "T",
    "client_order_id": "c",
    "commission": "n",
    "commission_asset": "N",
    "created_ms": "O",
    "delta": "d",
    "event_ms": "E",
    "execution": "x",
    "execution_id": "I",
    "expiry_reason": "eR",
    "filled_quantity": "z",
    "filled_quote": "Z",
    "free": "f",
    "iceberg_quantity": "F",
    "ignored": "M",
    "is_maker": "m",
    "is_on_book": "w",
    "last_price": "L",
    "last_quantity": "l",
    "last_quote": "Y",
    "locked": "l",
    "order_id": "i",
    "order_list_id": "g",
    "original_client_order_id": "C",
    "price": "p",
    "quantity": "q",
    "quote_order_quantity": "Q",
    "reject_reason": "r",
    "self_trade_prevention": "V",
    "side": "S",
    "status": "X",
    "stop_price": "P",
    "symbol": "s",
    "time_in_force": "f",
    "trade_id": "t",
    "transaction_ms": "T",
    "type": "o",
    "updated_ms": "u",
    "working_ms": "W",
}


class ExecutionReport(
    msgspec.Struct, frozen=True, rename=_LETTERS, tag_field="e", tag="executionReport", omit_defaults=True
):
    event_ms: int
    symbol: str
    client_order_id: str
    side: str
    type: str
    time_in_force: str
    quantity: str
    price: str
    stop_price: str
    iceberg_quantity: str
    order_list_id: int
    original_client_order_id: str
    execution: str
    status: str
    reject_reason: str
    order_id: int
    last_quantity: str
    filled_quantity: str
    last_price: str
    commission: str
    commission_asset: str | None
    transaction_ms: int
    trade_id: int
    execution_id: int
    is_on_book: bool
    is_maker: bool
    ignored: bool
    created_ms: int
    filled_quote: str
    last_quote: str
    quote_order_quantity: str
    working_ms: int
    self_trade_prevention: str
    expiry_reason: str | None = None


class AccountBalance(msgspec.Struct, frozen=True, rename=_LETTERS):
    asset: str
    free: str
    locked: str


class AccountPosition(msgspec.Struct, frozen=True, rename=_LETTERS, tag_field="e", tag="outboundAccountPosition"):
    event_ms: int
    updated_ms: int
    balances: list[AccountBalance]


class BalanceUpdate(msgspec.Struct, frozen=True, rename=_LETTERS, tag_field="e", tag="balanceUpdate"):
    event_ms: int
    asset: str
    delta: str
    cleared_ms: int


def execution_report(
    pair: Pair,
    order: Order,
    execution: str,
    trade: Trade | None,
    cancel_name: str,
    execution_id: int,
    now_ns: int,
) -> ExecutionReport:
    """What the user data stream says of an order: ``trade`` for TRADE, ``cancel_name`` for CANCELED."""
    notation = pair.notation
    kind, time_in_force = type_and_time_in_force(order)
    as_taker = trade is not None and trade.taker_order == order.order_id
    paid, asset = commission(pair, trade, as_taker) if trade is not None else ("0", None)
    return ExecutionReport(
        event_ms=now_ns // _NS_PER_MS,
        symbol=notation.symbol,
        client_order_id=cancel_name or order.client_order_id,
        side=order.side.name,
        type=kind,
        time_in_force=time_in_force,
        quantity=notation.quantity(order.quantity_lots),
        price=notation.price(order.price_ticks),
        stop_price=ZERO,
        iceberg_quantity=ZERO,
        order_list_id=NOT_IN_A_LIST,
        original_client_order_id=order.client_order_id if cancel_name else "",
        execution=execution,
        status=order.status.name,
        reject_reason="NONE",
        order_id=order.order_id,
        last_quantity=notation.quantity(trade.quantity_lots) if trade is not None else ZERO,
        filled_quantity=notation.quantity(order.filled_lots),
        last_price=notation.price(trade.price_ticks) if trade is not None else ZERO,
        commission=paid,
        commission_asset=asset,
        transaction_ms=notation.time_ms(order.updated_ns),
        trade_id=trade.trade_id if trade is not None else -1,
        execution_id=execution_id,
        is_on_book=order.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED) and kind != "MARKET",
        is_maker=trade is not None and not as_taker,
        ignored=False,
        created_ms=notation.time_ms(order.placed_ns),
        filled_quote=to_text(order.filled_quote),
        last_quote=to_text(trade.quote_amount) if trade is not None else ZERO,
        quote_order_quantity=to_text(order.quote_quantity),
        working_ms=notation.time_ms(order.placed_ns),
        self_trade_prevention=SELF_TRADE_PREVENTION,
        expiry_reason=expiry_reason(order),
    )
