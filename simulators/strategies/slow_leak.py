"""Slow leak: a round trip that pays spread and fees, again and again. No single trade is worth a look."""

from __future__ import annotations

from typing import ClassVar

from simulators.strategies.client import ExchangeClient
from simulators.strategies.malfunction import Malfunction
from simulators.strategies.orders import BUY, SELL, OwnOrder
from simulators.strategies.params import SlowLeakParams
from simulators.strategies.rest import SECOND_NS


class SlowLeakStrategy(Malfunction[SlowLeakParams]):
    """Buys at the ask, sells what it got at the bid, and waits for the next interval."""

    kind: ClassVar[str] = "slow_leak"

    def interval_ns(self, strength: float) -> int:
        return round(self.params.interval_s * SECOND_NS)

    def act(self, client: ExchangeClient, strength: float) -> None:
        for name, pair in client.pairs.items():
            self.sweep(client, pair, BUY, self.sized_units(client, pair, strength), client.quotes[name].cause)

    def on_order_closed(self, order: OwnOrder, cause: int) -> None:
        if order.side == BUY and order.executed_units:
            # A second later the balance shows what was bought.
            self.clock.call_at(self.clock.now_ns + SECOND_NS, lambda _: self._sell_back(order, cause))

    def _sell_back(self, order: OwnOrder, cause: int) -> None:
        client = self.clients[order.venue]
        if self.is_usable(client.quotes[order.pair.name]):
            self.sweep(client, order.pair, SELL, order.executed_units, cause)
