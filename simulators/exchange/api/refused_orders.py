"""Refused orders: what the journal says of an order that never reached the matching engine."""

from __future__ import annotations

from simulators.exchange.api.errors import ApiError
from simulators.exchange.api.pairs import Pairs
from simulators.exchange.api.parameters import Parameters

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
