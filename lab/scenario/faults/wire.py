"""Faults of the wire: what any link may do to what it carries."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec

WIRE_FAULTS: tuple[FaultSpec, ...] = ()
