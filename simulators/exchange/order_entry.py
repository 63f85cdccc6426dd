"""Order entry: where orders and cancels arrive, are checked against filters and balances, and live or end."""

from __future__ import annotations

from typing import Final, NoReturn, Protocol

from simulators.exchange.market import Market, TradingSide
from simulators.exchange.matching import MatchingEngine
from simulators.exchange.order import Order
from simulators.exchange.refusal import CANCEL_REJECTED, refusal
from simulators.exchange.seat import Seat
from simulators.exchange.types import OrderStatus, OrderType, Rejected, Side, TimeInForce
from simulators.ports import Audit, Clock

# Enum members are looked up through their metaclass; a global is four times as fast, and compiled a constant.
_BUY: Final = Side.BUY
_LIMIT: Final = OrderType.LIMIT
_GTC: Final = TimeInForce.GTC
_FOK: Final = TimeInForce.FOK
_GTX: Final = TimeInForce.GTX
_CANCELED: Final = OrderStatus.CANCELED
_EXPIRED: Final = OrderStatus.EXPIRED

# The journal's names, by the value of the enumeration.
_TIME_IN_FORCE_NAMES: Final = ("GTC", "IOC", "FOK", "GTX")

_ANY_PRICE: Final = -(1 << 61)  # the limit key of a market order: worse than any price


class OrderGate(Protocol):
    """What stands between an order that passed every check and the matching engine. Faults act here."""

    def admit(self, account: str, index: int, side: Side, quantity_lots: int) -> int:
        """The most lots that may trade now (what the rest would still match expires), or raise Rejected."""


