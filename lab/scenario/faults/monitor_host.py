"""Faults of the machine that the monitor runs on."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec

MONITOR_HOST_FAULTS: tuple[FaultSpec, ...] = ()
