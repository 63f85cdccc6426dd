"""Party and seat: an account as the exchange sees it, and that account in one listing."""

from __future__ import annotations

from collections import deque

from simulators.exchange.instrument import Instrument
from simulators.exchange.order import Order, Trade
from simulators.ledger import Account


class Party:
    """An account that trades: the orders it named, and its recent past in all listings."""

    __slots__ = ("account", "closed", "latest", "named", "seats", "trades")

    def __init__(self, account: Account, instruments: list[Instrument], history: int) -> None:
        self.account = account
        self.named: dict[str, Order] = {}  # open orders by the name their client gave them
        self.closed: deque[Order] = deque(maxlen=history)
        self.trades: deque[Trade] = deque(maxlen=history)
        self.latest: Order | None = None  # the order being worked on, which is neither open nor closed yet
        self.seats = [Seat(self, instrument) for instrument in instruments]

    def find(self, index: int | None, order_id: int | None, client_order_id: str | None) -> Order | None:
        """The order of that id or client's name, open or recently closed; the most recent where names repeat."""
        latest = self.latest
        if latest is not None and _is(latest, index, order_id, client_order_id):
            return latest
        if order_id is not None:
            for seat in self.seats if index is None else (self.seats[index],):
                order = seat.open.get(order_id)
                if order is not None and _is(order, index, order_id, client_order_id):
                    return order
        elif client_order_id:
            order = self.named.get(client_order_id)
            if order is not None and _is(order, index, None, client_order_id):
                return order
        return next((order for order in reversed(self.closed) if _is(order, index, order_id, client_order_id)), None)


class Seat:
    """An account in one listing: the two balances that trades move, and its open orders there, by id.

    It holds everything a fill touches, so that the matching engine finds it with one look.
    """

    __slots__ = ("base", "closed", "may_overdraw", "name", "named", "open", "party", "quote", "trades")

    def __init__(self, party: Party, instrument: Instrument) -> None:
        self.party = party
        self.name = party.account.name
        self.may_overdraw = party.account.may_overdraw
        self.base = party.account.holding(instrument.base)
        self.quote = party.account.holding(instrument.quote)
        self.open: dict[int, Order] = {}
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
