"""Faults of an exchange's handling of orders, fills and accounts."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec

TRADING_FAULTS: tuple[FaultSpec, ...] = ()
