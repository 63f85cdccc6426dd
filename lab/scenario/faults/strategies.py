"""Faults of strategies that misbehave, and of whoever trades in their name."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec

STRATEGY_FAULTS: tuple[FaultSpec, ...] = ()
