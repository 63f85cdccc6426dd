"""Market making: quote a bid and an ask around a fair price, and lean against the inventory that this collects."""

from __future__ import annotations

import math
from typing import ClassVar

from simulators.strategies.base import Strategy
from simulators.strategies.client import ExchangeClient, Quote
from simulators.strategies.orders import BUY, SELL, OwnOrder, State
from simulators.strategies.params import MarketMakerParams
from simulators.strategies.rest import SECOND_NS

_JITTER = 0.2
"""Part by which an interval or a size may fall short of its setting, so that makers do not move in step."""


class MarketMakingStrategy(Strategy[MarketMakerParams]):
    """Keeps one post-only order on each side of every pair.

    The quotes are looked at once an interval, or earlier after a large move, and replaced only where they stand wrong:
    a maker that followed every tick would drown the exchange in messages and lose its place in the queue each time.
    """

    kind: ClassVar[str] = "market_making"
    wants_quotes: ClassVar[bool] = True

    def set_up(self) -> None:
        self._desks: dict[Quote, _PairDesk] = {}
        self._desks_by_book: dict[tuple[str, str], _PairDesk] = {}

    def on_trading_begins(self, client: ExchangeClient) -> None:
        for name, pair in client.pairs.items():
            desk = _PairDesk(self, client.quotes[name])
            self._desks[client.quotes[name]] = self._desks_by_book[client.venue, pair.symbol] = desk
            desk.look()

    def on_quote(self, quote: Quote) -> None:
        desk = self._desks.get(quote)
        if desk is not None and not desk.calm_from <= quote.bid + quote.ask <= desk.calm_to:
            desk.look_early()

    def on_order_closed(self, order: OwnOrder, cause: int) -> None:
        self._desks_by_book[order.venue, order.pair.symbol].on_order_closed(order, cause)


class _PairDesk:
    """The quotes of one pair at one exchange."""

    def __init__(self, strategy: MarketMakingStrategy, quote: Quote) -> None:
        self._strategy = strategy
        self._params = strategy.params
        self._quote = quote
        self._client = quote.client
        self._pair = quote.pair
        self._orders: dict[int, OwnOrder | None] = {BUY: None, SELL: None}
        self._fair = 0.0
        self._looked_ns = 0
        self._decision = 0  # the audit record of this look, once it has led to anything
        self._timer = strategy.clock.timer(self.look)
        # Bounds of bid + ask within which nobody needs to look before the interval is over.
        self.calm_from, self.calm_to = math.inf, 0.0

    def look(self) -> None:
        """Bring both quotes to where they should stand, or out of the market when the price is not to be trusted."""
        strategy, quote, params = self._strategy, self._quote, self._params
        if not strategy.is_running:
            return
        now_ns = strategy.clock.now_ns
        interval_s = params.requote_interval_s * (1.0 - _JITTER * strategy.rng.random())
        self._timer.arm(now_ns + round(interval_s * SECOND_NS))
        self._decision = 0
        if not strategy.is_usable(quote):
            self.calm_from, self.calm_to = math.inf, 0.0  # the next quote is worth a look
            self._withdraw()
        else:
            mid = (quote.bid + quote.ask) / 2.0
            self.calm_from = 2.0 * mid * (1.0 - params.urgent_move_bp * 1e-4)
            self.calm_to = 2.0 * mid * (1.0 + params.urgent_move_bp * 1e-4)
            self._update_fair(mid, now_ns)
            self._align(BUY, quote.cause)
            self._align(SELL, quote.cause)
        self._looked_ns = now_ns

    def look_early(self) -> None:
        """The price has moved far: look now, unless that was done a moment ago."""
        if self._strategy.clock.now_ns - self._looked_ns >= self._params.urgent_gap_s * SECOND_NS:
            self.look()

    def on_order_closed(self, order: OwnOrder, cause: int) -> None:
        if self._orders[order.side] is order:
            self._orders[order.side] = None
            # A quote we took away is replaced at once; one that was hit or refused waits for the next look.
            if order.outcome == "CANCELED" and self._strategy.is_usable(self._quote):
                self._align(order.side, cause)

    def _update_fair(self, mid: float, now_ns: int) -> None:
        half_life_s = self._params.fair_half_life_s
        if half_life_s > 0.0 and self._fair > 0.0:
            weight = 0.5 ** ((now_ns - self._looked_ns) / SECOND_NS / half_life_s)
            self._fair = weight * self._fair + (1.0 - weight) * mid
        else:
            self._fair = mid

    def _align(self, side: int, cause: int) -> None:
        if not self._strategy.may_trade:
            return
        order = self._orders[side]
        ticks = self._target_ticks(side)
        if order is None:
            price = self._pair.price(ticks)
            wanted = int(
                self._strategy.order_cap_units(self._client, self._pair) * (1.0 - _JITTER * self._strategy.rng.random())
            )
            lots = self._strategy.order_lots(self._client, self._pair, side, price, wanted)
            if self._pair.tradable(ticks, lots):
                why = self._decide(cause)
                self._orders[side] = self._strategy.place(self._client, self._pair, side, ticks, lots, "GTX", why)
        elif order.state is State.OPEN and (
            abs(order.ticks - ticks) > ticks * self._params.requote_bp * 1e-4
            or self._strategy.room_units(self._client, self._pair, side) <= 0
        ):
            self._client.desk.cancel(order, self._decide(cause))

    def _target_ticks(self, side: int) -> int:
        """Where a quote should stand: away from the fair price by the half-spread, but never where it would take."""
        quote, pair, params = self._quote, self._pair, self._params
        fair = self._fair * (1.0 - params.skew_bp * 1e-4 * self._inventory())
        distance = fair * params.half_spread_bp * 1e-4
        if side == BUY:
            return min(pair.ticks_below(fair - distance), pair.ticks_above(quote.ask) - 1)
        return max(pair.ticks_above(fair + distance), pair.ticks_below(quote.bid) + 1)

    def _inventory(self) -> float:
        """Position as a part of its cap, between -1 and 1."""
        cap = self._strategy.position_cap_units(self._client, self._pair)
        if cap <= 0:
            return 0.0
        return max(-1.0, min(1.0, self._strategy.position_units(self._client, self._pair) / cap))

    def _withdraw(self) -> None:
        for order in self._orders.values():
            if order is not None and order.state is State.OPEN:
                if not self._decision:
                    self._decision = self._strategy.note(
                        "withdraw", f"{self._client.venue} {self._pair.name}: no price"
                    )
                self._client.desk.cancel(order, self._decision)

    def _decide(self, cause: int) -> int:
        """The audit record of this look's decision, written when it first leads to an action."""
        if not self._decision:
            where = f"{self._client.venue} {self._pair.name}"
            detail = f"{where}: fair {self._fair:.8g}, inventory {self._inventory():+.3f} of cap"
            self._decision = self._strategy.note("requote", detail, cause)
        return self._decision
