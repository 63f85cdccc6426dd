"""Verdict: pass, unknown or fail, with the evidence; the worst one wins.

These are the structs that ``verdict.json`` is written from. Every time ending in ``_at_s`` is in seconds since the
run's start, every other ``_s`` is a duration; null means that it never came to that. ``evidence`` holds ``seq`` numbers
of the journal's records.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from correlator.cause.graph import CausalGraph

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
    ``depends_on`` names the injections of the smallest sets without which it does not fire, or only later, as their
    removal showed (``causes``): not without each of them, where each of several would do.
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
    acknowledged_at_s: float | None = None
    escalated_at_s: float | None = None
    escalated_to: str = ""
    depends_on: list[str] = []


class ActionOutcome(msgspec.Struct, frozen=True):
    """One control action. ``in_control``: it is taken without the injection too; ``expected``: of a kind that an
    expectation asks for."""

    action_id: str
    control: str
    subject: str
    trigger: str
    detail: str
    taken_at_s: float
    done_at_s: float | None
    failed_at_s: float | None
    ended_at_s: float | None
    in_control: bool
    expected: bool
    evidence: list[int]
    depends_on: list[str] = []


class OperatorOutcome(msgspec.Struct, frozen=True):
    """What a human told the monitor."""

    at_s: float
    command: str
    subject: str
    by: str
    reason: str
    evidence: int


Outcome = Literal[
    "detected",
    "taken",
    "late",
    "missed",
    "failed",
    "not_escalated",
    "not_resolved",
    "not_contained",
    "lost_too_much",
    "orders_went_on",
    "no_effect",
    "never_due",
    "due_too_late",
    "in_control",
    "other_cause",
    "cause_unknown",
    "stood_already",
    "doubtful",
    "interrupted",
    "not_judged",
]


class DemandOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of something that must follow: an escalation, a resolution. ``took_s`` counts from ``from_at_s``."""

    verdict: Verdict
    outcome: Outcome
    reason: str
    from_at_s: float | None = None
    at_s: float | None = None
    took_s: float | None = None
    within_s: float


class ContainmentOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How harm was contained. ``contained_at_s`` null: not while the history lasts; ``to_contain_s`` counts from due.

    ``orders``: accepted from due on, before the harm itself was over, of those whose orders were the harm
    (``accounts``); ``loss_usd``: equity when due less the smallest until it was contained.
    """

    verdict: Verdict
    outcome: Outcome
    reason: str
    accounts: list[str] = []
    due_at_s: float | None = None
    contained_at_s: float | None = None
    to_contain_s: float | None = None
    over_at_s: float | None = None
    orders: int = 0
    last_order_at_s: float | None = None
    loss_usd: float | None = None
    within_s: float | None = None
    loss_below_usd: float | None = None
    no_orders_after_s: float | None = None


class ExpectationOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one expectation: of an ``alert`` or of an ``action``, the other is null.

    The verdict is the worst of what came and of what must follow it. ``detected_at_s`` is when the alert fired or the
    action was taken. ``latency_s`` counts from ``due_at_s`` and is negative for an alert that came before it was owed;
    ``deadline_s`` is the time allowed after the reference that ``of`` names, ``deadline_at_s`` the moment that makes.
    """

    alert: str | None
    action: str | None = None
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
    escalated: DemandOutcome | None = None
    resolved: DemandOutcome | None = None
    contained: ContainmentOutcome | None = None
    evidence: list[int] = []

    @property
    def name(self) -> str:
        """The mandate, or the control."""
        return self.alert or self.action or ""


class MissOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a breach that no production API is to show. ``alerts`` are places in those of the judgement."""

    alert: str
    asset: str | None
    severity: str | None
    because: str
    line: int
    verdict: Verdict
    reason: str
    due_at_s: float | None = None
    alerts: list[int] = []


class AssertionOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one bound on the world. ``observed`` is what came nearest to the bound, or lies farthest beyond
    it, ``observed_at_s`` when it first did."""

    quantity: str
    of: str | None
    op: str
    value: float
    unit: str
    line: int
    from_at_s: float
    to_at_s: float
    verdict: Verdict
    reason: str
    observed: float | None = None
    observed_at_s: float | None = None


class ForbidOutcome(msgspec.Struct, frozen=True):
    """What became of one prohibition, of an alert or of an ``action``, and then ``alert`` is empty. ``alerts`` are
    places in the judgement's ``alerts``, ``actions`` in its ``actions``."""

    alert: str
    asset: str | None
    severity: str | None
    line: int
    verdict: Verdict
    reason: str
    alerts: list[int]
    action: str | None = None
    actions: list[int] = []

    @property
    def name(self) -> str:
        """The mandate or ``any``, or the control that must not act."""
        return self.alert or f"action {self.action}"


class RuleName(msgspec.Struct, frozen=True):
    """A rule that was due, and since when."""

    alert: str
    asset: str
    severity: str
    due_at_s: float


class Ending(msgspec.Struct, frozen=True):
    """How the history ended: ``completed``, ``stopped`` by a condition of the scenario, ``interrupted``, ``failed``, or
    ``killed`` where the journal just stops."""

    reason: str
    at_s: float
    planned_s: float
    detail: str


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the correlator found. ``reasons`` says in words why the verdict is no pass, worst first.

    ``judged_under`` says how what was asked differs from what the run's own scenario asks; empty: it does not.
    """

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
    judged_under: str = ""
    checks: list[Check]
    injections: list[InjectionOutcome]
    expectations: list[ExpectationOutcome]
    misses: list[MissOutcome] = []
    forbids: list[ForbidOutcome]
    assertions: list[AssertionOutcome] = []
    actions: list[ActionOutcome] = []
    operator: list[OperatorOutcome] = []
    alerts: list[AlertOutcome]
    false_alarms: list[AlertOutcome]
    unexpected: list[AlertOutcome]
    unalerted: list[RuleName]
    rules: list[RuleOutcome]
    series: list[Series]
    counts: dict[str, int]
    causes: CausalGraph = CausalGraph()
