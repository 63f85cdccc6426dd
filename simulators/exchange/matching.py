"""Matching engine: brings takers and makers together and moves what they exchange between their accounts."""

from __future__ import annotations

from simulators.exchange.book import BookSide
from simulators.exchange.instrument import PPM
from simulators.exchange.market import Market
from simulators.exchange.order import Order, Trade
from simulators.exchange.party import Party
from simulators.exchange.street import Ladder
from simulators.exchange.types import ExchangeObserver, OrderStatus, Side
from simulators.ports import Audit, Clock

# Enum members are looked up through their metaclass; a global is four times as fast.
_BUY = Side.BUY
_SELL = Side.SELL
_FILLED = OrderStatus.FILLED
_PARTIALLY_FILLED = OrderStatus.PARTIALLY_FILLED
_SIDE_NAMES = ("", "buy", "sell")  # by the value of Side, of which -1 is the last

SELF_TRADE = "self_trade"


class MatchingEngine:
    """Matches by price, then time. What it does is recorded, and told to the observer, as it happens.

    A taker who meets an order of its own account stops there, and what is left of it expires (the rule Binance calls
    EXPIRE_TAKER); orders of two accounts of one firm do trade with each other. The street pays no fees.
    """

    __slots__ = ("_clock", "_fees", "_name", "_parties", "_record", "_street", "observer")

    def __init__(
        self, name: str, clock: Clock, audit: Audit, parties: dict[str, Party], street: Party, fees: Party
    ) -> None:
        self.observer: ExchangeObserver | None = None
        self._name = name
        self._clock = clock
        self._record = audit.record
        self._parties = parties
        self._street = street
        self._fees = fees

    def match(
        self,
        market: Market,
        party: Party,
        order: Order,
        other: BookSide,
        ladder: Ladder,
        limit_key: int,
        lots: int,
        cause: int,
    ) -> str:
        """Fill up to ``lots`` of a taker; return why what is left must not rest (empty: it may)."""
        index = market.index
        now_ns = order.updated_ns
        while lots:
            level = other.best
            if ladder.best_lots and ladder.best_key >= limit_key:
                key = ladder.best_key
                if level is None or (
                    level.key < key or (level.key == key and level.first.order_id > ladder.since_order)
                ):
                    filled = ladder.best_lots if ladder.best_lots < lots else lots
                    price_ticks = ladder.best_ticks
                    market.street.take(ladder, filled, now_ns)
                    self._fill(market, party, order, self._street, None, order.side, price_ticks, filled, now_ns, cause)
                    lots -= filled
                    continue
            elif level is None or level.key < limit_key:
                return ""
            maker = level.first
            if maker.account == order.account:
                return SELF_TRADE
            open_lots = maker.quantity_lots - maker.filled_lots
            maker_party = self._parties[maker.account]
            if open_lots <= lots:
                filled = open_lots
                other.remove(maker)
                del maker_party.open[index][maker.order_id]
            else:
                filled = lots
                level.lots -= lots
            self._fill(market, party, order, maker_party, maker, order.side, level.price_ticks, filled, now_ns, cause)
            lots -= filled
        return ""

    def let_street_take(self, market: Market, cause: int) -> None:
        """Have the street fill the clients' orders that its ladders now cross, at the clients' prices.

        It takes no more than its levels offer, and what it takes is missing from them. Afterwards either no client
        order crosses the street or the levels that would cross it are empty.
        """
        street = market.street
        for ladder, book, side in ((street.bids, market.asks, _BUY), (street.asks, market.bids, _SELL)):
            while ladder.best_lots:
                level = book.best
                if level is None or -level.key > ladder.best_key:
                    break
                maker = level.first
                maker_party = self._parties[maker.account]
                open_lots = maker.quantity_lots - maker.filled_lots
                now_ns = self._clock.now_ns
                if open_lots <= ladder.best_lots:
                    filled = open_lots
                    book.remove(maker)
                    del maker_party.open[market.index][maker.order_id]
                else:
                    filled = ladder.best_lots
                    level.lots -= filled
                street.take(ladder, filled, now_ns)
                self._fill(
                    market, self._street, None, maker_party, maker, side, level.price_ticks, filled, now_ns, cause
                )

    def recover_street(self, market: Market, cause: int) -> None:
        """Let the street grow back what it has by now, before somebody trades with it."""
        street = market.street
        now_ns = self._clock.now_ns
        street.bids.recover(now_ns)
        street.asks.recover(now_ns)
        street.bids.find_best()
        street.asks.find_best()
        self.let_street_take(market, cause)

    def publish_top(self, market: Market, cause: int) -> None:
        """Record and report the top of the book if it has changed."""
        top = market.find_top()
        if top != market.top:
            market.top = top
            cause = self._record("quote", self._name, cause, market.index, *top)
            observer = self.observer
            if observer is not None:
                observer.on_top(market.index, cause)

    def _fill(
        self,
        market: Market,
        taker_party: Party,
        taker: Order | None,
        maker_party: Party,
        maker: Order | None,
        taker_side: Side,
        price_ticks: int,
        lots: int,
        now_ns: int,
        cause: int,
    ) -> None:
        """Exchange ``lots`` at a price: the taker pays from what is free, a maker from what is held for its order.

        None in place of an order is the street. A maker that is filled has left the book already.
        """
        index = market.index
        instrument = market.instrument
        base_amount = lots * instrument.lot_units
        quote_amount = lots * price_ticks * instrument.value_units
        taker_base, taker_quote = taker_party.base[index], taker_party.quote[index]
        maker_base, maker_quote = maker_party.base[index], maker_party.quote[index]
        fees = self._fees
        if taker_side is _BUY:
            taker_fee = 0 if taker is None else base_amount * instrument.taker_ppm // PPM
            maker_fee = 0 if maker is None else quote_amount * instrument.maker_ppm // PPM
            taker_quote.free -= quote_amount
            taker_base.free += base_amount - taker_fee
            maker_quote.free += quote_amount - maker_fee
            if maker is None:
                maker_base.free -= base_amount
            else:
                maker_base.held -= base_amount
            fees.base[index].free += taker_fee
            fees.quote[index].free += maker_fee
        else:
            taker_fee = 0 if taker is None else quote_amount * instrument.taker_ppm // PPM
            maker_fee = 0 if maker is None else base_amount * instrument.maker_ppm // PPM
            taker_base.free -= base_amount
            taker_quote.free += quote_amount - taker_fee
            maker_base.free += base_amount - maker_fee
            if maker is None:
                maker_quote.free -= quote_amount
            else:
                maker_quote.held -= quote_amount
            fees.base[index].free += maker_fee
            fees.quote[index].free += taker_fee

        market.trade_id = trade_id = market.trade_id + 1
        taker_id = maker_id = 0
        taker_name, maker_name = taker_party.name, maker_party.name
        if taker is not None:
            taker_id = taker.order_id
            taker.filled_quote += quote_amount
            taker.filled_lots = filled_lots = taker.filled_lots + lots
            taker.status = _FILLED if filled_lots == taker.quantity_lots else _PARTIALLY_FILLED
        if maker is not None:
            maker_id = maker.order_id
            maker.filled_quote += quote_amount
            maker.updated_ns = now_ns
            maker.filled_lots = filled_lots = maker.filled_lots + lots
            if filled_lots == maker.quantity_lots:
                maker.status = _FILLED
                maker_party.close(maker)
            else:
                maker.status = _PARTIALLY_FILLED
        trade = Trade(
            trade_id,
            index,
            now_ns,
            price_ticks,
            lots,
            quote_amount,
            taker_side,
            taker_name,
            taker_id,
            maker_name,
            maker_id,
            taker_fee,
            maker_fee,
        )
        market.trades.append(trade)
        cause = self._record(
            "fill",
            self._name,
            cause,
            index,
            trade_id,
            price_ticks,
            lots,
            _SIDE_NAMES[taker_side],
            taker_name,
            taker_id,
            maker_name,
            maker_id,
            taker_fee,
            maker_fee,
        )
        observer = self.observer
        if observer is not None:
            observer.on_trade(index, trade_id, price_ticks, lots, taker_side is _SELL, cause)
        if taker is not None:
            taker_party.trades.append(trade)
            if observer is not None:
                observer.on_order(taker_name, taker_id, "TRADE", cause)
        if maker is not None:
            maker_party.trades.append(trade)
            if observer is not None:
                observer.on_order(maker_name, maker_id, "TRADE", cause)
                observer.on_balance(maker_name, instrument.assets, cause)
