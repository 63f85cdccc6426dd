"""Order and trade: what a client asked for, and each exchange of value that came of it.

Plain classes, because those are what mypyc turns into C structures; ``__slots__`` keep them small where it is absent.
"""

from __future__ import annotations

from simulators.exchange.types import OrderStatus, OrderType, Side, TimeInForce


class Order:
    """One order through its life. ``price_ticks`` is 0 for a market order.

    ``quote_quantity`` (smallest units of quote) is given for a market order by value; its ``quantity_lots`` is then
    what the book could sell for that value when it came. ``open_lots`` are those not filled; when the order has ended,
    never to be. ``filled_quote`` is what its fills were worth, before fees. ``ended_as`` is CANCELED, EXPIRED or None.
    ``earlier`` and ``later`` are its neighbours at the same price, while it rests in the book.
    """

    __slots__ = (
        "account",
        "client_order_id",
        "earlier",
        "ended_as",
        "filled_quote",
        "index",
        "later",
        "open_lots",
        "order_id",
        "placed_ns",
        "price_ticks",
        "quantity_lots",
        "quote_quantity",
        "side",
        "time_in_force",
        "type",
        "updated_ns",
    )

    def __init__(
        self,
        order_id: int,
        client_order_id: str,
        account: str,
        index: int,
        side: Side,
        type: OrderType,
        time_in_force: TimeInForce,
        price_ticks: int,
        quantity_lots: int,
        quote_quantity: int,
        placed_ns: int,
    ) -> None:
        self.order_id = order_id
        self.client_order_id = client_order_id
        self.account = account
        self.index = index
        self.side = side
        self.type = type
        self.time_in_force = time_in_force
        self.price_ticks = price_ticks
        self.quantity_lots = quantity_lots
        self.quote_quantity = quote_quantity
        self.placed_ns = placed_ns
        self.updated_ns = placed_ns
        self.open_lots = quantity_lots
        self.filled_quote = 0
        self.ended_as: OrderStatus | None = None
        self.earlier: Order | None = None
        self.later: Order | None = None

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


class Trade:
    """One fill: the taker met the maker at the maker's price. The street's order ids are 0.

    Fees are smallest units of the asset each side received (buyer: base, seller: quote); ``quote_amount`` is the value
    before fees, in smallest units of quote. Nobody changes a trade after it is made.
    """

    __slots__ = (
        "at_ns",
        "index",
        "maker_account",
        "maker_fee",
        "maker_order",
        "price_ticks",
        "quantity_lots",
        "quote_amount",
        "taker_account",
        "taker_fee",
        "taker_order",
        "taker_side",
        "trade_id",
    )

    def __init__(
        self,
        trade_id: int,
        index: int,
        at_ns: int,
        price_ticks: int,
        quantity_lots: int,
        quote_amount: int,
        taker_side: Side,
        taker_account: str,
        taker_order: int,
        maker_account: str,
        maker_order: int,
        taker_fee: int,
        maker_fee: int,
    ) -> None:
        self.trade_id = trade_id
        self.index = index
        self.at_ns = at_ns
        self.price_ticks = price_ticks
        self.quantity_lots = quantity_lots
        self.quote_amount = quote_amount
        self.taker_side = taker_side
        self.taker_account = taker_account
        self.taker_order = taker_order
        self.maker_account = maker_account
        self.maker_order = maker_order
        self.taker_fee = taker_fee
        self.maker_fee = maker_fee
