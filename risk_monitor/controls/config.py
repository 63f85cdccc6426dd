"""Controls: which reactions the firm has wired in, and when each sets in. Written in a controls file."""

from __future__ import annotations

import enum

import msgspec

from risk_monitor.effects import Severity

RANK: dict[Severity, int] = {severity: rank for rank, severity in enumerate(Severity)}
"""Severities from the mildest to the gravest."""


class Allows(enum.StrEnum):
    """Which orders are let through: all; those that bring an exposure nearer to what is held for long; or none."""

    EVERYTHING = "everything"
    REDUCING = "reducing"
    NOTHING = "nothing"


NARROWNESS: dict[Allows, int] = {allows: rank for rank, allows in enumerate(Allows)}


class Rate(msgspec.Struct, frozen=True):
    """At most so many within a window."""

    most: int
    within_ns: int


class Trigger(msgspec.Struct, frozen=True):
    """Alerts of a mandate, of this severity or graver."""

    mandate: str
    severity: Severity


class GateConfig(msgspec.Struct, frozen=True):
    """Pre-trade checks (RTS 6 Art 15); whatever is None or False is not checked.

    ``price_collar``: distance of an order's price from the middle of the book, as a fraction. An order above
    ``scale_above_usd`` is scaled down to it, one above ``block_above_usd`` is blocked. ``headroom``: no order may take
    an exposure beyond the bound of that severity. ``messages``: orders per strategy. ``repeats``: equal orders of one
    strategy in a row. ``whitelist``: only what the limits file lists.
    """

    price_collar: float | None = None
    scale_above_usd: float | None = None
    block_above_usd: float | None = None
    headroom: Severity | None = None
    messages: Rate | None = None
    repeats: Rate | None = None
    whitelist: bool = False


class BreakerConfig(msgspec.Struct, frozen=True):
    """Pauses on alerts, or on too many orders blocked by the gate. ``pause_ns`` 0: until somebody resets it."""

    on: tuple[Trigger, ...]
    blocks: Rate | None
    pause_ns: int
    cancels: bool


class EmergencyStopConfig(msgspec.Struct, frozen=True):
    on: tuple[Trigger, ...]
    flattens: bool


class DefensiveConfig(msgspec.Struct, frozen=True):
    """Orders are scaled to the fraction ``scale`` until no such alert has fired for ``calm_ns``."""

    on: tuple[Trigger, ...]
    scale: float
    calm_ns: int


class DefconLevel(msgspec.Struct, frozen=True):
    level: int
    scale: float
    allows: Allows


class DefconConfig(msgspec.Struct, frozen=True):
    """``rises``: the level that an alert of a severity leads to. Without ``calm_ns`` (0) it is lowered by hand only."""

    rises: tuple[tuple[Severity, int], ...]
    levels: tuple[DefconLevel, ...]
    calm_ns: int


class ApprovalConfig(msgspec.Struct, frozen=True):
    """A strategy's first orders need a person's approval, given within ``timeout_ns`` and good for ``valid_ns``."""

    first: int
    timeout_ns: int
    valid_ns: int


class FailoverConfig(msgspec.Struct, frozen=True):
    """Orders go to the first healthy venue of ``chain``; back to an earlier one once it was healthy for
    ``back_after_ns``."""

    chain: tuple[str, ...]
    on: tuple[Trigger, ...]
    back_after_ns: int


class LimitsLogConfig(msgspec.Struct, frozen=True):
    """``approvers`` may change the limits in force. ``restores``: limits that drifted are put back."""

    approvers: tuple[str, ...]
    restores: bool


class ControlsConfig(msgspec.Struct, frozen=True):
    """A controls file. Whatever is None is not wired in."""

    gate: GateConfig | None = None
    strategy_breaker: BreakerConfig | None = None
    firm_breaker: BreakerConfig | None = None
    emergency_stop: EmergencyStopConfig | None = None
    defensive: DefensiveConfig | None = None
    defcon: DefconConfig | None = None
    approval: ApprovalConfig | None = None
    failover: FailoverConfig | None = None
    limits_log: LimitsLogConfig | None = None

    @property
    def needs_gate(self) -> bool:
        """Whether every intent has to be decided on."""
        sections = (self.gate, self.defensive, self.defcon, self.approval)
        return any(section is not None for section in sections)
