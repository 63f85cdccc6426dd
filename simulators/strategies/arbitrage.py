"""Arbitrage across venues: buy a pair where it is cheap and sell it where it is dear, when that beats both fees."""

from __future__ import annotations

from typing import ClassVar

from simulators.strategies.base import Strategy
from simulators.strategies.client import ExchangeClient, Quote
from simulators.strategies.orders import BUY, SELL, OwnOrder
from simulators.strategies.pairs import UNITS
from simulators.strategies.params import ArbitrageParams
from simulators.strategies.rest import SECOND_NS

_UNWIND_ATTEMPTS = 5


class ArbitrageStrategy(Strategy[ArbitrageParams]):
    """Takes both sides at once, immediate-or-cancel at the prices seen; what one leg trades beyond the other is undone.

    The assets stay where they were bought, so a lasting difference is traded until the position cap or a balance stops
    it, and traded back when the difference turns.
    """

    kind: ClassVar[str] = "arbitrage"
    wants_quotes: ClassVar[bool] = True

    def set_up(self) -> None:
        self._markets: dict[str, _Market] = {}

    def on_trading_begins(self, client: ExchangeClient) -> None:
        for name, quote in client.quotes.items():
            self._markets.setdefault(name, _Market(self, name)).add(quote)

    def on_quote(self, quote: Quote) -> None:
        market = self._markets.get(quote.pair.name)
        if market is not None:
            for buy, sell, factor in market.routes:
                if sell.bid > buy.ask * factor and buy.ask > 0.0:
                    market.consider(buy, sell, quote.cause)

    def on_order_closed(self, order: OwnOrder, cause: int) -> None:
        self._markets[order.pair.name].on_order_closed(order, cause)


class _Market:
    """One pair on all venues that list it, and the trade that is under way in it, if any."""

    def __init__(self, strategy: ArbitrageStrategy, name: str) -> None:
        self._strategy = strategy
        self._name = name
        self._quotes: list[Quote] = []
        self._legs: list[OwnOrder] = []
        self._quiet_until_ns = 0
        self._attempts_left = 0
        self._bought: Quote | None = None
        self._sold: Quote | None = None
        self._excess_units = 0  # bought beyond what was sold; negative: sold beyond what was bought
        self.routes: list[tuple[Quote, Quote, float]] = []
        """(where to buy, where to sell, how much dearer the sale must be)"""

    def add(self, quote: Quote) -> None:
        edge = 1.0 + self._strategy.params.min_edge_bp * 1e-4
        fee = self._strategy.taker_fee(quote.client)
        for other in self._quotes:
            factor = edge / (1.0 - fee) / (1.0 - self._strategy.taker_fee(other.client))
            self.routes += [(quote, other, factor), (other, quote, factor)]
        self._quotes.append(quote)

    def consider(self, buy: Quote, sell: Quote, cause: int) -> None:
        """The edge is there by the numbers: trade it if both quotes hold up and both accounts can pay."""
        strategy = self._strategy
        if self._legs or self._excess_units or strategy.clock.now_ns < self._quiet_until_ns:
            return
        if not (strategy.may_trade and strategy.is_usable(buy) and strategy.is_usable(sell)):
            return
        wanted = int(min(buy.ask_size, sell.bid_size) * UNITS)
        units = min(
            strategy.order_lots(buy.client, buy.pair, BUY, buy.ask, wanted) * buy.pair.lot_units,
            strategy.order_lots(sell.client, sell.pair, SELL, sell.bid, wanted) * sell.pair.lot_units,
        )
        buy_ticks, sell_ticks = buy.pair.ticks_above(buy.ask), sell.pair.ticks_below(sell.bid)
        buy_lots, sell_lots = buy.pair.lots(units), sell.pair.lots(units)
        if not (buy.pair.tradable(buy_ticks, buy_lots) and sell.pair.tradable(sell_ticks, sell_lots)):
            return
        edge_bp = (sell.bid / buy.ask - 1.0) * 1e4
        detail = f"{self._name}: buy at {buy.client.venue} {buy.ask:.8g}, sell at {sell.client.venue} {sell.bid:.8g}"
        why = strategy.note("arbitrage", f"{detail}, {edge_bp:.1f} bp before fees", cause)
        self._quiet_until_ns = strategy.clock.now_ns + round(strategy.params.cooldown_s * SECOND_NS)
        self._bought, self._sold = buy, sell
        self._attempts_left = _UNWIND_ATTEMPTS
        self._send(buy, BUY, buy_ticks, buy_lots, why)
        self._send(sell, SELL, sell_ticks, sell_lots, why)

    def on_order_closed(self, order: OwnOrder, cause: int) -> None:
        if order not in self._legs:
            return
        self._legs.remove(order)
        self._excess_units += order.side * order.executed_units
        if not self._legs and self._excess_units:
            self._unwind_later(cause)

    def _send(self, quote: Quote, side: int, ticks: int, lots: int, why: int) -> None:
        order = self._strategy.place(quote.client, quote.pair, side, ticks, lots, "IOC", why)
        if order is not None:
            self._legs.append(order)

    def _unwind_later(self, cause: int) -> None:
        """Leave the book a second to recover; until the legs are level again no new trade begins."""
        self._strategy.clock.call_at(self._strategy.clock.now_ns + SECOND_NS, self._unwind, cause)

    def _unwind(self, cause: int) -> None:
        """Undo a lame leg where it was traded: there the account holds what it takes."""
        strategy = self._strategy
        quote, side = (self._bought, SELL) if self._excess_units > 0 else (self._sold, BUY)
        assert quote is not None
        pair = quote.pair
        slippage = strategy.params.max_slippage_bp * 1e-4
        if side == SELL:
            ticks = pair.ticks_below(quote.bid * (1.0 - slippage))
        else:
            ticks = pair.ticks_above(quote.ask * (1.0 + slippage))
        lots = pair.lots(abs(self._excess_units))
        payable_lots = min(lots, strategy.affordable_lots(quote.client, pair, side, pair.price(ticks)))
        if not self._attempts_left or lots < pair.min_lots or not strategy.may_trade:
            # Dust, or a leg that nobody will take back: it stays in the account, where the position counts it.
            strategy.note("left open", f"{self._name}: {self._excess_units / UNITS:+.8f}", cause)
            self._excess_units = 0
            return
        self._attempts_left -= 1
        if strategy.is_usable(quote):
            detail = f"{self._name} at {quote.client.venue}: {payable_lots} of {lots} lots"
            self._send(quote, side, ticks, payable_lots, strategy.note("unwind", detail, cause))
        if not self._legs:
            self._unwind_later(cause)
