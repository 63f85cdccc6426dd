"""What the faults of the monitor's host may be told. Nothing heavy is imported, so that scenarios are checked fast."""

from __future__ import annotations

from typing import Literal

import msgspec


class MonitorRestartParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The process dies and is up again after ``down_for_ns`` (at the end of the fault at the latest). ``state``: what
    it has saved is there then, or is lost with the rest."""

    down_for_ns: int = 30_000_000_000
    state: Literal["kept", "lost"] = "kept"


class MonitorClockStepParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The host's clock is ``offset_ns`` ahead or behind, at once or drifting there within ``ramp_ns`` of ``starts_ns``,
    and back within ``ramp_down_ns`` before ``ends_ns``."""

    offset_ns: int = 0
    direction: Literal["ahead", "behind"] = "ahead"
    starts_ns: int = 0
    ends_ns: int = 0
    ramp_ns: int = 0
    ramp_down_ns: int = 0


class MonitorSlowCpuParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each step takes ``added_ns`` longer at full strength, which it reaches within ``ramp_ns`` of ``starts_ns`` and
    leaves within ``ramp_down_ns`` before ``ends_ns``."""

    added_ns: int = 0
    starts_ns: int = 0
    ends_ns: int = 0
    ramp_ns: int = 0
    ramp_down_ns: int = 0
