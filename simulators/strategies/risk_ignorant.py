"""Risk ignorance: averaging down without a limit. Whoever buys more of what falls is right until the money is gone."""

from __future__ import annotations

from typing import ClassVar

from simulators.strategies.client import ExchangeClient
from simulators.strategies.malfunction import Malfunction
from simulators.strategies.orders import BUY, OwnOrder
from simulators.strategies.params import RiskIgnorantParams
from simulators.strategies.rest import SECOND_NS


class RiskIgnorantStrategy(Malfunction[RiskIgnorantParams]):
    """Buys; and buys again, each time more, whenever what it bought is worth less than it paid."""

    kind: ClassVar[str] = "risk_ignorant"

    def set_up(self) -> None:
        super().set_up()
        self._bought: dict[tuple[str, str], tuple[int, int]] = {}  # units of base, and of quote paid for them
        self._additions: dict[tuple[str, str], int] = {}

    def interval_ns(self, strength: float) -> int:
        return round(self.params.interval_s * SECOND_NS)

    def act(self, client: ExchangeClient, strength: float) -> None:
        for name, pair in client.pairs.items():
            key, quote = (client.venue, pair.symbol), client.quotes[name]
            units, paid = self._bought.get(key, (0, 0))
            if units and quote.bid * units >= paid:
                continue  # it is winning, for once, and waits
            additions = self._additions.get(key, 0)
            wanted = self.sized_units(client, pair, strength * self.params.growth**additions)
            why = self.note("averages down", f"{client.venue} {name}: addition {additions}", quote.cause)
            if self.sweep(client, pair, BUY, wanted, why) is not None:
                self._additions[key] = min(additions + 1, 100)

    def on_fill(self, order: OwnOrder, units: int, quote_units: int, cause: int) -> None:
        super().on_fill(order, units, quote_units, cause)
        key = (order.venue, order.pair.symbol)
        held, paid = self._bought.get(key, (0, 0))
        self._bought[key] = (held + units, paid + quote_units)
