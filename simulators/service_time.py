"""Service time: how long a venue takes from a request's arrival to its reply's departure, log-normal by operation.

The time of a request depends on its operation, its arrival and who or what it is for, never on how many others came
before: a request that arrives in both a run and its control takes equally long in both, whatever happened in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

import numpy as np

from simulators.log_normal import LogNormal

NS_PER_US = 1_000
ALL_OTHERS = "*"  # in a configuration: every operation that is not named

_US_PER_MS = 1_000
_POOL_BITS = 12
_HASH = 0x9E3779B97F4A7C15  # odd, the golden ratio in 64 bits: neighbouring moments land far apart
_WORD_BITS = 64
_WORD = (1 << _WORD_BITS) - 1
_SHIFT = _WORD_BITS - _POOL_BITS


class NormalPool:
    """Standard normal draws, made once, of which an integer key picks one."""

    __slots__ = ("_draws",)

    def __init__(self, rng: np.random.Generator) -> None:
        self._draws: list[float] = rng.standard_normal(1 << _POOL_BITS).tolist()

    def pick(self, key: int) -> float:
        """The draw of that key, always the same."""
        return self._draws[((key * _HASH) & _WORD) >> _SHIFT]


class ServiceTimes:
    """Draws of every operation, made once; memory is bounded by the number of operations.

    ``defaults`` names the operations and how long each takes where ``latency`` does not say; ``latency`` may also name
    ``*``, all others. An operation that is neither raises ValueError.
    """

    __slots__ = ("_draws_us",)

    def __init__(
        self, defaults: Mapping[str, LogNormal], latency: Mapping[str, LogNormal], rng: np.random.Generator
    ) -> None:
        unknown = sorted(latency.keys() - defaults.keys() - {ALL_OTHERS})
        if unknown:
            raise ValueError(f"unknown operation {unknown[0]!r}; expected one of {', '.join(defaults)} or *")
        self._draws_us: dict[str, list[int]] = {}
        for operation, default in defaults.items():
            law = latency.get(operation) or latency.get(ALL_OTHERS) or default
            normal = rng.standard_normal(1 << _POOL_BITS)
            microseconds = np.rint(law.median_ms * _US_PER_MS * np.exp(law.sigma * normal))
            self._draws_us[operation] = microseconds.astype(np.int64).tolist()

    def service_ns(self, operation: str, arrived_ns: int, what: str) -> int:
        """Service time in ns, a whole number of microseconds. ``what`` tells requests of one moment apart."""
        key = arrived_ns ^ (crc32(what.encode()) << 20)
        return self._draws_us[operation][((key * _HASH) & _WORD) >> _SHIFT] * NS_PER_US
