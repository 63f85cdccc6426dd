"""Matching engine: brings takers and makers together and moves what they exchange between their accounts."""

from __future__ import annotations

from simulators.exchange.book import BookSide
from simulators.exchange.instrument import PPM
from simulators.exchange.market import Market
from simulators.exchange.order import Order, Trade
from simulators.exchange.seat import Seat
from simulators.exchange.street import Ladder
from simulators.exchange.types import ExchangeObserver, Side
from simulators.ports import Audit, Clock

# Enum members are looked up through their metaclass; a global is four times as fast.
_BUY, _SELL = Side.BUY, Side.SELL

STREET, FEES = "street", "fees"  # accounts of the venue itself

_NO_LADDER = Ladder(1, ())  # what the street meets: it does not trade with itself


class Silence:
    """An observer for an exchange that nobody listens to."""

    def on_top(self, index: int, cause: int) -> None: ...

    def on_trade(
        self, index: int, trade_id: int, price_ticks: int, quantity_lots: int, buyer_is_maker: bool, cause: int
    ) -> None: ...

    def on_order(self, account: str, order_id: int, execution: str, cause: int) -> None: ...

    def on_balance(self, account: str, assets: tuple[str, ...], cause: int) -> None: ...


class MatchingEngine:
    """Matches by price, then time. What it does is recorded, and told to the observer, as it happens.

    A taker who meets an order of its own account stops there, and what is left of it expires (the rule Binance calls
    EXPIRE_TAKER); orders of two accounts of one firm do trade with each other. The street pays no fees.
    """

    __slots__ = ("_clock", "_name", "_record", "observer")

    def __init__(self, name: str, clock: Clock, audit: Audit) -> None:
        self.observer: ExchangeObserver = Silence()
        self._name = name
        self._clock = clock
        self._record = audit.record

    def match(
        self,
        market: Market,
        seat: Seat,
        order: Order | None,
        side: Side,
        book: BookSide,
        ladder: Ladder,
        limit_key: int,
        lots: int,
        now_ns: int,
        cause: int,
    ) -> tuple[int, bool]:
        """Fill up to ``lots`` of a taker from a book and a ladder; ``order`` is None when the street is the taker.

        Returns the lots not filled, and whether that is because the taker met itself. The taker pays from what is
        free, a client's resting order from what is held for it. One long loop, because every call in it is paid for
        with each fill.
        """
        index = market.index
        instrument = market.instrument
        lot_units, value_units = instrument.lot_units, instrument.value_units
        observer = self.observer
        seats = market.seats
        fees = seats[FEES]
        name = seat.name
        taker_id = taker_ppm = 0
        if order is not None:
            taker_id, taker_ppm = order.order_id, instrument.taker_ppm
        is_buy = side is _BUY
        if is_buy:
            side_name = "buy"
            pays, gets = seat.quote, seat.base
            fees_paid, fees_got = fees.quote, fees.base
        else:
            side_name = "sell"
            pays, gets = seat.base, seat.quote
            fees_paid, fees_got = fees.base, fees.quote

        while lots:
            level = book.best
            maker: Order | None = None
            maker_id = maker_fee = 0
            if (
                ladder.best_lots
                and ladder.best_key >= limit_key
                and (
                    level is None
                    or level.key < ladder.best_key
                    or (level.key == ladder.best_key and level.first.order_id > ladder.since_order)
                )
            ):
                maker_seat = seats[STREET]
                price_ticks = ladder.best_ticks
                filled = ladder.best_lots if ladder.best_lots < lots else lots
                market.street.take(ladder, filled, now_ns)
            elif level is None or level.key < limit_key:
                break
            else:
                maker = level.first
                if maker.account == name:
                    return lots, True
                maker_seat = seats[maker.account]
                maker_id = maker.order_id
                price_ticks = level.price_ticks
                open_lots = maker.open_lots
                if open_lots <= lots:
                    filled = open_lots
                    book.remove_first(level)
                    maker.open_lots = 0
                    del maker_seat.open[maker_id]
                    maker_seat.closed.append(maker)
                    if maker.client_order_id:
                        del maker_seat.named[maker.client_order_id]
                else:
                    filled = lots
                    level.lots -= lots
                    maker.open_lots = open_lots - lots
                maker.updated_ns = now_ns
            lots -= filled

            quote_amount = filled * price_ticks * value_units
            if is_buy:
                paid, got = quote_amount, filled * lot_units
                maker_gets, maker_gives = maker_seat.quote, maker_seat.base
            else:
                paid, got = filled * lot_units, quote_amount
                maker_gets, maker_gives = maker_seat.base, maker_seat.quote
            taker_fee = got * taker_ppm // PPM
            pays.free -= paid
            gets.free += got - taker_fee
            fees_got.free += taker_fee
            if maker is None:
                maker_gets.free += paid
                maker_gives.free -= got
            else:
                maker_fee = paid * instrument.maker_ppm // PPM
                maker_gets.free += paid - maker_fee
                maker_gives.held -= got
                fees_paid.free += maker_fee
                maker.filled_quote += quote_amount
            if order is not None:
                order.filled_quote += quote_amount
                order.open_lots -= filled

            market.trade_id = trade_id = market.trade_id + 1
            maker_name = maker_seat.name
            trade = Trade(
                trade_id,
                index,
                now_ns,
                price_ticks,
                filled,
                quote_amount,
                side,
                name,
                taker_id,
                maker_name,
                maker_id,
                taker_fee,
                maker_fee,
            )
            market.trades.append(trade)
            number = self._record(
                "fill",
                self._name,
                cause,
                index,
                trade_id,
                price_ticks,
                filled,
                side_name,
                name,
                taker_id,
                maker_name,
                maker_id,
                taker_fee,
                maker_fee,
            )
            observer.on_trade(index, trade_id, price_ticks, filled, not is_buy, number)
            if order is not None:
                seat.trades.append(trade)
                observer.on_order(name, taker_id, "TRADE", number)
            if maker is not None:
                maker_seat.trades.append(trade)
                observer.on_order(maker_name, maker_id, "TRADE", number)
                observer.on_balance(maker_name, instrument.assets, number)
        return lots, False

    def let_street_take(self, market: Market, cause: int) -> None:
        """Have the street fill the clients' orders that its ladders now cross, at the clients' prices.

        It takes no more than its levels offer, and what it takes is missing from them. Afterwards either no client
        order crosses the street or the levels that would cross it are empty.
        """
        street = market.street
        for ladder, book, side in ((street.bids, market.asks, _BUY), (street.asks, market.bids, _SELL)):
            while ladder.best_lots and book.best is not None and book.best.key >= -ladder.best_key:
                now_ns = self._clock.now_ns
                lots = ladder.best_lots
                left, _ = self.match(
                    market, market.seats[STREET], None, side, book, _NO_LADDER, -ladder.best_key, lots, now_ns, cause
                )
                street.take(ladder, lots - left, now_ns)

    def recover_street(self, market: Market, cause: int) -> None:
        """Let the street grow back what it has by now, before somebody trades with it."""
        street = market.street
        now_ns = self._clock.now_ns
        street.bids.recover(now_ns)
        street.asks.recover(now_ns)
        street.bids.find_best()
        street.asks.find_best()
        self.let_street_take(market, cause)

    def publish_top(self, market: Market, cause: int, *, is_confirmed: bool = False) -> None:
        """Record and report the top of the book, clients and street together, if it has changed or is confirmed."""
        street = market.street
        bids, asks = street.bids, street.asks
        bid_ticks, bid_lots = bids.best_ticks, bids.best_lots
        ask_ticks, ask_lots = asks.best_ticks, asks.best_lots
        level = market.bids.best
        if level is not None:
            ticks = level.price_ticks
            if ticks > bid_ticks:
                bid_ticks, bid_lots = ticks, level.lots
            elif ticks == bid_ticks:
                bid_lots += level.lots
        level = market.asks.best
        if level is not None:
            ticks = level.price_ticks
            if ticks < ask_ticks or not ask_lots:
                ask_ticks, ask_lots = ticks, level.lots
            elif ticks == ask_ticks:
                ask_lots += level.lots
        top = (bid_ticks, bid_lots, ask_ticks, ask_lots)
        if top != market.top or is_confirmed:
            market.top = top
            index = market.index
            self.observer.on_top(
                index, self._record("quote", self._name, cause, index, bid_ticks, bid_lots, ask_ticks, ask_lots)
            )
