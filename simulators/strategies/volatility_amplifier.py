"""Volatility amplification: a momentum chaser whose orders grow with the volatility that they help to make."""

from __future__ import annotations

import math
import statistics
from collections import deque
from typing import ClassVar

from simulators.strategies.client import ExchangeClient, Quote
from simulators.strategies.malfunction import Malfunction
from simulators.strategies.orders import BUY, SELL
from simulators.strategies.params import VolatilityAmplifierParams
from simulators.strategies.rest import SECOND_NS


class VolatilityAmplifierStrategy(Malfunction[VolatilityAmplifierParams]):
    """Buys after each rise and sells after each fall; the size follows realised volatility, the root of
    the mean square of the last returns."""

    kind: ClassVar[str] = "volatility_amplifier"

    def set_up(self) -> None:
        super().set_up()
        self._mids: dict[Quote, deque[float]] = {}

    def interval_ns(self, strength: float) -> int:
        return round(self.params.interval_s * SECOND_NS)

    def act(self, client: ExchangeClient, strength: float) -> None:
        for quote in client.quotes.values():
            mids = self._mids.setdefault(quote, deque(maxlen=self.params.window + 1))
            mids.append((quote.bid + quote.ask) / 2.0)
            if len(mids) < 3:
                continue
            returns_bp = [(mids[i] / mids[i - 1] - 1.0) * 1e4 for i in range(1, len(mids))]
            if abs(returns_bp[-1]) < self.params.entry_bp:
                continue
            wildness = math.sqrt(statistics.fmean(move * move for move in returns_bp)) / self.params.calm_bp
            units = self.sized_units(client, quote.pair, strength * wildness)
            side = BUY if returns_bp[-1] > 0.0 else SELL
            where = f"{client.venue} {quote.pair.name}"
            why = self.note("chases", f"{where}: {returns_bp[-1]:+.1f} bp, {wildness:.1f} times calm", quote.cause)
            self.sweep(client, quote.pair, side, units, why)
