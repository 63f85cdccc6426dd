"""Correlation breaking: long one leg, short the other, of two that belong together; both real books are moved."""

from __future__ import annotations

from typing import ClassVar

from simulators.strategies.client import ExchangeClient
from simulators.strategies.malfunction import Malfunction
from simulators.strategies.orders import BUY, SELL
from simulators.strategies.params import CorrelationBreakerParams
from simulators.strategies.rest import SECOND_NS


class CorrelationBreakerStrategy(Malfunction[CorrelationBreakerParams]):
    """Buys the first of its pairs and sells the last at every venue that lists both, in equal value, until the account
    has nothing left to pay one of them with."""

    kind: ClassVar[str] = "correlation_breaker"

    def interval_ns(self, strength: float) -> int:
        return round(self.params.interval_s * SECOND_NS)

    def act(self, client: ExchangeClient, strength: float) -> None:
        pairs = list(client.pairs.values())
        if len(pairs) < 2:
            return
        for pair, side in ((pairs[0], BUY), (pairs[-1], SELL)):
            cause = client.quotes[pair.name].cause
            self.sweep(client, pair, side, self.sized_units(client, pair, strength), cause)
