"""Faults of the market for perpetual futures."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec

PERPETUAL_FAULTS: tuple[FaultSpec, ...] = ()
