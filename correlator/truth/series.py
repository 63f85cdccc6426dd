"""Envelope: the smallest and the largest value of a quantity in each of many equal stretches of the run.

A line drawn through it shows every spike, however long the run; memory does not depend on how often the quantity moved.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from correlator.truth.intervals import Times, Values

BUCKETS = 720
_DIGITS = 7
_TENS = np.array([float(f"1e{power}") for power in range(23)])  # the powers of ten that a float holds exactly
_LEAST_USUAL, _MOST_USUAL = 1e-15, 1e28
_MOST_SINGLES = 1_024  # values given one by one wait to be taken together


class Buckets:
    """The run's time cut into equal stretches; where a batch of times crosses from one to the next."""

    def __init__(self, start_ns: int, end_ns: int) -> None:
        self.start_ns = start_ns
        self.width_ns = max(1, -(-max(1, end_ns - start_ns) // BUCKETS))

    @cached_property
    def seconds(self) -> list[float]:
        """When each stretch begins, in seconds since the start."""
        return [round(bucket * self.width_ns / 1e9, 3) for bucket in range(BUCKETS)]

    def ends_ns(self, at_ns: int) -> int:
        """Where the stretch of a moment ends; that of one past the last stretch does at once."""
        return self.start_ns + ((at_ns - self.start_ns) // self.width_ns + 1) * self.width_ns

    def edges(self, times: Times) -> tuple[Times, Times]:
        """``(first index, bucket)`` of each stretch that the non-decreasing ``times`` touch."""
        buckets = np.clip((times - self.start_ns) // self.width_ns, 0, BUCKETS - 1)
        starts = np.concatenate(([0], np.flatnonzero(buckets[1:] != buckets[:-1]) + 1))
        return starts, buckets[starts]


class Envelope:
    """Smallest, largest and last value per bucket; NaN where the quantity was never defined."""

    def __init__(self, buckets: Buckets) -> None:
        self.buckets = buckets
        self._low = np.full(BUCKETS, np.nan)
        self._high = np.full(BUCKETS, np.nan)
        self._last = np.full(BUCKETS, np.nan)
        self._single_times: list[int] = []
        self._single_values: list[float] = []

    def update(self, values: Values, edges: tuple[Times, Times]) -> None:
        """Take values whose times fall into ``edges`` (see ``Buckets.edges``)."""
        self._take_singles()
        starts, buckets = edges
        self._low[buckets] = np.fmin(self._low[buckets], np.fmin.reduceat(values, starts))
        self._high[buckets] = np.fmax(self._high[buckets], np.fmax.reduceat(values, starts))
        self._last[buckets] = values[np.concatenate((starts[1:], [len(values)])) - 1]

    def add(self, at_ns: int, value: float) -> None:
        """Take one value; times do not decrease."""
        self._single_times.append(at_ns)
        self._single_values.append(value)
        if len(self._single_times) >= _MOST_SINGLES:
            self._take_singles()

    def _take_singles(self) -> None:
        if self._single_times:
            edges = self.buckets.edges(np.array(self._single_times, np.int64))
            values = np.array(self._single_values, np.float64)
            self._single_times.clear()
            self._single_values.clear()
            self.update(values, edges)

    def to_bytes(self) -> bytes:
        """Everything in it: smallest, largest and last values, little-endian floats."""
        self._take_singles()
        return np.concatenate((self._low, self._high, self._last)).astype("<f8").tobytes()

    @classmethod
    def from_bytes(cls, buckets: Buckets, data: bytes) -> Envelope:
        """The envelope that ``to_bytes`` was asked of. ValueError if ``data`` is of another length."""
        values = np.frombuffer(data, "<f8").astype(np.float64)
        if len(values) != 3 * BUCKETS:
            raise ValueError(f"an envelope has {3 * BUCKETS} values, not {len(values)}")
        envelope = cls(buckets)
        envelope._low, envelope._high, envelope._last = np.split(values, 3)
        return envelope

    def points(self, end_ns: int, factor: float = 1.0) -> list[tuple[float, float, float]]:
        """``(seconds since the start, smallest, largest)`` per bucket up to ``end_ns``, times ``factor``.

        A bucket in which nothing was said repeats the last value before it; undefined ones are left out.
        """
        self._take_singles()
        count = min(BUCKETS, -(-max(0, end_ns - self.buckets.start_ns) // self.buckets.width_ns))
        low, high = self._low[:count], self._high[:count]
        said = ~np.isnan(low)
        before = np.maximum.accumulate(np.where(said, np.arange(count), -1))
        silent = np.flatnonzero(~said & (before >= 0))
        low, high = low.copy(), high.copy()
        low[silent] = high[silent] = self._last[before[silent]]
        defined = np.flatnonzero(~np.isnan(low))
        seconds = self.buckets.seconds
        return list(
            zip(
                [seconds[bucket] for bucket in defined.tolist()],
                _rounded(low[defined] * factor),
                _rounded(high[defined] * factor),
                strict=True,
            )
        )


def _rounded(values: Values) -> list[float]:
    """To seven digits, as ``f"{value:.7g}"`` has it.

    The digits are an exact integer and the power of ten an exact float, so one division or multiplication of the two
    gives the very float that the text would; where the digits are in doubt (a tie, another power) the text decides.
    """
    size = np.abs(values)
    is_usual = (size >= _LEAST_USUAL) & (size < _MOST_USUAL)
    usual = np.where(is_usual, size, 1.0)
    shift = _DIGITS - 1 - np.floor(np.log10(usual)).astype(np.int64)
    up, down = _TENS[np.maximum(shift, 0)], _TENS[np.maximum(-shift, 0)]
    scaled = usual * up / down
    digits = np.rint(scaled)
    is_sure = (np.abs(np.abs(scaled - digits) - 0.5) > 1e-6) & (digits >= 10 ** (_DIGITS - 1)) & (digits < 10**_DIGITS)
    rounded = np.copysign(digits * down / up, values)
    for place in np.flatnonzero(~(is_usual & is_sure)).tolist():
        rounded[place] = float(f"{values[place]:.{_DIGITS}g}") if values[place] else values[place]
    shown: list[float] = rounded.tolist()
    return shown
