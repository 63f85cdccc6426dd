"""Party: one account as the exchange sees it: its balances at hand, its open orders, its recent past."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from simulators.exchange.instrument import Instrument
from simulators.exchange.order import Order, Trade
from simulators.ledger import Account


class Party:
    """An account that trades. ``base`` and ``quote`` hold its holding of either asset of each listing, by index."""

    __slots__ = ("base", "closed", "latest", "may_overdraw", "name", "named", "open", "quote", "trades")

    def __init__(self, account: Account, instruments: Sequence[Instrument], history: int) -> None:
        self.name = account.name
        self.may_overdraw = account.may_overdraw
        self.base = [account.holding(instrument.base) for instrument in instruments]
        self.quote = [account.holding(instrument.quote) for instrument in instruments]
        self.open: list[dict[int, Order]] = [{} for _ in instruments]
        self.named: dict[str, Order] = {}  # open orders that the client gave a name
        self.closed: deque[Order] = deque(maxlen=history)
        self.trades: deque[Trade] = deque(maxlen=history)
        self.latest: Order | None = None  # the order being worked on, which is neither open nor closed yet

    def close(self, order: Order) -> None:
        """Put an order that will not trade again among the closed ones; it must have left ``open``."""
        self.closed.append(order)
        if order.client_order_id:
            self.named.pop(order.client_order_id, None)

    def find(self, index: int | None, order_id: int | None, client_order_id: str | None) -> Order | None:
        """The order of that id or client's name, open or recently closed; the most recent where names repeat."""
        latest = self.latest
        if latest is not None and _is(latest, index, order_id, client_order_id):
            return latest
        if order_id is not None:
            for orders in self.open if index is None else (self.open[index],):
                order = orders.get(order_id)
                if order is not None and _is(order, index, order_id, client_order_id):
                    return order
        elif client_order_id:
            order = self.named.get(client_order_id)
            if order is not None and _is(order, index, None, client_order_id):
                return order
        return next((order for order in reversed(self.closed) if _is(order, index, order_id, client_order_id)), None)


def _is(order: Order, index: int | None, order_id: int | None, client_order_id: str | None) -> bool:
    if order_id is None and not client_order_id:
        return False
    return (
        (index is None or order.index == index)
        and (order_id is None or order.order_id == order_id)
        and (not client_order_id or order.client_order_id == client_order_id)
    )
