"""Matching engine: brings takers and makers together and moves what they exchange between their accounts."""

from __future__ import annotations

from typing import Final

from simulators.exchange.instrument import PPM
from simulators.exchange.market import Market, TradingSide
from simulators.exchange.order import Order, Trade
from simulators.exchange.seat import Seat
from simulators.exchange.street import Ladder
from simulators.exchange.types import ExchangeObserver
from simulators.ports import Audit, Clock

STREET: Final = "street"  # accounts of the venue itself
FEES: Final = "fees"

_NO_LADDER: Final = Ladder(1, ())  # what the street meets: it does not trade with itself


class Silence:
    """An observer for an exchange that nobody listens to."""

    def on_top(self, index: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int, cause: int) -> None: ...

    def on_order(self, order: Order, execution: str, assets: tuple[str, ...], cause: int) -> None: ...

    def on_fill(self, trade: Trade, taker: Order | None, maker: Order | None, cause: int) -> None: ...

    def on_balance(self, account: str, assets: tuple[str, ...], cause: int) -> None: ...


class MatchingEngine:
    """Matches by price, then time. What it does is recorded, and told to the observer, as it happens.

    A taker who meets an order of its own account stops there, and what is left of it expires (the rule Binance calls
    EXPIRE_TAKER); orders of two accounts of one firm do trade with each other. The street pays no fees.
    """

    def __init__(self, name: str, clock: Clock, audit: Audit) -> None:
        self.observer: ExchangeObserver = Silence()
        self.name = name
        self._clock = clock
        self._record = audit.record

    def match(
        self,
        market: Market,
        own: TradingSide,
        seat: Seat,
        order: Order | None,
        limit_key: int,
        lots: int,
        now_ns: int,
        cause: int,
    ) -> bool:
        """Fill up to ``lots`` of a taker whose side is ``own``; return whether it stopped because it met itself.

        ``order`` is None when the street is the taker. A taker pays from what is free, a client's resting order from
        what is held for it. One long loop, because every call in it would be paid for with each fill.
        """
        index = market.index
        instrument = market.instrument
        lot_units, value_units = instrument.lot_units, instrument.value_units
        venue, record, on_fill = self.name, self._record, self.observer.on_fill
        other = own.opposite
        seats = other.seats
        is_buy, taker_side, word = own.is_bid, own.side, own.word
        pays, gets = seat.pays, seat.gets
        fees = seats[FEES]
        name = seat.name
        if order is None:
            ladder = _NO_LADDER
            taker_id = taker_ppm = 0
        else:
            ladder = other.ladder
            taker_id, taker_ppm = order.order_id, instrument.taker_ppm

        while lots:
            level = other.best
            if ladder.best_key >= limit_key and (
                level is None
                or level.key < ladder.best_key
                or (level.key == ladder.best_key and level.first.order_id > ladder.since_order)
            ):
                maker = None
                maker_id = 0
                maker_name = STREET
                maker_seat = seats[STREET]
                price_ticks = ladder.best_ticks
                filled = ladder.best_lots if ladder.best_lots < lots else lots
                market.street.take(ladder, filled, now_ns)
            elif level is None or level.key < limit_key:
                break
            else:
                maker = level.first
                maker_name = maker.account
                if maker_name == name:
                    return True
                maker_id = maker.order_id
                maker_seat = seats[maker_name]
                price_ticks = level.price_ticks
                filled = maker.open_lots
                if filled <= lots:
                    other.remove_first(level)
                    maker.open_lots = 0
                    del maker_seat.open[maker_id]
                    maker_seat.closed.append(maker)
                    if maker.client_order_id:
                        del maker_seat.named[maker.client_order_id]
                else:
                    maker.open_lots = filled - lots
                    filled = lots
                    level.lots -= lots
                maker.updated_ns = now_ns
            lots -= filled

            quote_amount = filled * price_ticks * value_units
            if is_buy:
                paid, got = quote_amount, filled * lot_units
            else:
                paid, got = filled * lot_units, quote_amount
            taker_fee = got * taker_ppm // PPM
            pays.free -= paid
            gets.free += got - taker_fee
            fees.pays.free += taker_fee
            if maker is None:
                maker_fee = 0
                maker_seat.gets.free += paid
                maker_seat.pays.free -= got
            else:
                maker_fee = paid * instrument.maker_ppm // PPM
                maker_seat.gets.free += paid - maker_fee
                maker_seat.pays.held -= got
                fees.gets.free += maker_fee
                maker.filled_quote += quote_amount
            market.trade_id = trade_id = market.trade_id + 1
            trade = Trade(
                trade_id,
                index,
                now_ns,
                price_ticks,
                filled,
                quote_amount,
                taker_side,
                name,
                taker_id,
                maker_name,
                maker_id,
                taker_fee,
                maker_fee,
            )
            market.trades.append(trade)
            number = record(
                "fill",
                venue,
                cause,
                index,
                trade_id,
                price_ticks,
                filled,
                word,
                name,
                taker_id,
                maker_name,
                maker_id,
                taker_fee,
                maker_fee,
            )
            if order is not None:
                order.open_lots -= filled
                order.filled_quote += quote_amount
                seat.trades.append(trade)
            if maker is not None:
                maker_seat.trades.append(trade)
            on_fill(trade, order, maker, number)
        return False

    def let_street_take(self, market: Market, cause: int) -> None:
        """Have the street fill the clients' orders that its ladders now cross, at the clients' prices.

        It takes no more than its levels offer, and what it takes is missing from them. Afterwards either no client
        order crosses the street or the levels that would cross it are empty.
        """
        for own in (market.bids, market.asks):
            ladder = own.ladder
            while ladder.best_lots:
                level = own.opposite.best
                limit_key = -ladder.best_key
                if level is None or level.key < limit_key:
                    break
                now_ns = self._clock.now_ns
                lots = min(ladder.best_lots, level.lots)
                market.street.take(ladder, lots, now_ns)
                self.match(market, own, own.seats[STREET], None, limit_key, lots, now_ns, cause)

    def recover_street(self, market: Market, cause: int) -> None:
        """Let the street grow back what it has by now, before somebody trades with it."""
        if market.street.recover(self._clock.now_ns):
            self.let_street_take(market, cause)
            self.publish_top(market, cause)

    def publish_top(self, market: Market, cause: int, *, is_confirmed: bool = False) -> None:
        """Record and report the top of the book, clients and street together, if it has changed or is confirmed."""
        side = market.bids
        level, ladder = side.best, side.ladder
        if level is None or level.key < ladder.best_key:
            bid_ticks, bid_lots = ladder.best_ticks, ladder.best_lots
        else:
            bid_ticks, bid_lots = level.price_ticks, level.lots
            if level.key == ladder.best_key:
                bid_lots += ladder.best_lots
        side = market.asks
        level, ladder = side.best, side.ladder
        if level is None or level.key < ladder.best_key:
            ask_ticks, ask_lots = ladder.best_ticks, ladder.best_lots
        else:
            ask_ticks, ask_lots = level.price_ticks, level.lots
            if level.key == ladder.best_key:
                ask_lots += ladder.best_lots
        top = (bid_ticks, bid_lots, ask_ticks, ask_lots)
        if top != market.top or is_confirmed:
            market.top = top
            index = market.index
            record = self._record
            number = record("quote", self.name, cause, index, bid_ticks, bid_lots, ask_ticks, ask_lots)
            self.observer.on_top(index, bid_ticks, bid_lots, ask_ticks, ask_lots, number)
