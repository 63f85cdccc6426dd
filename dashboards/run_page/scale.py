"""Scales: from seconds and values to places on a drawing, with round numbers on the axes."""

from __future__ import annotations

import math
from dataclasses import dataclass

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight map of [low, high] onto [start, end] pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = (self.high - self.low) or 1.0
        return round(self.start + (value - self.low) / span * (self.end - self.start), 2)


def clock(seconds: float) -> str:
    """Seconds since the run's start as a person reads them: ``1d 03:20:05``, ``03:20:05``."""
    sign = "-" if seconds < 0 else ""
    whole = round(abs(seconds))
    days, rest = divmod(whole, _DAY_S)
    text = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return f"{sign}{days}d {text}" if days else sign + text


def time_ticks(duration_s: float, most: int = 12) -> list[float]:
    """Round moments, at most ``most`` + 1 of them, that cover the run."""
    step = next((step for step in _STEPS_S if duration_s / step <= most), None)
    if step is None:
        step = _DAY_S * math.ceil(duration_s / _DAY_S / most)
    return [float(number * step) for number in range(int(duration_s // step) + 1)]


def value_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values inside [low, high]: multiples of 1, 2 or 5 times a power of ten."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(factor * power for factor in (1, 2, 5, 10) if span / (factor * power) <= most)
    first = math.ceil(low / step)
    return [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def short(value: float) -> str:
    """A value in few characters: ``1.25M``, ``320k``, ``48.3``."""
    size = abs(value)
    for bound, suffix in ((1e6, "M"), (1e4, "k")):
        if size >= bound:
            return f"{value / bound * (1 if suffix == 'M' else 10):.4g}{suffix}"
    return f"{value:.4g}"


def quantity(value: float, unit: str) -> str:
    """A value with its unit, to seven digits: ``9,812.5 USD``, ``3 times``."""
    size = abs(value)
    number = f"{value:,.0f}" if size >= 1e6 else f"{value:,.2f}" if size >= 1e3 else f"{value:.7g}"
    if "." in number and "e" not in number:
        number = number.rstrip("0").rstrip(".")
    return f"{number} {unit}".strip()
