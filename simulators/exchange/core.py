"""Exchange: a matching venue with finite liquidity and accounts whose value always adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn, Protocol

from simulators.exchange.config import ExchangeConfig
from simulators.exchange.market import Market, Top
from simulators.exchange.matching import FEES, STREET, MatchingEngine, Silence
from simulators.exchange.order import Order, Trade
from simulators.exchange.refusal import CANCEL_REJECTED, refusal
from simulators.exchange.seat import Party
from simulators.exchange.types import (
    ExchangeObserver,
    Listing,
    OrderStatus,
    OrderType,
    Rejected,
    Side,
    TimeInForce,
)
from simulators.ledger import EXTERNAL, Ledger, Owner, to_units
from simulators.ports import Audit, Clock

SETTLING = "settling"

# Enum members are looked up through their metaclass; a global is four times as fast.
_BUY = Side.BUY
_LIMIT = OrderType.LIMIT
_GTC, _FOK, _GTX = TimeInForce.GTC, TimeInForce.FOK, TimeInForce.GTX
_CANCELED, _EXPIRED = OrderStatus.CANCELED, OrderStatus.EXPIRED

# Names of the journal, by the value of the enumeration.
_SIDES = ("", "buy", "sell")  # -1 is the last
_TYPES = ("limit", "market")
_TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX")

_ANY_PRICE = -(1 << 62)  # the limit key of a market order: worse than any price


class OrderGate(Protocol):
    """What stands between an order that passed every check and the matching engine. Faults act here."""

    def admit(self, account: str, index: int, side: Side, quantity_lots: int) -> int:
        """The most lots that may trade now (what the rest would still match expires), or raise Rejected."""


class Exchange:
    """One venue: listings, their books, the street behind them, and the accounts of those who trade there.

    Accounts it opens itself: ``external``, ``street``, ``fees`` (owner ``venue``), ``settling`` (owner ``transit``).
    Amounts are smallest units (8 decimals), prices ticks, quantities lots; ``index`` is a listing's place in
    ``listings``. An unknown account is a KeyError: names are the business of whoever checks the client's key.
    """

    def __init__(self, config: ExchangeConfig, clock: Clock, audit: Audit) -> None:
        self.name = config.name
        self.listings: tuple[Listing, ...] = config.listings
        self.ledger = Ledger(config.name, audit)
        self.gate: OrderGate | None = None
        self._clock = clock
        self._record = audit.record
        self._history = config.history
        self._order_id = 0
        unknown = sorted(set(config.street) - {listing.symbol for listing in config.listings})
        if unknown:
            raise ValueError(f"{config.name}: a street is given for {unknown[0]}, which is not listed")
        self._markets = [
            Market(index, listing, config.street.get(listing.symbol), config.max_open_orders, config.history)
            for index, listing in enumerate(config.listings)
        ]
        for index, listing in enumerate(config.listings):
            audit.record(
                "listing",
                self.name,
                0,
                listing.symbol,
                index,
                listing.base,
                listing.quote,
                listing.tick_size,
                listing.lot_size,
            )
        self._parties: dict[str, Party] = {}
        self._enter(EXTERNAL)
        self.open_account(STREET, "street")
        self.open_account(FEES, "venue")
        self.open_account(SETTLING, "transit")
        self._engine = MatchingEngine(self.name, clock, audit)

    @property
    def observer(self) -> ExchangeObserver:
        """Whoever publishes what happens here. A fault that loses or repeats reports can stand in between."""
        return self._engine.observer

    @observer.setter
    def observer(self, observer: ExchangeObserver | None) -> None:
        self._engine.observer = observer or Silence()

    # Accounts

    def open_account(self, name: str, owner: Owner, opening: Mapping[str, str] | None = None) -> None:
        """Open an account with opening balances (asset → decimal string). ValueError if it exists already."""
        self.ledger.open_account(name, owner, {asset: to_units(text) for asset, text in (opening or {}).items()})
        self._enter(name)

    def _enter(self, name: str) -> None:
        instruments = [market.instrument for market in self._markets]
        party = self._parties[name] = Party(self.ledger.account(name), instruments, self._history)
        for market, seat in zip(self._markets, party.seats, strict=True):
            market.seats[name] = seat

    def transfer(self, asset: str, from_account: str, to_account: str, amount: int, reason: str, cause: int = 0) -> int:
        """Move value between accounts and return the posting's record number. Overdraft if it is not free."""
        number = self.ledger.move(asset, from_account, to_account, amount, reason, cause)
        observer = self._engine.observer
        observer.on_balance(from_account, (asset,), number)
        observer.on_balance(to_account, (asset,), number)
        return number

    def balance(self, account: str, asset: str) -> tuple[int, int]:
        """``(free, held)`` in smallest units; zeros for an asset the account never had."""
        return self.ledger.balance(account, asset)

    def balances(self, account: str) -> list[tuple[str, int, int]]:
        """``(asset, free, held)`` of every listed asset and any other the account ever had, sorted by asset."""
        holdings = self.ledger.account(account).holdings
        return [(asset, holdings[asset].free, holdings[asset].held) for asset in sorted(holdings)]

    # The street

    def requote(self, index: int, reference_price: float, cause: int = 0) -> None:
        """Move the street to a reference price (quote per base); it fills the client orders it now crosses."""
        market = self._markets[index]
        engine = self._engine
        street = market.street
        bids, asks = street.bids, street.asks
        if bids.is_wounded or asks.is_wounded:
            now_ns = self._clock.now_ns
            bids.recover(now_ns)
            asks.recover(now_ns)
        street.move(reference_price, self._order_id)
        if market.bids.best is None and market.asks.best is None:
            bid_ticks, bid_lots, ask_ticks, ask_lots = bids.best_ticks, bids.best_lots, asks.best_ticks, asks.best_lots
            market.top = (bid_ticks, bid_lots, ask_ticks, ask_lots)
            engine.observer.on_top(
                index, self._record("quote", self.name, cause, index, bid_ticks, bid_lots, ask_ticks, ask_lots)
            )
        else:
            engine.let_street_take(market, cause)
            engine.publish_top(market, cause, is_confirmed=True)

    def adjust_street(
        self, index: int, half_spread_multiplier: float = 1.0, capacity_multiplier: float = 1.0, cause: int = 0
    ) -> None:
        """Widen the street's spread or scale its liquidity, from now on and until the next call (1, 1 is normal)."""
        street = self._markets[index].street
        street.adjust(half_spread_multiplier, capacity_multiplier)
        if street.reference_price:
            self.requote(index, street.reference_price, cause)

    # Orders

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
        seat = market.seats[account]
        engine = self._engine
        instrument = market.instrument
        street = market.street
        if street.bids.is_wounded or street.asks.is_wounded:
            engine.recover_street(market, cause)
            engine.publish_top(market, cause)
        bid_ticks, bid_lots, ask_ticks, ask_lots = market.top
        value = price_ticks * quantity_lots * instrument.value_units
        if side is _BUY:
            side_name = "buy"
            own, other, ladder, funds = market.bids, market.asks, street.asks, seat.quote
            limit_key = -price_ticks
            needed = value
            is_crossing = ask_lots > 0 and price_ticks >= ask_ticks
        else:
            side_name = "sell"
            own, other, ladder, funds = market.asks, market.bids, street.bids, seat.base
            limit_key = price_ticks
            needed = quantity_lots * instrument.lot_units
            is_crossing = bid_lots > 0 and price_ticks <= bid_ticks
        if type is _LIMIT:
            type_name = "limit"
        else:
            type_name, price_ticks, limit_key, is_crossing = "market", 0, _ANY_PRICE, True
            quantity_lots, value, needed = market.size(side, seat, quantity_lots, quote_quantity)
        if (
            quantity_lots < 1
            or (price_ticks < 1 and type is _LIMIT)
            or value < instrument.min_notional
            or (needed > funds.free and not seat.may_overdraw)
            or len(seat.open) >= market.max_open_orders
            or client_order_id in seat.named
            or (is_crossing and time_in_force is _GTX)
        ):
            because = refusal(
                price_is_bad=price_ticks < 1 and type is _LIMIT,
                quantity_lots=quantity_lots,
                value=value,
                min_notional=instrument.min_notional,
                open_orders=len(seat.open),
                max_open_orders=market.max_open_orders,
                name_is_taken=client_order_id in seat.named,
                would_take=is_crossing and time_in_force is _GTX,
            )
            self._reject(
                because, account, client_order_id, index, side, type, time_in_force, price_ticks, quantity_lots, cause
            )
        tradable_lots = quantity_lots
        if self.gate is not None:
            try:
                tradable_lots = min(quantity_lots, self.gate.admit(account, index, side, quantity_lots))
            except Rejected as because:
                self._reject(
                    because,
                    account,
                    client_order_id,
                    index,
                    side,
                    type,
                    time_in_force,
                    price_ticks,
                    quantity_lots,
                    cause,
                )
        if time_in_force is _FOK:
            within = market.lots_within(other, ladder, account, limit_key, quantity_lots)
            tradable_lots = quantity_lots if min(within, tradable_lots) == quantity_lots else 0

        self._order_id = order_id = self._order_id + 1
        now_ns = self._clock.now_ns
        seat.party.latest = order = Order(
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
            now_ns,
            quantity_lots,
        )
        number = self._record(
            "order",
            self.name,
            cause,
            account,
            order_id,
            client_order_id,
            index,
            side_name,
            type_name,
            _TIMES_IN_FORCE[time_in_force],
            price_ticks,
            quantity_lots,
            "accepted",
            "",
        )
        observer = engine.observer
        observer.on_order(account, order_id, "NEW", number)
        tradable_left, met_itself = tradable_lots, False
        if is_crossing:
            tradable_left, met_itself = engine.match(
                market, seat, order, side, other, ladder, limit_key, tradable_lots, now_ns, number
            )
        open_lots = order.open_lots
        if not open_lots:
            seat.closed.append(order)
        elif (
            type is _LIMIT
            and (time_in_force is _GTC or time_in_force is _GTX)
            and not met_itself
            and (tradable_left or not is_crossing)
        ):
            held = open_lots * (price_ticks * instrument.value_units if side is _BUY else instrument.lot_units)
            funds.free -= held
            funds.held += held
            seat.open[order_id] = order
            own.add(order)
            if client_order_id:
                seat.named[client_order_id] = order
        else:
            order.ended_as = _EXPIRED
            seat.closed.append(order)
            reason = "self_trade" if met_itself else _why_expired(order, tradable_lots)
            self._end(order, number, "expired", reason, "EXPIRED")
        observer.on_balance(account, instrument.assets, number)
        if is_crossing or own.keys[-1] == price_ticks * own.sign:
            engine.publish_top(market, number)
        return order

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
        seat = market.seats[account]
        order = seat.open.get(order_id) if order_id is not None else seat.named.get(client_order_id or "")
        if order is None or order.index != index or (client_order_id and order.client_order_id != client_order_id):
            raise Rejected(CANCEL_REJECTED, "Unknown order sent.")
        instrument = market.instrument
        del seat.open[order.order_id]
        if order.side is _BUY:
            own, funds = market.bids, seat.quote
            held = order.open_lots * order.price_ticks * instrument.value_units
        else:
            own, funds = market.asks, seat.base
            held = order.open_lots * instrument.lot_units
        best = own.best
        own.remove(order)
        funds.held -= held
        funds.free += held
        order.ended_as = _CANCELED
        order.updated_ns = self._clock.now_ns
        seat.closed.append(order)
        if order.client_order_id:
            del seat.named[order.client_order_id]
        number = self._end(order, cause, "cancelled", "client", "CANCELED")
        self._engine.observer.on_balance(account, instrument.assets, number)
        if best is not None and best.price_ticks == order.price_ticks:
            self._engine.publish_top(market, number)
        return order

    def cancel_all(self, account: str, index: int, cause: int = 0) -> list[Order]:
        """Cancel every open order of the account in one listing, oldest first (an empty list if there is none)."""
        open_orders = list(self._markets[index].seats[account].open.values())
        return [self.cancel(account, index, order.order_id, cause=cause) for order in open_orders]

    def _end(self, order: Order, cause: int, event: str, reason: str, execution: str) -> int:
        number = self._record(
            "order",
            self.name,
            cause,
            order.account,
            order.order_id,
            order.client_order_id,
            order.index,
            _SIDES[order.side],
            _TYPES[order.type],
            _TIMES_IN_FORCE[order.time_in_force],
            order.price_ticks,
            order.quantity_lots,
            event,
            reason,
        )
        self._engine.observer.on_order(order.account, order.order_id, execution, number)
        return number

    def _reject(
        self,
        reason: Rejected,
        account: str,
        client_order_id: str,
        index: int,
        side: Side,
        type: OrderType,
        time_in_force: TimeInForce,
        price_ticks: int,
        quantity_lots: int,
        cause: int,
    ) -> NoReturn:
        """Record a refused order, which never gets an id (0), and raise the refusal."""
        self._record(
            "order",
            self.name,
            cause,
            account,
            0,
            client_order_id,
            index,
            _SIDES[side],
            _TYPES[type],
            _TIMES_IN_FORCE[time_in_force],
            price_ticks,
            quantity_lots,
            "rejected",
            reason.message,
        )
        raise reason

    # What can be asked

    def top(self, index: int) -> Top:
        """``(bid_ticks, bid_lots, ask_ticks, ask_lots)``; 0 ticks and lots where a side is empty."""
        return self._markets[index].top

    def depth(self, index: int, levels: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """``(bids, asks)``, each ``(ticks, lots)`` from the best price outwards, clients and street merged."""
        market = self._markets[index]
        street = market.street
        return market.depth(market.bids, street.bids, levels), market.depth(market.asks, street.asks, levels)

    def open_orders(self, account: str, index: int | None = None) -> list[Order]:
        """Orders of the account that rest in the book, oldest first; of all listings if ``index`` is None."""
        seats = self._parties[account].seats
        if index is not None:
            return list(seats[index].open.values())
        return sorted((order for seat in seats for order in seat.open.values()), key=lambda order: order.order_id)

    def order(
        self, account: str, index: int | None, order_id: int | None = None, client_order_id: str | None = None
    ) -> Order | None:
        """An open or recently closed order (any listing if ``index`` is None), or None.

        It can be asked for from within an observer's call about it.
        """
        return self._parties[account].find(index, order_id, client_order_id)

    def closed_orders(self, account: str) -> Sequence[Order]:
        """Recently closed orders of the account, in the order they closed; the oldest are forgotten."""
        return self._parties[account].closed

    def account_trades(self, account: str) -> Sequence[Trade]:
        """Recent trades of the account, oldest first; its last one is the fill an observer is being told of."""
        return self._parties[account].trades

    def trades(self, index: int) -> Sequence[Trade]:
        """Recent trades of one listing, oldest first."""
        return self._markets[index].trades


def _why_expired(order: Order, tradable_lots: int) -> str:
    if order.time_in_force is _FOK:
        return "fill_or_kill"
    if tradable_lots < order.quantity_lots:
        return "limited"
    return "no_liquidity" if order.type is not _LIMIT else "immediate_or_cancel"
