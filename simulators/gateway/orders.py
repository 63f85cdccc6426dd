"""Orders on their way through the gateway: read out of an intent, checked against a venue's steps, logged when sent."""

from __future__ import annotations

from collections import deque
from urllib.parse import parse_qsl, urlencode

import msgspec

from simulators.gateway.payloads import OrderRow, WithdrawalRow
from simulators.strategies.pairs import Pair, to_text, to_units

MOST_ORDERS = 20_000
MOST_WITHDRAWALS = 1_000


class Order(msgspec.Struct, frozen=True):
    """A new order as a strategy wants it. ``query`` is the venue's request for it, unsigned."""

    strategy: str
    venue: str
    account: str
    symbol: str
    client_order_id: str
    side: str
    order_type: str
    price: str
    quantity: str
    path: str
    query: str

    @classmethod
    def of(cls, strategy: str, venue: str, account: str, path: str, query: str) -> Order:
        fields = dict(parse_qsl(query, keep_blank_values=True))
        return cls(
            strategy,
            venue,
            account,
            fields.get("symbol", ""),
            fields.get("newClientOrderId", ""),
            fields.get("side", ""),
            fields.get("type", ""),
            fields.get("price", ""),
            fields.get("quantity", ""),
            path,
            query,
        )

    def with_quantity(self, quantity: str, pair: Pair | None) -> Order | None:
        """The order for no more than ``quantity``, in whole lots of the pair; None if that leaves nothing to send."""
        units = min(to_units(quantity), to_units(self.quantity))
        if pair is not None:
            units -= units % pair.lot_units
        return self._changed(quantity=to_text(units)) if units > 0 else None

    def at_venue(self, venue: str, account: str, pair: Pair) -> Order | None:
        """The order for another venue, price and quantity in its steps; None if that leaves nothing to send."""
        units = to_units(self.quantity)
        units -= units % pair.lot_units
        ticks = to_units(self.price)
        ticks -= ticks % pair.tick_units
        if units <= 0:
            return None
        moved = self._changed(quantity=to_text(units), price=to_text(ticks)) if self.price else self
        return msgspec.structs.replace(moved, venue=venue, account=account)

    def _changed(self, **values: str) -> Order:
        fields = {**dict(parse_qsl(self.query, keep_blank_values=True)), **values}
        return msgspec.structs.replace(self, query=urlencode(fields), **values)


class OrderLog:
    """What the firm sent, by number; the oldest entries are forgotten."""

    def __init__(self) -> None:
        self.withdrawals: deque[WithdrawalRow] = deque(maxlen=MOST_WITHDRAWALS)
        self._orders: deque[OrderRow] = deque(maxlen=MOST_ORDERS)
        self._last_order = 0
        self._last_withdrawal = 0

    def order_sent(self, order: Order, at_ms: int) -> OrderRow:
        self._last_order += 1
        row = OrderRow(
            self._last_order,
            order.strategy,
            order.venue,
            order.account,
            order.symbol,
            order.client_order_id,
            order.side,
            order.order_type,
            order.price,
            order.quantity,
            at_ms,
        )
        self._orders.append(row)
        return row

    def withdrawal_ordered(
        self, venue: str, account: str, asset: str, amount: str, address: str, client_id: str, at_ms: int
    ) -> WithdrawalRow:
        self._last_withdrawal += 1
        row = WithdrawalRow(self._last_withdrawal, venue, account, asset, amount, address, client_id, at_ms)
        self.withdrawals.append(row)
        return row

    def orders_after(self, number: int, limit: int) -> list[OrderRow]:
        """At most ``limit`` orders above ``number``, in the order in which they were sent."""
        first = self._last_order - len(self._orders) + 1
        skip = max(0, number + 1 - first)
        return [self._orders[place] for place in range(skip, min(skip + limit, len(self._orders)))]
