"""Market: one listing as it trades, the clients' book and the street side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from simulators.exchange.book import BookSide
from simulators.exchange.config import StreetConfig
from simulators.exchange.instrument import Instrument
from simulators.exchange.order import Order, Trade
from simulators.exchange.seat import Party, Seat
from simulators.exchange.street import Ladder, Street
from simulators.exchange.types import Listing, Side

Top = tuple[int, int, int, int]


class TradingSide(BookSide):
    """One side of a market: the clients' orders, the street's ladder beside them, and who sits there.

    Where a client and the street stand at the same price, the one who has stood there longer is served first: the
    client if its order was placed before the ladder took its present prices.
    """

    __slots__ = ("is_bid", "ladder", "opposite", "seats", "side", "word")

    opposite: TradingSide

    def __init__(self, ladder: Ladder) -> None:
        super().__init__(ladder.sign)
        self.is_bid = ladder.sign > 0
        self.side = Side.BUY if self.is_bid else Side.SELL
        self.word = "buy" if self.is_bid else "sell"  # the journal's name of the side
        self.ladder = ladder
        self.seats: dict[str, Seat] = {}

    def makers(self) -> Iterator[tuple[int, int, Order | None]]:
        """Whom a taker would meet here, in order: ``(ticks, lots, order)``, None for the street."""
        ladder, sign = self.ladder, self.sign
        offers = iter(ladder.levels())
        offer = next(offers, None)
        for key in reversed(self.keys):
            while offer is not None and offer[0] * sign > key:
                yield offer[0], offer[1], None
                offer = next(offers, None)
            level = self.levels[key]
            order: Order | None = level.first
            while order is not None:
                if offer is not None and offer[0] == level.price_ticks and order.order_id > ladder.since_order:
                    yield offer[0], offer[1], None
                    offer = next(offers, None)
                yield level.price_ticks, order.open_lots, order
                order = order.later
        while offer is not None:
            yield offer[0], offer[1], None
            offer = next(offers, None)

    def makers_for(self, account: str) -> Iterator[tuple[int, int]]:
        """``(ticks, lots)`` as ``makers``, up to the first order of the taker's own account."""
        for ticks, lots, order in self.makers():
            if order is not None and order.account == account:
                return
            yield ticks, lots

    def depth(self, levels: int) -> list[tuple[int, int]]:
        """``(ticks, lots)`` of the best prices, clients and street merged."""
        lots = dict(self.ladder.levels())
        for key in reversed(self.keys[-levels:]):
            level = self.levels[key]
            lots[level.price_ticks] = lots.get(level.price_ticks, 0) + level.lots
        return sorted(lots.items(), reverse=self.is_bid)[:levels]


class Market:
    """Both sides, the street, the last published top and the recent trades of one listing."""

    __slots__ = ("asks", "bids", "index", "instrument", "max_open_orders", "street", "top", "trade_id", "trades")

    def __init__(
        self, index: int, listing: Listing, street: StreetConfig | None, max_open_orders: int, history: int
    ) -> None:
        self.index = index
        self.instrument = Instrument(listing)
        # A listing without a street has one that offers nothing, so that matching knows a single case.
        self.street = Street(
            street or StreetConfig(half_spread_bp=1.0, top_notional=0.0, levels=1),
            float(listing.tick_size),
            float(listing.lot_size),
        )
        self.bids = TradingSide(self.street.bids)
        self.asks = TradingSide(self.street.asks)
        self.bids.opposite, self.asks.opposite = self.asks, self.bids
        self.max_open_orders = max_open_orders
        self.top: Top = (0, 0, 0, 0)
        self.trade_id = 0
        self.trades: deque[Trade] = deque(maxlen=history)

    def seat(self, party: Party) -> None:
        """Let an account trade here."""
        account = party.account
        base, quote = account.holding(self.instrument.base), account.holding(self.instrument.quote)
        is_contract = self.instrument.is_contract
        self.bids.seats[account.name] = Seat(party, self.index, quote, base, is_contract)
        self.asks.seats[account.name] = Seat(party, self.index, base, quote, is_contract)

    def side(self, side: Side) -> TradingSide:
        return self.bids if side is Side.BUY else self.asks

    def size(self, own: TradingSide, seat: Seat, quantity_lots: int, quote_quantity: int) -> tuple[int, int, int]:
        """``(lots, value, needed)`` of a market order: its size, its worth in quote units, and the balance it takes.

        Given by value, it is as many lots as that value buys or brings in; what the book is too shallow for is counted
        at the last price there is. Given in lots, it is worth what the best price says; where there is none, nobody can
        call it too small. A buyer needs what the lots cost from the book as it stands.
        """
        instrument = self.instrument
        other = own.opposite
        if quote_quantity > 0:
            lots = self._lots_for(other, seat.name, quote_quantity)
            return lots, quote_quantity, quote_quantity if own.is_bid else lots * instrument.lot_units
        best_ticks = self.top[2] if own.is_bid else self.top[0]
        value = best_ticks * quantity_lots * instrument.value_units if best_ticks else instrument.min_notional
        if not own.is_bid:
            return quantity_lots, value, quantity_lots * instrument.lot_units
        worst_ticks = max(-other.keys[0] if other.keys else 0, other.ladder.worst_ticks())
        needed = worst_ticks * quantity_lots * instrument.value_units
        if needed > seat.pays.free:
            needed = self._cost(other, seat.name, quantity_lots)
        return quantity_lots, value, needed

    def _cost(self, other: TradingSide, account: str, lots: int) -> int:
        cost = 0
        for ticks, offered in other.makers_for(account):
            taken = min(offered, lots)
            cost += ticks * taken * self.instrument.value_units
            lots -= taken
            if not lots:
                break
        return cost

    def _lots_for(self, other: TradingSide, account: str, quote_units: int) -> int:
        had = beyond = 0
        for ticks, offered in other.makers_for(account):
            lot_cost = ticks * self.instrument.value_units
            affordable = quote_units // lot_cost
            if affordable <= offered:
                return had + affordable
            had += offered
            quote_units -= offered * lot_cost
            beyond = affordable - offered
        return max(1, had + beyond)

    def fills_whole(self, own: TradingSide, account: str, limit_key: int, lots: int) -> bool:
        """Whether a taker would get all of ``lots`` at prices no worse than its limit."""
        other = own.opposite
        for ticks, offered in other.makers_for(account):
            if ticks * other.sign < limit_key:
                break
            lots -= offered
            if lots <= 0:
                return True
        return False
