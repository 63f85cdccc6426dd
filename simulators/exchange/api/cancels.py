"""Cancel desk: where the API takes cancels to, past whatever faults refuse them."""

from __future__ import annotations

from collections.abc import Callable

from simulators.exchange.core import Exchange
from simulators.exchange.order import Order
from simulators.exchange.types import Rejected

RefuseCancel = Callable[[Order], Rejected | None]
"""Given an open order whose cancel has come, the refusal, or None to let it pass."""


class CancelDesk:
    """Cancels of one exchange. While no fault is in force, they go straight to the matching engine."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._refusers: tuple[RefuseCancel, ...] = ()
        self.cancel: Callable[[str, int, int | None, str | None, int], Order] = exchange.cancel
        self.cancel_all: Callable[[str, int, int], list[Order]] = exchange.cancel_all

    def add(self, refuser: RefuseCancel) -> None:
        self._set((*self._refusers, refuser))

    def remove(self, refuser: RefuseCancel) -> None:
        self._set(tuple(other for other in self._refusers if other != refuser))

    def _set(self, refusers: tuple[RefuseCancel, ...]) -> None:
        self._refusers = refusers
        self.cancel = self._cancel if refusers else self._exchange.cancel
        self.cancel_all = self._cancel_all if refusers else self._exchange.cancel_all

    def _cancel(self, account: str, index: int, order_id: int | None, client_order_id: str | None, cause: int) -> Order:
        order = self._exchange.order(account, index, order_id, client_order_id)
        if order is not None and order.ended_as is None and order.open_lots:
            refusal = self._refusal(order)
            if refusal is not None:
                raise refusal
        return self._exchange.cancel(account, index, order_id, client_order_id, cause)

    def _cancel_all(self, account: str, index: int, cause: int) -> list[Order]:
        """Cancel what is not refused; Rejected if that leaves nothing."""
        cancelled = []
        refusal: Rejected | None = None
        for order in self._exchange.open_orders(account, index):
            refused = self._refusal(order)
            if refused is None:
                cancelled.append(self._exchange.cancel(account, index, order.order_id, None, cause))
            refusal = refusal or refused
        if refusal is not None and not cancelled:
            raise refusal
        return cancelled

    def _refusal(self, order: Order) -> Rejected | None:
        return next((refusal for refuse in self._refusers if (refusal := refuse(order)) is not None), None)
