"""Refusals: the codes and texts, Binance's own, with which an exchange turns an order or a cancel away."""

from __future__ import annotations

from simulators.exchange.types import Rejected

FILTER = -1013
NEW_ORDER_REJECTED = -2010
CANCEL_REJECTED = -2011


def refusal(
    *,
    price_is_bad: bool,
    size_is_bad: bool,
    value_is_small: bool,
    orders_are_many: bool,
    name_is_taken: bool,
    is_unwilling_taker: bool,
    balance_is_short: bool,
) -> Rejected | None:
    """The first reason, in the order the venue checks, why an order cannot be taken; None if there is none."""
    if price_is_bad:
        return Rejected(FILTER, "Filter failure: PRICE_FILTER")
    if size_is_bad:
        return Rejected(FILTER, "Filter failure: LOT_SIZE")
    if value_is_small:
        return Rejected(FILTER, "Filter failure: NOTIONAL")
    if orders_are_many:
        return Rejected(FILTER, "Filter failure: MAX_NUM_ORDERS")
    if name_is_taken:
        return Rejected(NEW_ORDER_REJECTED, "Duplicate order sent.")
    if is_unwilling_taker:
        return Rejected(NEW_ORDER_REJECTED, "Order would immediately match and take.")
    if balance_is_short:
        return Rejected(NEW_ORDER_REJECTED, "Account has insufficient balance for requested action.")
    return None
