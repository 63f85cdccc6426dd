"""Payloads about an account's orders and trades, as REST tells them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from simulators.exchange.api.pairs import Pair
from simulators.exchange.order import Order, Trade
from simulators.exchange.types import OrderStatus, OrderType, Side, TimeInForce
from simulators.ledger import to_text

_NS_PER_MS = 1_000_000
ZERO = to_text(0)
SELF_TRADE_PREVENTION = "EXPIRE_TAKER"
NOT_IN_A_LIST = -1

_EXPIRY_REASONS = {
    TimeInForce.IOC: "UNFILLED_IOC_QUANTITY_EXPIRED",
    TimeInForce.FOK: "UNFILLED_FOK_ORDER_EXPIRED",
}


class OrderAck(msgspec.Struct, frozen=True, rename="camel"):
    """``newOrderRespType=ACK``."""

    symbol: str
    order_id: int
    order_list_id: int
    client_order_id: str
    transact_time: int


class FillRow(msgspec.Struct, frozen=True, rename="camel"):
    price: str
    qty: str
    commission: str
    commission_asset: str
    trade_id: int


class OrderResult(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """``newOrderRespType=RESULT``, and ``FULL`` with ``fills``. (``cummulative`` is Binance's spelling.)"""

    symbol: str
    order_id: int
    order_list_id: int
    client_order_id: str
    transact_time: int
    price: str
    orig_qty: str
    executed_qty: str
    orig_quote_order_qty: str
    cummulative_quote_qty: str
    status: str
    time_in_force: str
    type: str
    side: str
    working_time: int
    self_trade_prevention_mode: str
    fills: list[FillRow] | None = None
    expiry_reason: str | None = None


class CancelResult(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    orig_client_order_id: str
    order_id: int
    order_list_id: int
    client_order_id: str
    transact_time: int
    price: str
    orig_qty: str
    executed_qty: str
    orig_quote_order_qty: str
    cummulative_quote_qty: str
    status: str
    time_in_force: str
    type: str
    side: str
    self_trade_prevention_mode: str


class OrderRow(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An order as ``GET /api/v3/order`` and its relatives tell it."""

    symbol: str
    order_id: int
    order_list_id: int
    client_order_id: str
    price: str
    orig_qty: str
    executed_qty: str
    cummulative_quote_qty: str
    status: str
    time_in_force: str
    type: str
    side: str
    stop_price: str
    iceberg_qty: str
    time: int
    update_time: int
    is_working: bool
    working_time: int
    orig_quote_order_qty: str
    self_trade_prevention_mode: str
    expiry_reason: str | None = None


class TradeRow(msgspec.Struct, frozen=True, rename="camel"):
    """One of the account's own trades, as ``myTrades`` tells it."""

    symbol: str
    id: int
    order_id: int
    order_list_id: int
    price: str
    qty: str
    quote_qty: str
    commission: str
    commission_asset: str
    time: int
    is_buyer: bool
    is_maker: bool
    is_best_match: bool


def type_and_time_in_force(order: Order) -> tuple[str, str]:
    """Binance calls a post-only order LIMIT_MAKER and shows it as GTC."""
    if order.type is OrderType.MARKET:
        return "MARKET", "GTC"
    if order.time_in_force is TimeInForce.GTX:
        return "LIMIT_MAKER", "GTC"
    return "LIMIT", order.time_in_force.name


def expiry_reason(order: Order) -> str | None:
    if order.status is not OrderStatus.EXPIRED:
        return None
    if order.type is OrderType.MARKET:
        return "INSUFFICIENT_LIQUIDITY"
    return _EXPIRY_REASONS.get(order.time_in_force, "EXCHANGE_CANCELED")


def commission(pair: Pair, trade: Trade, as_taker: bool) -> tuple[str, str]:
    """What one side paid: (amount, asset). The buyer pays in base, the seller in quote."""
    is_buyer = (trade.taker_side is Side.BUY) == as_taker
    fee = trade.taker_fee if as_taker else trade.maker_fee
    return to_text(fee), pair.listing.base if is_buyer else pair.listing.quote


def order_ack(pair: Pair, order: Order) -> OrderAck:
    notation = pair.notation
    return OrderAck(
        notation.symbol, order.order_id, NOT_IN_A_LIST, order.client_order_id, notation.time_ms(order.placed_ns)
    )


def order_result(pair: Pair, order: Order, trades: Iterable[Trade] | None) -> OrderResult:
    """The reply to a new order; ``trades`` are its own, as taker, or None for a reply without fills."""
    notation = pair.notation
    kind, time_in_force = type_and_time_in_force(order)
    fills = None
    if trades is not None:
        fills = [
            FillRow(
                notation.price(trade.price_ticks),
                notation.quantity(trade.quantity_lots),
                *commission(pair, trade, as_taker=True),
                trade.trade_id,
            )
            for trade in trades
        ]
    return OrderResult(
        symbol=notation.symbol,
        order_id=order.order_id,
        order_list_id=NOT_IN_A_LIST,
        client_order_id=order.client_order_id,
        transact_time=notation.time_ms(order.updated_ns),
        price=notation.price(order.price_ticks),
        orig_qty=notation.quantity(order.quantity_lots),
        executed_qty=notation.quantity(order.filled_lots),
        orig_quote_order_qty=to_text(order.quote_quantity),
        cummulative_quote_qty=to_text(order.filled_quote),
        status=order.status.name,
        time_in_force=time_in_force,
        type=kind,
        side=order.side.name,
        working_time=notation.time_ms(order.placed_ns),
        self_trade_prevention_mode=SELF_TRADE_PREVENTION,
        fills=fills,
        expiry_reason=expiry_reason(order),
    )


def cancel_result(pair: Pair, order: Order, client_order_id: str) -> CancelResult:
    """The reply to a cancel; ``client_order_id`` names the cancel itself."""
    notation = pair.notation
    kind, time_in_force = type_and_time_in_force(order)
    return CancelResult(
        symbol=notation.symbol,
        orig_client_order_id=order.client_order_id,
        order_id=order.order_id,
        order_list_id=NOT_IN_A_LIST,
        client_order_id=client_order_id,
        transact_time=notation.time_ms(order.updated_ns),
        price=notation.price(order.price_ticks),
        orig_qty=notation.quantity(order.quantity_lots),
        executed_qty=notation.quantity(order.filled_lots),
        orig_quote_order_qty=to_text(order.quote_quantity),
        cummulative_quote_qty=to_text(order.filled_quote),
        status=order.status.name,
        time_in_force=time_in_force,
        type=kind,
        side=order.side.name,
        self_trade_prevention_mode=SELF_TRADE_PREVENTION,
    )


def order_row(pair: Pair, order: Order) -> OrderRow:
    notation = pair.notation
    kind, time_in_force = type_and_time_in_force(order)
    return OrderRow(
        symbol=notation.symbol,
        order_id=order.order_id,
        order_list_id=NOT_IN_A_LIST,
        client_order_id=order.client_order_id,
        price=notation.price(order.price_ticks),
        orig_qty=notation.quantity(order.quantity_lots),
        executed_qty=notation.quantity(order.filled_lots),
        cummulative_quote_qty=to_text(order.filled_quote),
        status=order.status.name,
        time_in_force=time_in_force,
        type=kind,
        side=order.side.name,
        stop_price=ZERO,
        iceberg_qty=ZERO,
        time=notation.time_ms(order.placed_ns),
        update_time=notation.time_ms(order.updated_ns),
        is_working=True,
        working_time=notation.time_ms(order.placed_ns),
        orig_quote_order_qty=to_text(order.quote_quantity),
        self_trade_prevention_mode=SELF_TRADE_PREVENTION,
        expiry_reason=expiry_reason(order),
    )


def trade_row(pair: Pair, trade: Trade, as_taker: bool) -> TradeRow:
    """A trade as one of its two sides sees it."""
    notation = pair.notation
    paid, asset = commission(pair, trade, as_taker)
    return TradeRow(
        symbol=notation.symbol,
        id=trade.trade_id,
        order_id=trade.taker_order if as_taker else trade.maker_order,
        order_list_id=NOT_IN_A_LIST,
        price=notation.price(trade.price_ticks),
        qty=notation.quantity(trade.quantity_lots),
        quote_qty=to_text(trade.quote_amount),
        commission=paid,
        commission_asset=asset,
        time=notation.time_ms(trade.at_ns),
        is_buyer=(trade.taker_side is Side.BUY) == as_taker,
        is_maker=not as_taker,
        is_best_match=True,
    )
