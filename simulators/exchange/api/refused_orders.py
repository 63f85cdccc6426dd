"""Refused orders: what the journal says of an order that never reached the matching engine, and of one whose cancel did
not."""

from __future__ import annotations

from simulators.exchange.api.errors import ApiError
from simulators.exchange.api.pairs import Pairs
from simulators.exchange.api.parameters import Parameters
from simulators.exchange.core import Exchange
from simulators.exchange.types import OrderType, Side

RefusedOrder = tuple[int, str, int, str, str, str, int, int, str]
"""order_id (0: it never got one), client_order_id, index, side, type, time_in_force, price_ticks, quantity_lots,
event"""

_SIDES = {"BUY": "buy", "SELL": "sell"}
_TYPES = {"LIMIT": ("limit", ""), "LIMIT_MAKER": ("limit", "GTX"), "MARKET": ("market", "IOC")}
_TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX")


def refused_order(pairs: Pairs, parameters: Parameters) -> RefusedOrder | None:
    """The order that a request asks for, as far as it can be read (0 for a number that cannot); None if it names no
    pair, side or type, and so is no order at all."""
    side, kind = _SIDES.get(parameters.text("side")), _TYPES.get(parameters.text("type"))
    if side is None or kind is None:
        return None
    try:
        pair = pairs.required(parameters)
    except ApiError:
        return None
    price_ticks = lots = 0
    try:
        price, quantity = parameters.decimal("price"), parameters.decimal("quantity")
        price_ticks = pair.notation.parse_price(price) if price else 0
        lots = pair.notation.parse_quantity(quantity) if quantity else 0
    except ApiError:  # that may be why it was refused
        pass
    told = parameters.text("timeInForce")
    time_in_force = kind[1] or (told if told in _TIMES_IN_FORCE else "GTC")
    name = parameters.text("newClientOrderId")[:36]
    return 0, name, pair.index, side, kind[0], time_in_force, price_ticks, lots, "rejected"


def uncancelled_order(exchange: Exchange, pairs: Pairs, account: str, parameters: Parameters) -> RefusedOrder | None:
    """The order that a refused cancel names; None if the exchange remembers no such order of the account."""
    try:
        pair, order_id = pairs.required(parameters), parameters.integer("orderId")
    except ApiError:
        return None
    name = parameters.text("origClientOrderId")
    order = exchange.order(account, pair.index, order_id, name or None)
    if order is None:
        return None
    side = "buy" if order.side is Side.BUY else "sell"
    kind = "limit" if order.type is OrderType.LIMIT else "market"
    told = order.time_in_force.name
    return (
        order.order_id, order.client_order_id, order.index, side, kind, told, order.price_ticks, order.quantity_lots,
        "cancel_rejected",
    )  # fmt: skip
