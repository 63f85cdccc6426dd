"""Faults of what an exchange does with orders and cancels: it refuses them, or fills them only in part."""

from __future__ import annotations

from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.harm_trading import CancelRejectParams, OrderRejectParams, PartialFillsParams
from simulators.exchange.order import Order
from simulators.exchange.refusal import CANCEL_REJECTED, FILTER, NEW_ORDER_REJECTED
from simulators.exchange.trading_faults.life import TookEffect, TradingFault, accounts_of, indices_of
from simulators.exchange.types import OrderStatus, Rejected, Side
from simulators.picks import Picks
from simulators.ports import Clock

_TOO_MANY_ORDERS = -1015

_ORDER_REFUSALS: dict[str, tuple[int, str]] = {
    "insufficient_balance": (NEW_ORDER_REJECTED, "Account has insufficient balance for requested action."),
    "account_disabled": (NEW_ORDER_REJECTED, "This action is disabled on this account."),
    "market_closed": (FILTER, "Market is closed."),
    "price_filter": (FILTER, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    "notional": (FILTER, "Filter failure: NOTIONAL"),
    "too_many_orders": (_TOO_MANY_ORDERS, "Too many new orders."),
}
_CANCEL_REFUSALS = {
    "unknown_order": "Unknown order sent.",
    "restricted": "Order was not canceled due to cancel restrictions.",
}


class OrderReject(TradingFault):
    """``order_reject``: a share of the orders that would be accepted are refused, for a reason that is not true."""

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: OrderRejectParams, picks: Picks, took_effect: TookEffect
    ) -> None:
        super().__init__(api, clock, took_effect)
        self._picks = picks
        self._params = params
        self._indices = indices_of(api.exchange, params.pairs)
        self._accounts = accounts_of(api.exchange, params.accounts)

    def _enter(self) -> None:
        self._api.gates.add(self)

    def _leave(self) -> None:
        self._api.gates.remove(self)

    def admit(self, account: str, index: int, side: Side, quantity_lots: int) -> int:
        params, now_ns = self._params, self._clock.now_ns
        if index not in self._indices or account not in self._accounts:
            return quantity_lots
        if self._picks.share(account, now_ns, index, side, quantity_lots) >= params.share * params.level(now_ns):
            return quantity_lots
        code, message = _ORDER_REFUSALS[params.reason]
        self._report(f"an order of {account} was refused: {code} {message}")
        raise Rejected(code, message)


class CancelReject(TradingFault):
    """``cancel_reject``: a share of the cancels of open orders are refused; the orders stay in the book."""

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: CancelRejectParams, picks: Picks, took_effect: TookEffect
    ) -> None:
        super().__init__(api, clock, took_effect)
        self._picks = picks
        self._params = params
        self._indices = indices_of(api.exchange, params.pairs)
        self._accounts = accounts_of(api.exchange, params.accounts)

    def _enter(self) -> None:
        self._api.cancels.add(self._refusal)

    def _leave(self) -> None:
        self._api.cancels.remove(self._refusal)

    def _refusal(self, order: Order) -> Rejected | None:
        params, now_ns = self._params, self._clock.now_ns
        if order.index not in self._indices or order.account not in self._accounts:
            return None
        if self._picks.share(order.account, now_ns, order.order_id) >= params.share * params.level(now_ns):
            return None
        message = _CANCEL_REFUSALS[params.reason]
        self._report(f"the cancel of an order of {order.account} was refused: {message}")
        return Rejected(CANCEL_REJECTED, message)


class PartialFills(TradingFault):
    """``partial_fills``: a share of the orders that meet the book get part of what they would, and the rest expires.

    An order that rests is not touched; nor is what the street or others take from it.
    """

    def __init__(
        self, api: ExchangeApi, clock: Clock, params: PartialFillsParams, picks: Picks, took_effect: TookEffect
    ) -> None:
        super().__init__(api, clock, took_effect)
        self._picks = picks
        self._params = params
        self._indices = indices_of(api.exchange, params.pairs)
        self._accounts = accounts_of(api.exchange, params.accounts)

    def _enter(self) -> None:
        self._api.gates.add(self)

    def _leave(self) -> None:
        self._api.gates.remove(self)

    def admit(self, account: str, index: int, side: Side, quantity_lots: int) -> int:
        params, now_ns = self._params, self._clock.now_ns
        if index not in self._indices or account not in self._accounts:
            return quantity_lots
        if self._picks.share(account, now_ns, index, side, quantity_lots) >= params.share * params.level(now_ns):
            return quantity_lots
        allowed_lots = int(quantity_lots * params.filled)
        if not self._has_taken_effect:  # the order is not there yet; it is when this moment is over
            self._clock.call_at(now_ns, self._look, (account, index, now_ns, allowed_lots))
        return allowed_lots

    def _look(self, limited: tuple[str, int, int, int]) -> None:
        """See whether the order that was limited has met the limit, rather than the end of the book, or waits."""
        account, index, at_ns, allowed_lots = limited
        for order in reversed(self._api.exchange.closed_orders(account)):
            if order.updated_ns < at_ns:
                return
            if (order.index, order.placed_ns, order.ended_as) == (index, at_ns, OrderStatus.EXPIRED):
                if order.filled_lots == allowed_lots:
                    detail = f"{order.filled_lots} of {order.quantity_lots} lots"
                    self._report(f"an order of {account} was filled in part: {detail}")
                return
