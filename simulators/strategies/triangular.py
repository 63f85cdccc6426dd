"""Triangular arbitrage: change one asset into a second, that into a third, and back, when that beats three fees."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from simulators.strategies.base import Strategy
from simulators.strategies.client import ExchangeClient, Quote
from simulators.strategies.orders import BUY, SELL, OwnOrder
from simulators.strategies.pairs import UNITS
from simulators.strategies.params import TriangularParams
from simulators.strategies.rest import SECOND_NS

_UNWIND_ATTEMPTS = 5


class Hop(msgspec.Struct, frozen=True):
    """One leg of the way round: a side of a pair. ``spends`` is an asset; what it brings, the next one spends."""

    quote: Quote
    side: int
    spends: str

    def rate(self) -> float:
        """Units brought per unit spent at the top of the book, before the fee; 0 without a price."""
        if self.side == SELL:
            return self.quote.bid
        return 1.0 / self.quote.ask if self.quote.ask > 0.0 else 0.0

    def depth_spent(self) -> float:
        """How much can be spent at that rate."""
        return self.quote.bid_size if self.side == SELL else self.quote.ask_size * self.quote.ask


def ways_round(quotes: list[Quote]) -> list[tuple[Hop, Hop, Hop]]:
    """Both directions around three pairs, starting from the asset in which two of them are quoted.

    Empty unless the pairs are three, connect three assets and two share their quote asset: the start must be sold for
    directly from either other asset, or a broken trip could not be brought home.
    """
    if len(quotes) != 3:
        return []
    quoted_in = [quote.pair.quote for quote in quotes]
    home = next((asset for asset in quoted_in if quoted_in.count(asset) == 2), None)
    if home is None:
        return []
    outer = [quote for quote in quotes if quote.pair.quote == home]
    (cross,) = [quote for quote in quotes if quote.pair.quote != home]
    if {cross.pair.base, cross.pair.quote} != {quote.pair.base for quote in outer}:
        return []
    ways = []
    for out, back in ((outer[0], outer[1]), (outer[1], outer[0])):
        first, second = out.pair.base, back.pair.base
        side = SELL if cross.pair.base == first else BUY
        ways.append((Hop(out, BUY, home), Hop(cross, side, first), Hop(back, SELL, second)))
    return ways


class TriangularArbitrageStrategy(Strategy[TriangularParams]):
    """Goes round leg by leg, each immediate-or-cancel at the price seen, spending what the last one brought.

    A leg that trades in part goes on with what it brought. What is left in a wrong asset is sold home in the end,
    within the slippage.
    """

    kind: ClassVar[str] = "triangular_arbitrage"
    wants_quotes: ClassVar[bool] = True

    def set_up(self) -> None:
        self._triangles: dict[str, _Triangle] = {}

    def on_trading_begins(self, client: ExchangeClient) -> None:
        ways = ways_round(list(client.quotes.values()))
        if ways:
            self._triangles[client.venue] = _Triangle(self, client, ways)
        else:
            self.note("idle", f"{client.venue}: the pairs listed there make no triangle with a home asset")

    def on_quote(self, quote: Quote) -> None:
        triangle = self._triangles.get(quote.client.venue)
        if triangle is not None:
            triangle.consider(quote.cause)

    def on_order_closed(self, order: OwnOrder, cause: int) -> None:
        self._triangles[order.venue].on_order_closed(order, cause)


class _Triangle:
    """The three pairs of one exchange, and the trip that is under way, if any."""

    def __init__(
        self, strategy: TriangularArbitrageStrategy, client: ExchangeClient, ways: list[tuple[Hop, Hop, Hop]]
    ) -> None:
        self._strategy = strategy
        self._client = client
        self._ways = ways
        self._keep = 1.0 - strategy.taker_fee(client)
        self._needed = (1.0 + strategy.params.min_edge_bp * 1e-4) / self._keep**3
        self._way: tuple[Hop, Hop, Hop] | None = None
        self._next_hop = 0
        self._order: OwnOrder | None = None
        self._left_units: dict[str, int] = {}  # brought and not yet spent, by asset, the home asset aside
        self._attempts_left = 0
        self._quiet_until_ns = 0

    def consider(self, cause: int) -> None:
        """Start a trip if one of the ways pays at the present tops."""
        if self._way is not None:
            return
        for way in self._ways:
            first, second, third = way
            gain = first.rate() * second.rate() * third.rate()
            if gain > self._needed and self._is_clear(way):
                self._begin(way, gain, cause)
                return

    def on_order_closed(self, order: OwnOrder, cause: int) -> None:
        if order is not self._order:
            return
        self._order = None
        self._book(order)
        way = self._way
        assert way is not None
        if self._next_hop < len(way):
            hop = way[self._next_hop]
            self._next_hop += 1
            if self._spend(hop, self._left_units.get(hop.spends, 0), cause):
                return
        self._go_home_later(cause)

    def _is_clear(self, way: tuple[Hop, Hop, Hop]) -> bool:
        strategy = self._strategy
        return (
            strategy.may_trade
            and strategy.clock.now_ns >= self._quiet_until_ns
            and all(strategy.is_usable(hop.quote) for hop in way)
        )

    def _begin(self, way: tuple[Hop, Hop, Hop], gain: float, cause: int) -> None:
        strategy, client = self._strategy, self._client
        self._quiet_until_ns = strategy.clock.now_ns + round(strategy.params.cooldown_s * SECOND_NS)
        # What the thinnest of the three tops can take, carried back to the home asset.
        amount, carried = float("inf"), 1.0
        for hop in way:
            amount = min(amount, hop.depth_spent() / carried)
            carried *= hop.rate()
        first = way[0]
        wanted = int(amount * first.rate() * UNITS)
        lots = strategy.order_lots(client, first.quote.pair, BUY, first.quote.ask, wanted)
        detail = f"{client.venue}: {' > '.join([hop.spends for hop in way])}, {(gain - 1.0) * 1e4:.1f} bp before fees"
        ticks = first.quote.pair.ticks_above(first.quote.ask)
        if not first.quote.pair.tradable(ticks, lots):
            return
        why = strategy.note("arbitrage", detail, cause)
        self._order = strategy.place(client, first.quote.pair, BUY, ticks, lots, "IOC", why)
        if self._order is not None:
            self._way, self._next_hop, self._left_units, self._attempts_left = way, 1, {}, _UNWIND_ATTEMPTS

    def _spend(self, hop: Hop, units: int, cause: int) -> bool:
        """Send the hop's order for ``units`` of what it spends; False if nothing could be sent."""
        pair, price = hop.quote.pair, hop.quote.bid if hop.side == SELL else hop.quote.ask
        if price <= 0.0:
            return False
        ticks = pair.ticks_below(price) if hop.side == SELL else pair.ticks_above(price)
        lots = pair.lots(units if hop.side == SELL else int(units / price))
        self._order = self._strategy.place(self._client, pair, hop.side, ticks, lots, "IOC", cause)
        return self._order is not None

    def _book(self, order: OwnOrder) -> None:
        base, quote = order.pair.base, order.pair.quote
        spent, brought = (quote, base) if order.side == BUY else (base, quote)
        spent_units, brought_units = (
            (order.executed_quote_units, order.executed_units)
            if order.side == BUY
            else (order.executed_units, order.executed_quote_units)
        )
        left = self._left_units
        left[spent] = max(0, left.get(spent, 0) - spent_units)
        left[brought] = left.get(brought, 0) + int(brought_units * self._keep)

    def _go_home_later(self, cause: int) -> None:
        self._strategy.clock.call_at(self._strategy.clock.now_ns + SECOND_NS, self._go_home, cause)

    def _go_home(self, cause: int) -> None:
        """Sell what is left of a broken trip for the home asset, then be ready for the next."""
        strategy = self._strategy
        assert self._way is not None
        self._next_hop = len(self._way)  # no further hop of the trip follows an unwinding
        for way in self._ways:
            last = way[2]
            pair, units = last.quote.pair, self._left_units.get(last.spends, 0)
            ticks = pair.ticks_below(last.quote.bid * (1.0 - strategy.params.max_slippage_bp * 1e-4))
            if not pair.tradable(ticks, pair.lots(units)):
                continue
            if not self._attempts_left or not strategy.may_trade:
                strategy.note("left open", f"{self._client.venue}: {units / UNITS:.8f} {last.spends}", cause)
                continue
            self._attempts_left -= 1
            if strategy.is_usable(last.quote):
                why = strategy.note("unwind", f"{self._client.venue}: {units / UNITS:.8f} {last.spends}", cause)
                self._order = strategy.place(self._client, pair, SELL, ticks, pair.lots(units), "IOC", why)
            if self._order is None:
                self._go_home_later(cause)
            return
        self._way = None
