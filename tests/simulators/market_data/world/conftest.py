"""A clock, streams and bars to try the world's prices with."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from simulators.market_data.world.bars import Bars
from simulators.market_data.world.config import MarketConfig, market_config
from simulators.market_data.world.world import World

START_NS = 1_676_764_800_000_000_000  # 2023-02-19T00:00:00Z
HOUR_NS = 3_600_000_000_000
START_MINUTE = START_NS // 60_000_000_000


class HeapClock:
    """Virtual time with nothing but a heap; satisfies ``ports.Clock``."""

    def __init__(self, start_ns: int = START_NS) -> None:
        self.now_ns = start_ns
        self._queue: list[tuple[int, int, Callable[[Any], None], Any]] = []
        self._number = 0

    def call_at(self, at_ns: int, callback: Callable[[Any], None], argument: Any = None) -> None:
        assert at_ns >= self.now_ns
        self._number += 1
        heapq.heappush(self._queue, (at_ns, self._number, callback, argument))

    def timer(self, callback: Callable[[], None]) -> HeapTimer:
        return HeapTimer(self, callback)

    def run_until(self, end_ns: int) -> None:
        while self._queue and self._queue[0][0] <= end_ns:
            self.now_ns, _, callback, argument = heapq.heappop(self._queue)
            callback(argument)
        self.now_ns = end_ns


class HeapTimer:
    def __init__(self, clock: HeapClock, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._callback = callback
        self._arming = 0

    def arm(self, at_ns: int) -> None:
        self._arming += 1
        self._clock.call_at(at_ns, self._ring, self._arming)

    def cancel(self) -> None:
        self._arming += 1

    def _ring(self, arming: int) -> None:
        if arming == self._arming:
            self._callback()


class Laboratory:
    """Builders that the tests share."""

    start_ns = START_NS
    hour_ns = HOUR_NS
    start_hour = START_NS // HOUR_NS

    @staticmethod
    def clock() -> HeapClock:
        return HeapClock()

    @staticmethod
    def streams(seed: int = 7) -> Callable[[str], np.random.Generator]:
        return lambda name: np.random.default_rng([seed, *name.encode()])

    @staticmethod
    def config(series: list[dict[str, Any]], **keys: Any) -> MarketConfig:
        named = [{"file": "bars.parquet", **one} for one in series]
        return market_config({"schema": "riskproof-market/1", "market": "test", "series": named, **keys})

    @staticmethod
    def walk(minutes: int, price: float, seed: int = 1, step: float = 4e-4) -> Bars:
        """Bars of a random walk without gaps."""
        generator = np.random.default_rng(seed)
        prices = price * np.cumprod(1 + step * generator.standard_normal((minutes, 8)).ravel() / 8**0.5)
        steps = prices.reshape(minutes, 8)
        at = START_MINUTE + np.arange(minutes)
        return Bars(at, steps[:, 0], steps.max(axis=1), steps.min(axis=1), steps[:, -1], np.ones(minutes))

    @staticmethod
    def without(bars: Bars, minutes: list[int]) -> Bars:
        """The same bars with gaps at those minutes since the start."""
        keep = ~np.isin(bars.minute - START_MINUTE, minutes)
        columns = (bars.minute, bars.open, bars.high, bars.low, bars.close, bars.volume)
        return Bars(*(column[keep] for column in columns))

    def triangle(self, seed: int = 7, hours: int = 3, **keys: Any) -> World:
        """BTC/USDT, ETH/USDT and USDT/USD."""
        config = self.config([{"pair": "BTC/USDT"}, {"pair": "ETH/USDT"}, {"pair": "USDT/USD"}], **keys)
        minutes = hours * 60
        bars = (
            self.walk(minutes, 24_500.0, 1),
            self.walk(minutes, 1_690.0, 2),
            self.walk(minutes, 1.0001, 3, step=1e-5),
        )
        return World(config, bars, self.streams(seed))

    @staticmethod
    def prices(world: World, venue: str, symbol: str, hours: range) -> tuple[Any, Any]:
        """Times and unharmed prices of several hours."""
        parts = [world.ticks(venue, symbol, hour) for hour in hours]
        return np.concatenate([times for times, _ in parts]), np.concatenate([prices for _, prices in parts])


@pytest.fixture(scope="session")
def lab() -> Laboratory:
    return Laboratory()
