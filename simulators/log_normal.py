"""Log-normal times, as a configuration states them. Nothing heavy is imported, so that files are checked fast."""

from __future__ import annotations

import math

import msgspec


class LogNormal(msgspec.Struct, frozen=True):
    """A log-normal time: ``median_ms`` × exp(``sigma`` × N(0, 1))."""

    median_ms: float
    sigma: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.median_ms) and self.median_ms >= 0):
            raise ValueError(f"median_ms must be a finite number of at least 0, not {self.median_ms}")
        if not (math.isfinite(self.sigma) and self.sigma >= 0):
            raise ValueError(f"sigma must be a finite number of at least 0, not {self.sigma}")
