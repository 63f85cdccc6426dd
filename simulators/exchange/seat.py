"""Party and seat: an account as the exchange sees it, and that account on one side of one listing."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from simulators.exchange.order import Order, Trade
from simulators.ledger import Account, Holding


class Party:
    """An account that trades: its open orders by listing, those it named, and its recent past in all listings."""

    __slots__ = ("account", "closed", "named", "open", "trades")

    def __init__(self, account: Account, listings: int, history: int) -> None:
        self.account = account
        self.open: list[dict[int, Order]] = [{} for _ in range(listings)]
        self.named: dict[str, Order] = {}  # open orders by the name their client gave them
        self.closed: deque[Order] = deque(maxlen=history)
        self.trades: deque[Trade] = deque(maxlen=history)

    def find(self, index: int | None, order_id: int | None, client_order_id: str | None) -> Order | None:
        """The order of that id or client's name, open or recently closed; the most recent where names repeat."""
        if order_id is not None:
            books: Sequence[dict[int, Order]] = self.open if index is None else (self.open[index],)
            candidate = next((book[order_id] for book in books if order_id in book), None)
        else:
            candidate = self.named.get(client_order_id or "")
        if candidate is not None and _is(candidate, index, order_id, client_order_id):
            return candidate
        return next((order for order in reversed(self.closed) if _is(order, index, order_id, client_order_id)), None)


class Seat:
    """An account on one side of one listing: the balance its orders there pay from, the one they fill, and its orders.

    It holds everything that an order or a fill touches, so that one look-up finds it all.
    """

    __slots__ = ("closed", "gets", "may_overdraw", "name", "named", "open", "pays", "trades")

    def __init__(self, party: Party, index: int, pays: Holding, gets: Holding, is_contract: bool) -> None:
        self.name = party.account.name
        self.may_overdraw = is_contract or party.account.may_overdraw  # who trades contracts may go short
        self.pays = pays
        self.gets = gets
        self.open = party.open[index]
        self.named = party.named
        self.closed = party.closed
        self.trades = party.trades


def _is(order: Order, index: int | None, order_id: int | None, client_order_id: str | None) -> bool:
    if order_id is None and not client_order_id:
        return False
    return (
        (index is None or order.index == index)
        and (order_id is None or order.order_id == order_id)
        and (not client_order_id or order.client_order_id == client_order_id)
    )
