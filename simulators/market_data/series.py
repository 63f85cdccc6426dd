"""The history of one asset's rate: recent samples, minute and hour candles, realised volatility. All of it bounded."""

from __future__ import annotations

import math
from collections import deque

import msgspec

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS

_SAMPLES_KEPT = 900
_MINUTES_KEPT = 1_500  # a day, and what a request may be late by
_HOURS_KEPT = 91 * 24
_RETURN_NS = 10 * MINUTE_NS
_RETURNS_A_DAY = DAY_NS // _RETURN_NS
_RETURNS_A_YEAR = 6 * 24 * 365


class Candle(msgspec.Struct, gc=False):
    """Open, high, low and close of the rate over one interval that starts at ``start_ns``."""

    start_ns: int
    open: float
    high: float
    low: float
    close: float

    def take(self, price: float) -> None:
        self.close = price
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price


class RealisedVolatility:
    """Annualised volatility that really occurred in the last 24 hours.

    RV = sqrt(1/(N-1) × Σ ln(s_i / s_(i-1))²) × sqrt(T), over returns of ten minutes, with zero mean and
    T = 6·24·365, as Coin Metrics defines volatility_realized_usd_rolling_24h. A return across a gap in the rate would
    measure the gap and is left out.
    """

    def __init__(self) -> None:
        self._squares: deque[float] = deque(maxlen=_RETURNS_A_DAY)
        self._interval = -2  # next to no interval
        self._price = 0.0
        self.value: float | None = None

    def take(self, at_ns: int, price: float) -> None:
        """Take a sample; the first one of each ten minutes counts."""
        interval = at_ns // _RETURN_NS
        if interval == self._interval:
            return
        if self._interval == interval - 1:
            self._squares.append(math.log(price / self._price) ** 2)
            if len(self._squares) > 1:
                # The window is short and this happens six times an hour: a fresh sum costs nothing and never drifts.
                variance = math.fsum(self._squares) / (len(self._squares) - 1)
                self.value = math.sqrt(variance * _RETURNS_A_YEAR)
        self._interval = interval
        self._price = price


class RateSeries:
    """What a source remembers of one asset: the last samples, minute candles of a day, hour candles of 90 days."""

    def __init__(self) -> None:
        self.samples: deque[tuple[int, float]] = deque(maxlen=_SAMPLES_KEPT)
        self.minutes: deque[Candle] = deque(maxlen=_MINUTES_KEPT)
        self.hours: deque[Candle] = deque(maxlen=_HOURS_KEPT)
        self.volatility = RealisedVolatility()
        self._minute_ends_ns = 0

    def take(self, at_ns: int, price: float) -> None:
        """Take a sample. Times must not decrease."""
        self.samples.append((at_ns, price))
        if at_ns < self._minute_ends_ns:
            self.minutes[-1].take(price)
            self.hours[-1].take(price)
            return
        start_ns = at_ns - at_ns % MINUTE_NS
        self._minute_ends_ns = start_ns + MINUTE_NS
        _extend(self.minutes, start_ns, price)
        _extend(self.hours, at_ns - at_ns % HOUR_NS, price)
        self.volatility.take(at_ns, price)

    @property
    def last(self) -> float | None:
        return self.samples[-1][1] if self.samples else None

    def price_a_day_ago(self) -> float | None:
        """The open of the minute 24 hours before the last sample; None if that was not seen."""
        if not self.samples:
            return None
        wanted_ns = self.samples[-1][0] - DAY_NS
        for candle in self.minutes:  # the oldest comes first, and the wanted one is among the first
            if candle.start_ns > wanted_ns:
                return None
            if candle.start_ns + MINUTE_NS > wanted_ns:
                return candle.open
        return None


def _extend(candles: deque[Candle], start_ns: int, price: float) -> None:
    if candles and candles[-1].start_ns == start_ns:
        candles[-1].take(price)
    else:
        candles.append(Candle(start_ns, price, price, price, price))


def merge(candles: list[Candle], interval_ns: int) -> list[Candle]:
    """Join candles into longer ones whose starts are multiples of ``interval_ns``."""
    merged: list[Candle] = []
    for candle in candles:
        start_ns = candle.start_ns - candle.start_ns % interval_ns
        if merged and merged[-1].start_ns == start_ns:
            last = merged[-1]
            last.high, last.low, last.close = max(last.high, candle.high), min(last.low, candle.low), candle.close
        else:
            merged.append(Candle(start_ns, candle.open, candle.high, candle.low, candle.close))
    return merged
