"""Gradual harm: it grows from none to all of itself along a first ramp, and fades along a last one."""

from __future__ import annotations

import msgspec


class Gradual(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the parameters of a fault that grows and fades have in common, in ns since the epoch: it begins at
    ``starts_ns`` and is all there ``ramp_ns`` later; ``ramp_down_ns`` before ``ends_ns`` it begins to fade."""

    starts_ns: int = 0
    ends_ns: int = 0
    ramp_ns: int = 0
    ramp_down_ns: int = 0

    def level(self, now_ns: int) -> float:
        """How much of the harm is in force, 0 to 1."""
        level = 1.0
        if self.ramp_ns:
            level = min(level, max(0.0, (now_ns - self.starts_ns) / self.ramp_ns))
        if self.ramp_down_ns:
            level = min(level, max(0.0, (self.ends_ns - now_ns) / self.ramp_down_ns))
        return level
