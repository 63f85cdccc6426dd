"""Mean-reverting noise, and generators that can be asked for any hour out of order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulators.market_data.world.bars import Floats

_MEMORY = 16  # steps after which nothing of a deviation is left

Streams = Callable[[str], np.random.Generator]


class HourlyStream:
    """A named stream of randomness, cut into hours.

    Each hour has a generator of its own, derived from one draw of the named stream. What happens in an hour therefore
    depends on neither where the run began nor who else drew, and nothing has to be kept to look at any hour again.
    """

    __slots__ = ("_key",)

    def __init__(self, stream: np.random.Generator) -> None:
        self._key = int(stream.integers(0, 2**63))

    def hour(self, hour: int) -> np.random.Generator:
        """The generator of that hour (hours since the epoch), from its beginning."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence((self._key, hour))))


def mean_reverting(generator: np.random.Generator, steps: int) -> Floats:
    """Noise of mean 0 and standard deviation 1 that forgets a deviation within ``_MEMORY`` steps.

    A moving average of white noise: its autocorrelation falls in a straight line to zero. Sums only, so that every
    machine computes the same bits; a recursion would need a loop, a matrix product or an exponential.
    """
    total = np.cumsum(generator.standard_normal(steps + _MEMORY))
    return np.asarray((total[_MEMORY:] - total[:-_MEMORY]) * _MEMORY**-0.5)
