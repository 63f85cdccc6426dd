"""What the faults of price sources may be told. Nothing heavy is imported, so that scenarios are checked fast."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class SourceWrongParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Prices are told off by ``intensity``, of one ``asset`` or (None) of all; the harm grows within ``ramp_ns`` of
    ``starts_ns``, and fades within ``ramp_down_ns`` before ``ends_ns``."""

    intensity: Annotated[float, msgspec.Meta(ge=0.0, le=0.99)]
    asset: str | None = None
    direction: Literal["up", "down"] = "up"
    starts_ns: int = 0
    ends_ns: int = 0
    ramp_ns: int = 0
    ramp_down_ns: int = 0

    def factor(self, now_ns: int) -> float:
        """What a price is multiplied with at ``now_ns``."""
        level = 1.0
        if self.ramp_ns:
            level = min(level, max(0.0, (now_ns - self.starts_ns) / self.ramp_ns))
        if self.ramp_down_ns:
            level = min(level, max(0.0, (self.ends_ns - now_ns) / self.ramp_down_ns))
        return 1.0 + self.intensity * level if self.direction == "up" else 1.0 - self.intensity * level


class SourceStaleParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last price is told again and again, of one ``asset`` or (None) of all: under the time at which it was so
    (``timestamps: old``), or as if it were new (``lying``)."""

    asset: str | None = None
    timestamps: Literal["old", "lying"] = "old"


class SourceOutageParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``mode``: requests are answered with 503 and streams are closed, or neither says a word."""

    mode: Literal["unavailable", "silent"] = "unavailable"
