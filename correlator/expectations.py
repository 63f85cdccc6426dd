"""Expectations: what a scenario requires of the monitor and forbids it, as the journal's header carries them.

Only what a judge needs is read of the resolved scenario; durations arrive as nanoseconds, times as nanoseconds since
the run's start.
"""

from __future__ import annotations

from typing import Literal

import msgspec

SEVERITIES = ("info", "warning", "high", "critical")

ANY = "any"
"""As a forbidden alert: every mandate."""


def severity_rank(severity: str) -> int:
    """Place in the order of severities; -1, less than any, for a word that is none."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else -1


class PlannedInjection(msgspec.Struct, frozen=True):
    """One occurrence of a fault, as the scenario asks for it."""

    inject: str
    fault: str
    at_ns: int | None  # None: when it begins hangs on another injection
    for_ns: int | None = None


class Expectation(msgspec.Struct, frozen=True):
    """An alert that must fire, or an action that must be taken, ``within_ns`` of the breach, the effect or the
    injection. ``alert`` is None where an action is asked for."""

    alert: str | None
    within_ns: int
    action: str | None = None
    asset: str | None = None
    severity: str | None = None
    of: Literal["breach", "effect", "injection"] = "breach"
    injection: str | None = None
    line: int = 0

    @property
    def name(self) -> str:
        """The mandate, or the control that must act."""
        return self.alert or self.action or ""


class Forbidden(msgspec.Struct, frozen=True):
    """An alert that must not fire; absent fields stand for all."""

    alert: str
    asset: str | None = None
    severity: str | None = None
    line: int = 0


class SteadyState(msgspec.Struct, frozen=True):
    """What must hold from ``from_ns`` until the first injection."""

    from_ns: int = 0
    no_alerts: bool = True
    feeds_live: bool = True


class Resolved(msgspec.Struct, frozen=True):
    """The scenario with everything filled in, as far as a judge must know it."""

    timeline: list[PlannedInjection] = []
    expect: list[Expectation] = []
    forbid: list[Forbidden] = []
    steady_state: SteadyState | None = None
    judge_all_ns: int | None = None
    description: str = ""
    tags: list[str] = []
