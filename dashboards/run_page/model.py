"""What the page reads of ``verdict.json``: its own view of the document, with every other field left alone.

Times ending in ``_at_s`` are seconds since the run's start; None means that it never came to that.
"""

from __future__ import annotations

import msgspec


class Injection(msgspec.Struct, frozen=True):
    name: str
    fault: str
    began_at_s: float | None
    took_effect_at_s: float | None
    ended_at_s: float | None
    refused: bool = False
    detail: str = ""


class Demand(msgspec.Struct, frozen=True):
    verdict: str
    reason: str
    took_s: float | None
    within_s: float


class Containment(msgspec.Struct, frozen=True):
    verdict: str
    reason: str
    accounts: list[str]
    due_at_s: float | None
    contained_at_s: float | None
    to_contain_s: float | None
    orders: int
    loss_usd: float | None
    within_s: float | None
    loss_below_usd: float | None
    no_orders_after_s: float | None
    over_at_s: float | None = None


class Expectation(msgspec.Struct, frozen=True):
    alert: str | None
    asset: str | None
    severity: str | None
    of: str
    verdict: str
    outcome: str
    reason: str
    due_at_s: float | None
    detected_at_s: float | None
    latency_s: float | None
    since_injection_s: float | None
    since_effect_s: float | None
    deadline_s: float
    action: str | None = None
    deadline_at_s: float | None = None
    escalated: Demand | None = None
    resolved: Demand | None = None
    contained: Containment | None = None

    @property
    def name(self) -> str:
        """The mandate, or the control."""
        return self.alert or self.action or ""

    @property
    def label(self) -> str:
        """The expectation in words: what, of what, how severe; "any" where it does not say."""
        severity = "action" if self.action is not None else self.severity or "any"
        return f"{self.name} {self.asset or 'any'} {severity}"

    @property
    def margin_s(self) -> float | None:
        """The deadline minus the moment of detection, in seconds: negative if late; None: nothing came, or no deadline
        ever ran."""
        if self.deadline_at_s is None or self.detected_at_s is None:
            return None
        return self.deadline_at_s - self.detected_at_s


class Miss(msgspec.Struct, frozen=True):
    alert: str
    asset: str | None
    severity: str | None
    verdict: str
    reason: str
    due_at_s: float | None


class Assertion(msgspec.Struct, frozen=True):
    quantity: str
    of: str | None
    op: str
    value: float
    unit: str
    from_at_s: float
    to_at_s: float
    verdict: str
    reason: str


class Action(msgspec.Struct, frozen=True):
    control: str
    subject: str
    trigger: str
    detail: str
    taken_at_s: float
    done_at_s: float | None
    failed_at_s: float | None
    ended_at_s: float | None
    in_control: bool


class Said(msgspec.Struct, frozen=True):
    at_s: float
    command: str
    subject: str
    by: str
    reason: str


class Forbid(msgspec.Struct, frozen=True):
    alert: str
    asset: str | None
    severity: str | None
    verdict: str
    reason: str
    action: str | None = None

    @property
    def name(self) -> str:
        """The mandate or ``any``, or the control that must not act."""
        return self.alert or f"action {self.action}"


class Check(msgspec.Struct, frozen=True):
    name: str
    verdict: str
    reason: str


class Alert(msgspec.Struct, frozen=True):
    alert: str
    asset: str
    severity: str
    pending_since_at_s: float
    fired_at_s: float
    resolved_at_s: float | None
    observed: float
    limit: float
    unit: str
    truth: str
    in_control: bool
    reason: str
    production_evidence: list[str]
    acknowledged_at_s: float | None = None
    escalated_at_s: float | None = None
    escalated_to: str = ""


class Breach(msgspec.Struct, frozen=True):
    began_at_s: float
    ended_at_s: float | None
    due_at_s: float | None
    peak: float


class Rule(msgspec.Struct, frozen=True):
    alert: str
    asset: str
    severity: str
    bound: str
    unit: str
    breaches: int
    first_due_at_s: float | None
    intervals: list[Breach]


class Series(msgspec.Struct, frozen=True):
    alert: str
    asset: str
    unit: str
    step_s: float
    bounds: list[tuple[str, float]]
    points: list[tuple[float, float, float]]
    below: bool = False  # a breach lies below the bounds


class RuleName(msgspec.Struct, frozen=True):
    alert: str
    asset: str
    severity: str
    due_at_s: float


class Ending(msgspec.Struct, frozen=True):
    reason: str
    at_s: float
    detail: str = ""


class CausalNode(msgspec.Struct, frozen=True):
    id: str
    kind: str
    label: str
    at_s: float | None


class CausalEdge(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    from_: str
    to: str
    seconds: float | None
    by: str
    strength: str | None = None


class Dependence(msgspec.Struct, frozen=True):
    node: str
    in_control: bool | None
    depends_on: list[str]
    removals: list[list[str]] = []
    note: str = ""


class CausalGraph(msgspec.Struct, frozen=True):
    nodes: list[CausalNode] = []
    edges: list[CausalEdge] = []
    dependences: list[Dependence] = []
    left_out: int = 0


class Judgement(msgspec.Struct, frozen=True):
    verdict: str
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
    injections: list[Injection]
    expectations: list[Expectation]
    forbids: list[Forbid]
    alerts: list[Alert]
    false_alarms: list[Alert]
    unalerted: list[RuleName]
    rules: list[Rule]
    series: list[Series]
    counts: dict[str, int]
    misses: list[Miss] = []
    assertions: list[Assertion] = []
    actions: list[Action] = []
    operator: list[Said] = []
    causes: CausalGraph = CausalGraph()
    judged_under: str = ""
