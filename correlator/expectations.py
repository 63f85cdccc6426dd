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


class After(msgspec.Struct, frozen=True):
    """The moment that another injection calls: ``offset_ns`` after it began, took effect or ended."""

    injection: str
    phase: str
    offset_ns: int = 0


class PlannedInjection(msgspec.Struct, frozen=True):
    """One occurrence of a fault, as the scenario asks for it."""

    inject: str
    fault: str
    at_ns: int | None  # None: when it begins hangs on another injection
    for_ns: int | None = None
    after: After | None = None
    scope: dict[str, str | list[str]] = {}


class Containment(msgspec.Struct, frozen=True):
    """How harm must be contained, from when it was due on; what is None is not asked."""

    within_ns: int | None = None
    loss_below_usd: float | None = None
    no_orders_after_ns: int | None = None


class Expectation(msgspec.Struct, frozen=True):
    """An alert that must fire, or an action that must be taken, ``within_ns`` of the breach, the effect or the
    injection. ``alert`` is None where an action is asked for. What else must come of it may be asked beside."""

    alert: str | None
    within_ns: int
    action: str | None = None
    asset: str | None = None
    severity: str | None = None
    of: Literal["breach", "effect", "injection"] = "breach"
    injection: str | None = None
    escalates_within_ns: int | None = None
    resolves_within_ns: int | None = None
    contain: Containment | None = None
    line: int = 0

    @property
    def name(self) -> str:
        """The mandate, or the control that must act."""
        return self.alert or self.action or ""


class ExpectedMiss(msgspec.Struct, frozen=True):
    """A true breach that no production API shows: due, and no alert of it fires."""

    alert: str
    because: str
    asset: str | None = None
    severity: str | None = None
    line: int = 0


class Assertion(msgspec.Struct, frozen=True):
    """A bound on a quantity of the world, at a moment or at every moment of a stretch; times since the run's start."""

    quantity: str
    op: Literal["above", "below", "at_least", "at_most"]
    value: float
    of: str | None = None
    at_ns: int | None = None
    from_ns: int | None = None
    to_ns: int | None = None
    line: int = 0


class Forbidden(msgspec.Struct, frozen=True):
    """An alert that must not fire, or an action that must not be taken; an absent asset or severity stands for all."""

    alert: str | None = None
    asset: str | None = None
    severity: str | None = None
    line: int = 0
    action: str | None = None


class SteadyState(msgspec.Struct, frozen=True):
    """What must hold from ``from_ns`` until the first injection, and again so long after the end of the last one."""

    from_ns: int = 0
    no_alerts: bool = True
    feeds_live: bool = True
    again_within_ns: int | None = None


class StrategyFacts(msgspec.Struct, frozen=True):
    """A strategy, and the account of one name that it trades at each of its venues."""

    name: str
    account: str
    venues: list[str] = []


class FirmFacts(msgspec.Struct, frozen=True):
    """What a judge must know of the firm: who trades which account."""

    strategies: list[StrategyFacts] = []


class Resolved(msgspec.Struct, frozen=True):
    """The scenario with everything filled in, as far as a judge must know it."""

    timeline: list[PlannedInjection] = []
    expect: list[Expectation] = []
    expect_miss: list[ExpectedMiss] = []
    forbid: list[Forbidden] = []
    assertions: list[Assertion] = []
    steady_state: SteadyState | None = None
    judge_all_ns: int | None = None
    firm: FirmFacts = FirmFacts()
    description: str = ""
    tags: list[str] = []
