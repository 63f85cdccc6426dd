"""How long a price source takes over a request, and how far its samples scatter: draws that depend on time alone.

A request that arrives at the same moment in a run and in its control is served equally fast in both, whatever else was
asked in between; the same holds for the noise of a sample.
"""

from __future__ import annotations

import math
from zlib import crc32

import numpy as np

_POOL_BITS = 12
_MULTIPLIER = 0x9E3779B97F4A7C15  # 2^64 divided by the golden ratio: neighbouring keys land far apart
_WORD = (1 << 64) - 1
_US_PER_MS = 1_000
_NS_PER_US = 1_000


class NormalPool:
    """Standard normal draws, made once, of which an integer key picks one."""

    __slots__ = ("_draws",)

    def __init__(self, rng: np.random.Generator) -> None:
        self._draws: list[float] = rng.standard_normal(1 << _POOL_BITS).tolist()

    def pick(self, key: int) -> float:
        return self._draws[((key * _MULTIPLIER) & _WORD) >> (64 - _POOL_BITS)]


class ServiceTime:
    """A log-normal time from a request's arrival to its reply's departure: median × exp(sigma × N(0, 1))."""

    __slots__ = ("_median_us", "_pool", "_sigma")

    def __init__(self, median_ms: float, sigma: float, rng: np.random.Generator) -> None:
        if not (math.isfinite(median_ms) and median_ms >= 0.0 and math.isfinite(sigma) and sigma >= 0.0):
            raise ValueError(f"median_ms and sigma must be finite and not negative, not {median_ms} and {sigma}")
        self._median_us = median_ms * _US_PER_MS
        self._sigma = sigma
        self._pool = NormalPool(rng)

    def service_ns(self, arrived_ns: int, target: str) -> int:
        """Nanoseconds, in whole microseconds."""
        draw = self._pool.pick(arrived_ns ^ (crc32(target.encode()) << 20))
        return round(self._median_us * math.exp(self._sigma * draw)) * _NS_PER_US
