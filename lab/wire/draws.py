"""Draws: random numbers that belong to a message rather than to an order of events.

A message is told by its moment of departure, its link and its bytes. What happens to it therefore does not depend on
how many others were harmed before it, and runs that leave one injection out stay comparable.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

_WORD = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15


class Draws:
    """Uniform numbers by message and purpose; the seed is the only state."""

    __slots__ = ("_seed",)

    def __init__(self, generator: np.random.Generator) -> None:
        self._seed = int(generator.integers(0, 1 << 63))

    def share(self, link: str, now_ns: int, body: bytes, number: int = 0) -> float:
        """Uniform in [0, 1); ``number`` tells several draws for one message apart."""
        return self.word(link, now_ns, body, number) / (1 << 64)

    def below(self, most: int, link: str, now_ns: int, body: bytes, number: int = 0) -> int:
        """A whole number from 0 to ``most`` - 1."""
        return self.word(link, now_ns, body, number) * most >> 64

    def word(self, link: str, now_ns: int, body: bytes, number: int) -> int:
        """64 bits, mixed after G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators" (2014)."""
        name = crc32(body, crc32(link.encode()))
        z = (self._seed ^ now_ns ^ (name << 31)) + (number + 1) * _STEP & _WORD
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _WORD
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _WORD
        return z ^ (z >> 31)
