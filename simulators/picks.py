"""Picks: random numbers that belong to a thing rather than to an order of events.

Whether a thing is hit does not depend on how many others were looked at before it, and what is hit at a small share is
hit at a greater one too. Runs that leave one injection out therefore stay comparable.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

_WORD = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15


class Picks:
    """Uniform numbers by name and number; the seed is the only state."""

    __slots__ = ("_seed",)

    def __init__(self, rng: np.random.Generator) -> None:
        self._seed = int(rng.integers(0, 1 << 63))

    def share(self, what: str, *numbers: int) -> float:
        """Uniform in [0, 1), mixed after G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators"
        (2014)."""
        z = self._seed ^ crc32(what.encode())
        for number in (*numbers, 0):
            z = (z ^ number) + _STEP & _WORD
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _WORD
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _WORD
            z ^= z >> 31
        return z / (1 << 64)
