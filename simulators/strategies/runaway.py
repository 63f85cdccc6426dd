"""Runaway: order after order in one direction until the balance is spent, and then back, as fast as it can send.

What an algorithm does that has lost count of itself (Knight Capital, 1 August 2012): it pays the spread every time, and
the book in front of it is eaten faster than it grows back.
"""

from __future__ import annotations

from typing import ClassVar

from simulators.strategies.client import ExchangeClient
from simulators.strategies.malfunction import Malfunction
from simulators.strategies.orders import BUY
from simulators.strategies.params import RunawayParams
from simulators.strategies.rest import SECOND_NS

_MINUTE_NS = 60 * SECOND_NS


class RunawayStrategy(Malfunction[RunawayParams]):
    """Sends ``orders_per_minute`` immediate-or-cancel orders, its pairs in turn."""

    kind: ClassVar[str] = "runaway"

    def set_up(self) -> None:
        super().set_up()
        self._sides: dict[tuple[str, str], int] = {}
        self._turns: dict[str, int] = {}

    def interval_ns(self, strength: float) -> int:
        return max(1, round(_MINUTE_NS / (self.params.orders_per_minute * strength)))

    def act(self, client: ExchangeClient, strength: float) -> None:
        turn = self._turns[client.venue] = self._turns.get(client.venue, -1) + 1
        pairs = list(client.pairs.values())
        if not pairs:
            return
        pair = pairs[turn % len(pairs)]
        key = (client.venue, pair.symbol)
        side = self._sides.get(key, BUY)
        cause = client.quotes[pair.name].cause
        if self.sweep(client, pair, side, self.order_cap_units(client, pair), cause) is None:
            # Spent: it turns round. An order under way may be all that is in the way, so nothing is sent at once.
            self._sides[key] = -side
