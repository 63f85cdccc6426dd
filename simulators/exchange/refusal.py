"""Refusals: the codes and texts, Binance's own, with which an exchange turns an order or a cancel away."""

from __future__ import annotations

from simulators.exchange.types import Rejected

FILTER = -1013
NEW_ORDER_REJECTED = -2010
CANCEL_REJECTED = -2011


def refusal(
    *,
    price_is_bad: bool,
    quantity_lots: int,
    value: int,
    min_notional: int,
    open_orders: int,
    max_open_orders: int,
    name_is_taken: bool,
    would_take: bool,
) -> Rejected:
    """The first reason, in the order the venue checks, why an order cannot be taken; the last is want of balance."""
    if price_is_bad:
        return Rejected(FILTER, "Filter failure: PRICE_FILTER")
    if quantity_lots < 1:
        return Rejected(FILTER, "Filter failure: LOT_SIZE")
    if value < min_notional:
        return Rejected(FILTER, "Filter failure: NOTIONAL")
    if open_orders >= max_open_orders:
        return Rejected(FILTER, "Filter failure: MAX_NUM_ORDERS")
    if name_is_taken:
        return Rejected(NEW_ORDER_REJECTED, "Duplicate order sent.")
    if would_take:
        return Rejected(NEW_ORDER_REJECTED, "Order would immediately match and take.")
    return Rejected(NEW_ORDER_REJECTED, "Account has insufficient balance for requested action.")
