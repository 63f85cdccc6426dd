"""What the faults of an exchange's market data may be told. Nothing heavy is imported, so that scenarios are checked
fast.

``pairs`` say whose data are harmed; none named: those of all the venue's. Where there are degrees, the harm grows from
none to all of itself within ``ramp_ns`` of ``starts_ns``, and fades within ``ramp_down_ns`` before ``ends_ns``.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec

from simulators.gradual import Gradual

Fraction = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Streams = Literal["depth_and_trades", "depth", "trades", "quotes", "all"]


class FrozenFeedParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Quotes and books are shown as they were when it began; trades and bars go on."""

    pairs: tuple[str, ...] = ()


class PairsHarm(Gradual, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Harm to the data of some pairs that has degrees."""

    pairs: tuple[str, ...] = ()


class FeedGapParams(PairsHarm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of the frames of these ``streams`` are never sent."""

    share: Fraction
    streams: Streams = "depth_and_trades"


class OutOfOrderFeedParams(PairsHarm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of the frames of these ``streams`` are sent only after the one that follows them."""

    share: Fraction
    streams: Streams = "all"


class BadTickParams(PairsHarm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Single quotes of each pair are told off by ``intensity``, ``per_hour`` of them, at moments that cannot be
    foreseen; ``either``: up or down as it comes."""

    intensity: Annotated[float, msgspec.Meta(ge=0.0, le=0.99)]
    per_hour: float = 60.0
    direction: Literal["either", "up", "down"] = "either"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.per_hour) and 0.0 < self.per_hour <= 36_000.0):
            raise ValueError(f"per_hour must be above 0 and at most 36000, not {self.per_hour:g}")


class CrossedBookParams(PairsHarm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The best bid is shown above the best ask by ``intensity`` of their middle, which stays where it is."""

    intensity: Annotated[float, msgspec.Meta(ge=0.0, le=0.99)]


class VenueClockDriftParams(Gradual, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The clock of the venue is ``offset_ns`` ahead or behind, at once or drifting there within ``ramp_ns`` of
    ``starts_ns`` and back within ``ramp_down_ns`` before ``ends_ns``. Beside that it goes ``drift_ppm`` too fast
    (ahead) or too slow (behind), in millionths, until it is set right at the end."""

    offset_ns: int = 0
    drift_ppm: float = 0.0
    direction: Literal["ahead", "behind"] = "ahead"

    def __post_init__(self) -> None:
        if self.offset_ns < 0:
            raise ValueError(f"the offset must not be negative, not {self.offset_ns} ns")
        if not (math.isfinite(self.drift_ppm) and 0.0 <= self.drift_ppm <= 100_000.0):
            raise ValueError(f"drift_ppm must be from 0 to 100000, not {self.drift_ppm:g}")
