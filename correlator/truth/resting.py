"""Resting: the orders that stand in books, followed from acceptance through fills to the end."""

from __future__ import annotations

from correlator.records import Fill, Order

Key = tuple[str, int]
"""Venue and order id."""


class RestingOrders:
    """Open orders of the accounts that are given to it, with what is left of each in lots."""

    def __init__(self) -> None:
        self._left: dict[Key, int] = {}
        self._accounts: dict[Key, str] = {}

    def __len__(self) -> int:
        return len(self._left)

    def accept(self, record: Order) -> None:
        """An order was accepted: it stands until it is filled, cancelled or expired, be it in the same moment."""
        self._left[record.source, record.order_id] = record.quantity_lots
        self._accounts[record.source, record.order_id] = record.account

    def end(self, record: Order) -> bool:
        """An order was cancelled or has expired; whether it stood here."""
        return self._drop((record.source, record.order_id))

    def fill(self, record: Fill) -> bool:
        """A trade; whether an order that stood here stands no longer."""
        ended = False
        for order_id in (record.taker_order, record.maker_order):
            key = (record.source, order_id)
            left = self._left.get(key)
            if left is None:
                continue
            if left > record.quantity_lots:
                self._left[key] = left - record.quantity_lots
            else:
                ended = self._drop(key) or ended
        return ended

    def account(self, venue: str, order_id: int) -> str | None:
        """Whose order it is; None if it does not stand here."""
        return self._accounts.get((venue, order_id))

    def _drop(self, key: Key) -> bool:
        self._accounts.pop(key, None)
        return self._left.pop(key, None) is not None
