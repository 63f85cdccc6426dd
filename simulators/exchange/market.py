"""Market: one listing as it trades, the clients' book and the street side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from simulators.exchange.book import BookSide
from simulators.exchange.config import StreetConfig
from simulators.exchange.instrument import Instrument
from simulators.exchange.order import Order, Trade
from simulators.exchange.seat import Seat
from simulators.exchange.street import Ladder, Street
from simulators.exchange.types import Listing, Side

_BUY = Side.BUY

Top = tuple[int, int, int, int]


class Market:
    """Books, street, last published top and recent trades of one listing.

    Where a client and the street stand at the same price, the one who has stood there longer is served first: the
    client if its order was placed before the ladder took its present prices.
    """

    __slots__ = (
        "asks",
        "bids",
        "index",
        "instrument",
        "max_open_orders",
        "seats",
        "street",
        "top",
        "trade_id",
        "trades",
    )

    def __init__(
        self, index: int, listing: Listing, street: StreetConfig | None, max_open_orders: int, history: int
    ) -> None:
        self.index = index
        self.instrument = Instrument(listing)
        self.bids = BookSide(1)
        self.asks = BookSide(-1)
        # A listing without a street has one that offers nothing, so that matching knows a single case.
        self.street = Street(
            street or StreetConfig(half_spread_bp=1.0, top_notional=0.0, levels=1),
            float(listing.tick_size),
            float(listing.lot_size),
        )
        self.max_open_orders = max_open_orders
        self.seats: dict[str, Seat] = {}
        self.top: Top = (0, 0, 0, 0)
        self.trade_id = 0
        self.trades: deque[Trade] = deque(maxlen=history)

    def makers(self, side: BookSide, ladder: Ladder) -> Iterator[tuple[int, int, Order | None]]:
        """Whom a taker of this side would meet, in order: ``(ticks, lots, order)``, None for the street."""
        offers = iter(ladder.levels())
        offer = next(offers, None)
        sign = side.sign
        for key in reversed(side.keys):
            while offer is not None and offer[0] * sign > key:
                yield offer[0], offer[1], None
                offer = next(offers, None)
            level = side.levels[key]
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

    def depth(self, side: BookSide, ladder: Ladder, levels: int) -> list[tuple[int, int]]:
        """``(ticks, lots)`` of the best prices of one side, clients and street merged."""
        lots = dict(ladder.levels())
        for key in reversed(side.keys[-levels:]):
            level = side.levels[key]
            lots[level.price_ticks] = lots.get(level.price_ticks, 0) + level.lots
        return sorted(lots.items(), reverse=side.sign > 0)[:levels]

    def size(self, side: Side, seat: Seat, quantity_lots: int, quote_quantity: int) -> tuple[int, int, int]:
        """``(lots, value, needed)`` of a market order: its size, its worth in quote units, and the balance it takes.

        Given by value, it is as many lots as that value buys or brings in; what the book is too shallow for is counted
        at the last price there is. Given in lots, it is worth what the best price says; where there is none, nobody can
        call it too small. A buyer needs what the lots cost from the book as it stands.
        """
        if side is _BUY:
            book, ladder, best_ticks = self.asks, self.street.asks, self.top[2]
        else:
            book, ladder, best_ticks = self.bids, self.street.bids, self.top[0]
        instrument = self.instrument
        if quote_quantity > 0:
            lots = self._lots_for(book, ladder, seat.name, quote_quantity)
            return lots, quote_quantity, quote_quantity if side is _BUY else lots * instrument.lot_units
        value = best_ticks * quantity_lots * instrument.value_units if best_ticks else instrument.min_notional
        if side is not _BUY:
            return quantity_lots, value, quantity_lots * instrument.lot_units
        worst_ticks = max(-book.keys[0] if book.keys else 0, ladder.worst_ticks())
        needed = worst_ticks * quantity_lots * instrument.value_units
        if needed > seat.quote.free:
            needed = self._cost(book, ladder, seat.name, quantity_lots)
        return quantity_lots, value, needed

    def _cost(self, side: BookSide, ladder: Ladder, account: str, lots: int) -> int:
        value_units = self.instrument.value_units
        had = cost = 0
        for ticks, offered, order in self.makers(side, ladder):
            if had >= lots or (order is not None and order.account == account):
                break
            taken = min(offered, lots - had)
            had += taken
            cost += ticks * taken * value_units
        return cost

    def _lots_for(self, side: BookSide, ladder: Ladder, account: str, quote_units: int) -> int:
        value_units = self.instrument.value_units
        had = beyond = 0
        for ticks, offered, order in self.makers(side, ladder):
            if order is not None and order.account == account:
                break
            affordable = quote_units // (ticks * value_units)
            if affordable <= offered:
                return had + affordable
            had += offered
            quote_units -= offered * ticks * value_units
            beyond = affordable - offered
        return max(1, had + beyond)

    def lots_within(self, side: BookSide, ladder: Ladder, account: str, limit_key: int, lots: int) -> int:
        """How many of ``lots`` a taker would get at prices no worse than its limit."""
        had = 0
        for ticks, offered, order in self.makers(side, ladder):
            if had >= lots or ticks * side.sign < limit_key or (order is not None and order.account == account):
                break
            had += offered
        return min(had, lots)
