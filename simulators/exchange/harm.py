"""What the faults of an exchange's API may be told. Nothing heavy is imported, so that scenarios are checked fast."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from simulators.exchange.operations import OPERATIONS
from simulators.gradual import Gradual


class ExchangeOutageParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``mode``: requests are answered with 503, or not at all. ``operations``: those that fail (none named: all).

    ``streams``: WebSockets are closed and new ones refused, or stay open (new ones too) and say nothing, or go on.
    """

    mode: Literal["unavailable", "silent"] = "unavailable"
    streams: Literal["closed", "silent", "open"] = "closed"
    operations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_operations(self.operations)


class ExchangeLatencyParams(Gradual, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The service time becomes ``factor`` times itself plus ``added_ns`` at full strength.

    It grows from none to all of that within ``ramp_ns`` of ``starts_ns``, and fades within ``ramp_down_ns`` before
    ``ends_ns``. ``operations`` and ``accounts``: whose requests are slow (none named: all).
    """

    added_ns: int = 0
    factor: float = 1.0
    operations: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_operations(self.operations)
        if self.added_ns < 0:
            raise ValueError(f"added latency must not be negative, not {self.added_ns} ns")
        if not (math.isfinite(self.factor) and self.factor >= 1.0):
            raise ValueError(f"factor must be a finite number of at least 1, not {self.factor}")


class FeedStallParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``pair``: whose streams stall (``BTC/USDT``), None for all of the venue's."""

    pair: str | None = None


def _check_operations(operations: tuple[str, ...]) -> None:
    for operation in operations:
        if operation not in OPERATIONS:
            raise ValueError(f"unknown operation {operation!r}; expected one of {', '.join(OPERATIONS)}")
