"""Malfunction: a strategy that harms its firm. It takes what the book offers at regular intervals, at any cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from simulators.strategies.base import Strategy
from simulators.strategies.client import ExchangeClient
from simulators.strategies.orders import BUY, OwnOrder
from simulators.strategies.pairs import Pair
from simulators.strategies.params import MalfunctionParams
from simulators.strategies.rest import SECOND_NS

M = TypeVar("M", bound=MalfunctionParams)

_IDLE_NS = SECOND_NS
"""How soon a malfunction that cannot act now, or has no strength yet, looks again."""


class Malfunction(Strategy[M]):
    """Acts at each venue once per ``interval_ns`` while it may trade; heeds neither position cap nor loss limit.

    ``strength`` says how strong it is now (1: as its params say); a fault replaces it to have the harm grow and fade,
    and hears of every order through ``on_placed``.
    """

    wants_quotes: ClassVar[bool] = True

    def set_up(self) -> None:
        self.strength: Callable[[], float] = lambda: self.params.scale
        self.on_placed: Callable[[OwnOrder], None] = lambda order: None

    def interval_ns(self, strength: float) -> int:
        """How long it waits between two actions."""
        raise NotImplementedError

    def act(self, client: ExchangeClient, strength: float) -> None:
        """Do harm at one venue. Called when all that it trades there has a usable quote."""
        raise NotImplementedError

    def on_trading_begins(self, client: ExchangeClient) -> None:
        self._tick(client)

    def on_refreshed(self, client: ExchangeClient) -> None:
        """Its losses do not stop it."""

    def sweep(self, client: ExchangeClient, pair: Pair, side: int, units: int, cause: int) -> OwnOrder | None:
        """Take up to ``units`` of base out of the book, as far as slippage and balance allow. None: nothing sent."""
        quote = client.quotes[pair.name]
        slippage = self.params.slippage_bp * 1e-4
        if side == BUY:
            ticks = pair.ticks_above(quote.ask * (1.0 + slippage))
        else:
            ticks = pair.ticks_below(quote.bid * (1.0 - slippage))
        lots = min(pair.lots(units), self.affordable_lots(client, pair, side, pair.price(ticks)))
        order = self.place(client, pair, side, ticks, lots, "IOC", cause)
        if order is not None:
            self.on_placed(order)
        return order

    def affordable_lots(self, client: ExchangeClient, pair: Pair, side: int, price: float) -> int:
        """On margin, either side is backed by what is free of the wallet, as far as the venue lends on it."""
        if not client.dialect.is_margin:
            return super().affordable_lots(client, pair, side, price)
        return pair.lots(int(client.free_units(pair.quote) * self.params.leverage / price)) if price > 0.0 else 0

    def sized_units(self, client: ExchangeClient, pair: Pair, strength: float) -> int:
        """Base units of an order of its stated size, times ``strength``."""
        return int(self.order_cap_units(client, pair) * strength)

    def _tick(self, client: ExchangeClient) -> None:
        if not self.is_running:
            return
        strength = self.strength()
        wait_ns = _IDLE_NS
        if strength > 0.0 and self.may_trade and all(self.is_usable(quote) for quote in client.quotes.values()):
            self.act(client, strength)
            wait_ns = self.interval_ns(strength)
        self.clock.call_at(self.clock.now_ns + wait_ns, self._tick, client)
