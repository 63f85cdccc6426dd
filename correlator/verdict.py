"""Verdict: pass, unknown or fail, with the evidence; the worst one wins.

These are the structs that ``verdict.json`` is written from. Every time ending in ``_at_s`` is in seconds since the
run's start, every other ``_s`` is a duration; null means that it never came to that. ``evidence`` holds ``seq`` numbers
of the journal's records.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

FORMAT = "riskproof-judgement/1"

Verdict = Literal["pass", "unknown", "fail"]
_BADNESS: dict[Verdict, int] = {"pass": 0, "unknown": 1, "fail": 2}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several; pass if there are none."""
    return max(verdicts, key=_BADNESS.__getitem__, default="pass")


class Check(msgspec.Struct, frozen=True):
    """A condition without which no verdict on the monitor can be given, or one the monitor must keep throughout."""

    name: str
    verdict: Verdict
    reason: str


class InjectionOutcome(msgspec.Struct, frozen=True):
    """One injection through its phases. ``claimed_at_s`` is what the fault says of its effect."""

    name: str
    fault: str
    planned_at_s: float | None
    planned_end_at_s: float | None
    began_at_s: float | None
    took_effect_at_s: float | None
    claimed_at_s: float | None
    ended_at_s: float | None
    refused: bool
    detail: str
    notes: list[str]
    evidence: list[int]


class BreachOutcome(msgspec.Struct, frozen=True):
    """One breach in truth, or several parted by short gaps. ``ended_at_s`` null: it lasted to the end of the run."""

    began_at_s: float
    ended_at_s: float | None
    due_at_s: float | None
    peak: float
    breaches: int
    evidence: list[int]


class RuleOutcome(msgspec.Struct, frozen=True):
    """The truth of one rule. ``alerted``: a justified alert of it fired at some time."""

    alert: str
    asset: str
    severity: str
    bound: str
    unit: str
    for_s: float
    breaches: int
    times_due: int
    first_breach_at_s: float | None
    first_due_at_s: float | None
    coalesced_gap_s: float
    alerted: bool
    intervals: list[BreachOutcome]


class Series(msgspec.Struct, frozen=True):
    """The envelope of one measure: ``[seconds since the start, smallest, largest]`` per stretch of ``step_s``.

    ``bounds`` are those of its rules, in the same unit, least severe first; ``below``: a breach lies below them.
    """

    alert: str
    asset: str
    unit: str
    step_s: float
    bounds: list[tuple[str, float]]
    points: list[tuple[float, float, float]]
    below: bool = False


class AlertOutcome(msgspec.Struct, frozen=True):
    """One alert that fired.

    ``truth`` is whether its rule was truly in breach, ``in_control`` whether it fires without the injection too.
    """

    alert: str
    asset: str
    severity: str
    alert_id: str
    pending_since_at_s: float
    fired_at_s: float
    resolved_at_s: float | None
    observed: float
    limit: float
    unit: str
    truth: Literal["true", "false", "unknown"]
    in_control: bool
    expected: bool
    reason: str
    production_evidence: list[str]
    evidence: list[int]


Outcome = Literal[
    "detected",
    "late",
    "missed",
    "no_effect",
    "never_due",
    "due_too_late",
    "in_control",
    "stood_already",
    "doubtful",
    "interrupted",
    "not_judged",
]


class ExpectationOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one expectation.

    ``latency_s`` counts from ``due_at_s`` and is negative for an alert that came before it was owed; ``deadline_s`` is
    the time allowed after the reference that ``of`` names, ``deadline_at_s`` the moment that makes.
    """

    alert: str
    asset: str | None
    severity: str | None
    of: str
    injection: str | None
    origin: Literal["scenario", "judge_all"] = "scenario"
    line: int = 0
    verdict: Verdict
    outcome: Outcome
    reason: str
    breach_at_s: float | None = None
    due_at_s: float | None = None
    detected_at_s: float | None = None
    latency_s: float | None = None
    since_breach_s: float | None = None
    since_injection_s: float | None = None
    since_effect_s: float | None = None
    deadline_s: float
    deadline_at_s: float | None = None
    evidence: list[int] = []


class ForbidOutcome(msgspec.Struct, frozen=True):
    """What became of one prohibition. ``alerts`` are places in the judgement's ``alerts``."""

    alert: str
    asset: str | None
    severity: str | None
    line: int
    verdict: Verdict
    reason: str
    alerts: list[int]


class RuleName(msgspec.Struct, frozen=True):
    """A rule that was due, and since when."""

    alert: str
    asset: str
    severity: str
    due_at_s: float


class Ending(msgspec.Struct, frozen=True):
    """How the history ended: ``completed``, ``interrupted``, ``failed``, or ``killed`` where the journal just stops."""

    reason: str
    at_s: float
    planned_s: float
    detail: str


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the correlator found. ``reasons`` says in words why the verdict is no pass, worst first."""

    format: str = FORMAT
    verdict: Verdict
    reasons: list[str]
    scenario: str
    case: str
    seed: int
    description: str
    tags: list[str]
    start_ns: int
    ended: Ending
    versions: dict[str, str]
    code: str
    checks: list[Check]
    injections: list[InjectionOutcome]
    expectations: list[ExpectationOutcome]
    forbids: list[ForbidOutcome]
    alerts: list[AlertOutcome]
    false_alarms: list[AlertOutcome]
    unexpected: list[AlertOutcome]
    unalerted: list[RuleName]
    rules: list[RuleOutcome]
    series: list[Series]
    counts: dict[str, int]
