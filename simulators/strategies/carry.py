"""Cash and carry: an asset bought for cash, and the perpetual on it sold short, so that only the funding is left.

It buys in small slices of irregular size and sells as much of the perpetual right after each. Whatever happens to
either leg, the other is brought level first: a lame leg is a view of the price, which it has not.
"""

from __future__ import annotations

from typing import ClassVar

from simulators.strategies.base import Strategy
from simulators.strategies.client import ExchangeClient, Quote
from simulators.strategies.orders import BUY, SELL
from simulators.strategies.pairs import UNITS, Pair
from simulators.strategies.params import CarryParams
from simulators.strategies.rest import SECOND_NS


class CarryStrategy(Strategy[CarryParams]):
    """Long a pair at one exchange, short the perpetual on it at a derivatives exchange."""

    kind: ClassVar[str] = "carry"
    wants_quotes: ClassVar[bool] = True

    def set_up(self) -> None:
        self._spot: Quote | None = None
        self._perpetual: Quote | None = None
        self._is_looking = False

    def on_trading_begins(self, client: ExchangeClient) -> None:
        for quote in client.quotes.values():
            if client.dialect.is_margin:
                self._perpetual = quote
            else:
                self._spot = quote
        if self._spot is not None and self._perpetual is not None and not self._is_looking:
            self._is_looking = True
            self._look_later()

    def affordable_lots(self, client: ExchangeClient, pair: Pair, side: int, price: float) -> int:
        """On margin, either side is backed by what is free of the wallet."""
        if not client.dialect.is_margin:
            return super().affordable_lots(client, pair, side, price)
        return pair.lots(int(client.free_units(pair.quote) * self.params.leverage / price)) if price > 0.0 else 0

    def _look_later(self) -> None:
        self.clock.call_at(self.clock.now_ns + round(self.params.interval_s * SECOND_NS), self._look)

    def _look(self, _: object) -> None:
        if not self.is_running:
            return
        self._look_later()
        spot, perpetual = self._spot, self._perpetual
        assert spot is not None
        assert perpetual is not None
        if not (self.may_trade and self.is_usable(spot) and self.is_usable(perpetual)):
            return
        if len(spot.client.desk) or len(perpetual.client.desk):
            return  # what was sent is not decided yet
        held = self.position_units(spot.client, spot.pair)
        open_units = held + self.position_units(perpetual.client, perpetual.pair)
        if abs(open_units) >= perpetual.pair.lot_units * perpetual.pair.min_lots:
            self._level(perpetual, open_units)
        else:
            self._buy_more(spot, perpetual, held)

    def _level(self, perpetual: Quote, open_units: int) -> None:
        """Trade the perpetual by what the legs differ."""
        pair, side = perpetual.pair, SELL if open_units > 0 else BUY
        slippage = self.params.max_slippage_bp * 1e-4
        if side == SELL:
            ticks = pair.ticks_below(perpetual.bid * (1.0 - slippage))
        else:
            ticks = pair.ticks_above(perpetual.ask * (1.0 + slippage))
        self.place(perpetual.client, pair, side, ticks, pair.lots(abs(open_units)), "IOC", perpetual.cause)

    def _buy_more(self, spot: Quote, perpetual: Quote, held: int) -> None:
        """Buy another slice, if the perpetual can be sold against it at a fair price and on sound margin."""
        discount_bp = (1.0 - perpetual.bid / spot.ask) * 1e4
        equity_usd = perpetual.client.account.equity_usd()
        if discount_bp > self.params.entry_discount_bp or equity_usd is None:
            return
        backed = int(equity_usd * self.params.leverage / spot.ask * UNITS)
        wanted = min(self.position_cap_units(spot.client, spot.pair), backed) - held
        ticks = spot.pair.ticks_above(spot.ask * (1.0 + self.params.max_slippage_bp * 1e-4))
        wanted = min(wanted, int(self.order_cap_units(spot.client, spot.pair) * (0.5 + 0.5 * self.rng.random())))
        lots = self.order_lots(spot.client, spot.pair, BUY, spot.pair.price(ticks), wanted)
        whole = lots * spot.pair.lot_units // perpetual.pair.lot_units * perpetual.pair.lot_units
        self.place(spot.client, spot.pair, BUY, ticks, spot.pair.lots(whole), "IOC", spot.cause)
