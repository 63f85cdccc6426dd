"""Restraint: what a control in force leaves of a strategy's freedom to trade. The gate applies all of them."""

from __future__ import annotations

from typing import Protocol

import msgspec

from risk_monitor.controls.config import Allows


class Restraint(msgspec.Struct, frozen=True):
    """Orders are cut to ``scale`` of their size, and only those are let through that ``allows`` names."""

    control: str
    scale: float
    allows: Allows
    reason: str


class Restrainer(Protocol):
    def restraint(self, strategy: str) -> Restraint | None:
        """What this control asks of a strategy's orders now; None for nothing."""
        ...
