"""Service time: how long the venue takes from a request's arrival to its reply's departure, log-normal by operation.

The time of a request depends on its operation, its arrival and who sends it, never on how many others came before:
a request that arrives in both a run and its control takes equally long in both, whatever happened in between.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from zlib import crc32

import msgspec
import numpy as np

NS_PER_US = 1_000
_US_PER_MS = 1_000
_POOL = 4096  # draws per operation; a power of two, so that a mask picks one
_HASH = 0x9E3779B97F4A7C15  # odd, the golden ratio in 64 bits: neighbouring times land far apart
_WORD = (1 << 64) - 1


class LogNormal(msgspec.Struct, frozen=True):
    """A log-normal time: ``median_ms`` × exp(``sigma`` × N(0, 1))."""

    median_ms: float
    sigma: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.median_ms) and self.median_ms >= 0):
            raise ValueError(f"median_ms must be a finite number of at least 0, not {self.median_ms}")
        if not (math.isfinite(self.sigma) and self.sigma >= 0):
            raise ValueError(f"sigma must be a finite number of at least 0, not {self.sigma}")


DEFAULT_SERVICE_TIMES: Mapping[str, LogNormal] = {
    "general": LogNormal(1.0, 0.3),
    "market_data": LogNormal(4.0, 0.4),
    "order_place": LogNormal(6.0, 0.5),
    "order_cancel": LogNormal(5.0, 0.5),
    "account": LogNormal(8.0, 0.5),
    "wallet": LogNormal(40.0, 0.5),
    "stream": LogNormal(2.0, 0.3),
}
"""The operations of the API, and how long each takes where a venue's configuration does not say.

``general``: ping, time, exchangeInfo. ``market_data``: books, trades, klines, tickers. ``order_place`` and
``order_cancel``: changes of orders. ``account``: balances, orders, own trades, sub-accounts. ``wallet``: deposits and
withdrawals. ``stream``: answers on a WebSocket.
"""

OPERATIONS = tuple(DEFAULT_SERVICE_TIMES)
ALL_OTHERS = "*"  # in a configuration: every operation that is not named


class ServiceTimes:
    """Draws of every operation, made once; memory is bounded by the number of operations."""

    __slots__ = ("_draws_us",)

    def __init__(self, latency: Mapping[str, LogNormal], rng: np.random.Generator) -> None:
        unknown = sorted(latency.keys() - DEFAULT_SERVICE_TIMES.keys() - {ALL_OTHERS})
        if unknown:
            raise ValueError(f"unknown operation {unknown[0]!r}; expected one of {', '.join(OPERATIONS)} or *")
        draws_us: dict[str, list[int]] = {}
        for operation, default in DEFAULT_SERVICE_TIMES.items():
            law = latency.get(operation) or latency.get(ALL_OTHERS) or default
            normal = rng.standard_normal(_POOL)
            microseconds = np.rint(law.median_ms * _US_PER_MS * np.exp(law.sigma * normal))
            draws_us[operation] = microseconds.astype(np.int64).tolist()
        self._draws_us = draws_us

    def service_ns(self, operation: str, arrived_ns: int, sender: str) -> int:
        """Service time in ns, a whole number of microseconds."""
        mixed = ((arrived_ns ^ (crc32(sender.encode()) << 20)) * _HASH) & _WORD
        return self._draws_us[operation][mixed >> 52] * NS_PER_US