class OrderEntry(MatchingEngine):
    """Takes orders and cancels for the accounts seated in its markets."""

    def __init__(self, name: str, clock: Clock, audit: Audit, markets: list[Market]) -> None:
        super().__init__(name, clock, audit)
        self.gate: OrderGate | None = None
        self._markets = markets
        self._order_id = 0

    def place(
        self,
        account: str,
        index: int,
        side: Side,
        type: OrderType,
        time_in_force: TimeInForce,
        price_ticks: int,
        quantity_lots: int,
        quote_quantity: int = 0,
        client_order_id: str = "",
        cause: int = 0,
    ) -> Order:
        """Take an order: match it, then rest or expire what is left.

        A market order takes ``quantity_lots`` of base or, if ``quote_quantity`` is positive, as many whole lots as that
        value buys or brings in; ``price_ticks`` is ignored. Raises Rejected with Binance's code and text.
        """
        market = self._markets[index]
        if market.street.is_wounded:
            self.recover_street(market, cause)
        instrument = market.instrument
        needed = value = price_ticks * quantity_lots * instrument.value_units
        if side is _BUY:
            own = market.bids
            is_crossing = price_ticks >= market.top[2]  # also where nothing is offered; then matching finds nothing
        else:
            own = market.asks
            is_crossing = price_ticks <= market.top[0]
            needed = quantity_lots * instrument.lot_units
        seat = own.seats[account]
        if type is not _LIMIT:
            price_ticks, is_crossing = 0, True
            quantity_lots, value, needed = market.size(own, seat, quantity_lots, quote_quantity)
        tradable_lots = quantity_lots
        if (
            quantity_lots < 1
            or value < instrument.min_notional
            or needed > seat.pays.free
            or len(seat.open) >= market.max_open_orders
            or time_in_force is not _GTC
            or (client_order_id and client_order_id in seat.named)
            or self.gate is not None
        ):
            draft = Order(
                0, client_order_id, account, index, side, type, time_in_force, price_ticks, quantity_lots, 0, 0
            )
            tradable_lots = self._examine(market, own, seat, draft, value, needed, cause)

        self._order_id = order_id = self._order_id + 1
        now_ns = self._clock.now_ns
        order = Order(
            order_id,
            client_order_id,
            account,
            index,
            side,
            type,
            time_in_force,
            price_ticks,
            quantity_lots,
            quote_quantity,
            now_ns,
        )
        record = self._record
        number = record(
            "order",
            self.name,
            cause,
            account,
            order_id,
            client_order_id,
            index,
            own.word,
            "limit" if type is _LIMIT else "market",
            "GTC" if time_in_force is _GTC else _TIME_IN_FORCE_NAMES[time_in_force],
            price_ticks,
            quantity_lots,
            "accepted",
            "",
        )
        if is_crossing or not (time_in_force is _GTC or time_in_force is _GTX):
            self._take(market, own, seat, order, is_crossing, tradable_lots, needed, number)
            return order
        pays = seat.pays
        pays.free -= needed
        pays.held += needed
        seat.open[order_id] = order
        if client_order_id:
            seat.named[client_order_id] = order
        is_best = own.add(order)
        self.observer.on_order(order, "NEW", instrument.assets, number)
        if is_best:
            self.publish_top(market, number)
        return order

    def _take(
        self,
        market: Market,
        own: TradingSide,
        seat: Seat,
        order: Order,
        is_crossing: bool,
        tradable_lots: int,
        needed: int,
        cause: int,
    ) -> None:
        """Match an accepted order that crosses or must not wait, then rest or expire what is left of it.

        ``needed`` is what all of it takes from the balance; ``cause`` is the record of its acceptance.
        """
        observer = self.observer
        observer.on_order(order, "NEW", (), cause)
        is_limit = order.type is _LIMIT
        quantity_lots = order.quantity_lots
        met_itself = False
        if is_crossing:
            limit_key = -order.price_ticks * own.sign if is_limit else _ANY_PRICE
            met_itself = self.match(market, own, seat, order, limit_key, tradable_lots, order.placed_ns, cause)
        open_lots = order.open_lots
        time_in_force = order.time_in_force
        if not open_lots:
            seat.closed.append(order)
            observer.on_balance(seat.name, market.instrument.assets, cause)
        elif (
            open_lots > quantity_lots - tradable_lots
            and is_limit
            and not met_itself
            and (time_in_force is _GTC or time_in_force is _GTX)
        ):
            held = needed // quantity_lots * open_lots
            pays = seat.pays
            pays.free -= held
            pays.held += held
            seat.open[order.order_id] = order
            if order.client_order_id:
                seat.named[order.client_order_id] = order
            own.add(order)
            observer.on_balance(seat.name, market.instrument.assets, cause)
        else:
            order.ended_as = _EXPIRED
            seat.closed.append(order)
            reason = "self_trade" if met_itself else _why_expired(order, tradable_lots)
            number = self._record_end(order, "expired", reason, cause)
            observer.on_order(order, "EXPIRED", market.instrument.assets, number)
        if is_crossing:
            self.publish_top(market, cause)

    def cancel(
        self,
        account: str,
        index: int,
        order_id: int | None = None,
        client_order_id: str | None = None,
        cause: int = 0,
    ) -> Order:
        """Take an open order out of the book. Rejected(-2011, "Unknown order sent.") if it is not there.

        Given both, the order must bear that id and that name.
        """
        market = self._markets[index]
        own = market.bids
        seat = own.seats[account]
        order = seat.open.get(order_id) if order_id is not None else seat.named.get(client_order_id or "")
        if order is None or order.index != index or (client_order_id and order.client_order_id != client_order_id):
            raise Rejected(CANCEL_REJECTED, "Unknown order sent.")
        if order.side is _BUY:
            pays = seat.pays
            held = order.open_lots * order.price_ticks * market.instrument.value_units
        else:
            own = market.asks
            pays = seat.gets  # the seat is that among the bids
            held = order.open_lots * market.instrument.lot_units
        was_best = own.remove(order)
        pays.held -= held
        pays.free += held
        del seat.open[order.order_id]
        if order.client_order_id:
            del seat.named[order.client_order_id]
        seat.closed.append(order)
        order.ended_as = _CANCELED
        order.updated_ns = self._clock.now_ns
        number = self._record_end(order, "cancelled", "client", cause)
        self.observer.on_order(order, "CANCELED", market.instrument.assets, number)
        if was_best:
            self.publish_top(market, number)
        return order

    def cancel_all(self, account: str, index: int, cause: int = 0) -> list[Order]:
        """Cancel every open order of the account in one listing, oldest first (an empty list if there is none)."""
        open_orders = list(self._markets[index].bids.seats[account].open.values())
        return [self.cancel(account, index, order.order_id, cause=cause) for order in open_orders]

    def _examine(
        self, market: Market, own: TradingSide, seat: Seat, draft: Order, value: int, needed: int, cause: int
    ) -> int:
        """Look closely at an order that is out of the ordinary: reject it, or return the lots that may trade now."""
        quantity_lots = draft.quantity_lots
        is_limit = draft.type is _LIMIT
        limit_key = -draft.price_ticks * own.sign if is_limit else _ANY_PRICE
        would_take = any(ticks * own.opposite.sign >= limit_key for ticks, _ in own.opposite.depth(1))
        because = refusal(
            price_is_bad=is_limit and draft.price_ticks < 1,
            size_is_bad=quantity_lots < 1,
            value_is_small=value < market.instrument.min_notional,
            orders_are_many=len(seat.open) >= market.max_open_orders,
            name_is_taken=draft.client_order_id in seat.named,
            is_unwilling_taker=would_take and draft.time_in_force is _GTX,
            balance_is_short=needed > seat.pays.free and not seat.may_overdraw,
        )
        if because is not None:
            self._reject(draft, because, cause)
        tradable_lots = quantity_lots
        if self.gate is not None:
            try:
                tradable_lots = min(quantity_lots, self.gate.admit(seat.name, market.index, draft.side, quantity_lots))
            except Rejected as rejection:
                self._reject(draft, rejection, cause)
        if draft.time_in_force is _FOK and not market.fills_whole(own, seat.name, limit_key, quantity_lots):
            return 0
        return tradable_lots if draft.time_in_force is not _FOK or tradable_lots == quantity_lots else 0

    def _reject(self, draft: Order, because: Rejected, cause: int) -> NoReturn:
        """Record a refused order, which never gets an id (0), and raise the refusal."""
        self._record_end(draft, "rejected", because.message, cause)
        raise because

    def _record_end(self, order: Order, event: str, reason: str, cause: int) -> int:
        record = self._record
        return record(
            "order",
            self.name,
            cause,
            order.account,
            order.order_id,
            order.client_order_id,
            order.index,
            "buy" if order.side is _BUY else "sell",
            "limit" if order.type is _LIMIT else "market",
            _TIME_IN_FORCE_NAMES[order.time_in_force],
            order.price_ticks,
            order.quantity_lots,
            event,
            reason,
        )


def _why_expired(order: Order, tradable_lots: int) -> str:
    if order.time_in_force is _FOK:
        return "fill_or_kill"
    if tradable_lots < order.quantity_lots:
        return "limited"
    return "immediate_or_cancel" if order.type is _LIMIT else "no_liquidity"
