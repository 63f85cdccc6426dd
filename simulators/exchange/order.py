"""Order and trade: what a client asked for, and each exchange of value that came of it."""

from __future__ import annotations

import msgspec

from simulators.exchange.types import OrderStatus, OrderType, Side, TimeInForce


class Order(msgspec.Struct, eq=False, gc=False):
    """One order through its life. ``price_ticks`` is 0 for a market order.

    ``quote_quantity`` (smallest units of quote) is given for a market order by value; its ``quantity_lots`` is then
    what the book could sell for that value when it came. ``filled_quote`` is what its fills were worth, before fees.
    """

    order_id: int
    client_order_id: str
    account: str
    index: int
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price_ticks: int
    quantity_lots: int
    quote_quantity: int
    placed_ns: int
    updated_ns: int
    open_lots: int  # not filled; when the order has ended, never to be
    filled_quote: int = 0
    ended_as: OrderStatus | None = None  # CANCELED or EXPIRED
    earlier: Order | None = None  # its neighbours at the same price, while it rests in the book
    later: Order | None = None

    @property
    def filled_lots(self) -> int:
        return self.quantity_lots - self.open_lots

    @property
    def status(self) -> OrderStatus:
        if self.ended_as is not None:
            return self.ended_as
        if not self.open_lots:
            return OrderStatus.FILLED
        return OrderStatus.PARTIALLY_FILLED if self.open_lots < self.quantity_lots else OrderStatus.NEW


class Trade(msgspec.Struct, frozen=True, gc=False):
    """One fill: the taker met the maker at the maker's price. The street's order ids are 0.

    Fees are smallest units of the asset each side received (buyer: base, seller: quote); ``quote_amount`` is the value
    before fees, in smallest units of quote.
    """

    trade_id: int
    index: int
    at_ns: int
    price_ticks: int
    quantity_lots: int
    quote_amount: int
    taker_side: Side
    taker_account: str
    taker_order: int
    maker_account: str
    maker_order: int
    taker_fee: int
    maker_fee: int
