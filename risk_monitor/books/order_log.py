"""Order log: the orders and withdrawals that the firm itself has sent, as its gateway tells of them."""

from __future__ import annotations

from risk_monitor.connectors.gateway import OrderedWithdrawal, SentOrder

MAX_ORDERS = 65_536
MAX_WITHDRAWALS = 4_096


class OrderLog:
    """The latest orders by (venue, account, client order id), and withdrawals by (venue, client id).

    ``number``: every order up to it is known; ``has_forgotten``: the log once held orders that it no longer knows.
    """

    __slots__ = ("_orders", "_withdrawals", "has_forgotten", "number")

    def __init__(self) -> None:
        self._orders: dict[tuple[str, str, str], None] = {}
        self._withdrawals: dict[tuple[str, str], None] = {}
        self.has_forgotten = False
        self.number = 0

    def sent(self, order: SentOrder, *, is_listed: bool = False) -> None:
        """``is_listed``: the log itself told of it, and of every one before. A frame that came alone says nothing of
        those that may have been lost before it."""
        if is_listed:
            self.number = max(self.number, order.number)
        elif order.number == self.number + 1:
            self.number = order.number
        self._orders[order.venue, order.account, order.client_order_id] = None
        if len(self._orders) > MAX_ORDERS:
            self.has_forgotten = True
            del self._orders[next(iter(self._orders))]

    def ordered(self, withdrawal: OrderedWithdrawal) -> None:
        self._withdrawals[withdrawal.venue, withdrawal.client_id] = None
        if len(self._withdrawals) > MAX_WITHDRAWALS:
            del self._withdrawals[next(iter(self._withdrawals))]

    def knows_order(self, venue: str, account: str, client_order_id: str) -> bool:
        return (venue, account, client_order_id) in self._orders

    def knows_withdrawal(self, venue: str, client_id: str) -> bool:
        return bool(client_id) and (venue, client_id) in self._withdrawals
