"""What the page reads of ``suite.json``: its own view of the document, with every other field left alone.

Times ending in ``_s`` are durations in seconds; null where there is none.
"""

from __future__ import annotations

import msgspec


class SeedResult(msgspec.Struct, frozen=True):
    seed: int
    verdict: str
    reasons: list[str]
    directory: str
    trouble: str = ""
    remembered: bool = False
    false_alarms: dict[str, int] = {}


class Quantile(msgspec.Struct, frozen=True):
    value_s: float | None
    low_s: float | None
    high_s: float | None


class Expectation(msgspec.Struct, frozen=True):
    alert: str | None
    action: str | None
    asset: str | None
    severity: str | None
    of: str
    injection: str | None
    deadline_s: float
    detected: int
    n: int
    unknown: int
    rate: float | None
    rate_low: float | None
    rate_high: float | None
    seeds: list[int]
    outcomes: list[str]
    latencies_s: list[float | None]
    margins_s: list[float | None]
    p50: Quantile
    p95: Quantile
    margin_s: float | None

    @property
    def name(self) -> str:
        """The mandate, or the control."""
        return self.alert or self.action or ""

    @property
    def label(self) -> str:
        """The expectation in words."""
        severity = "action" if self.action is not None else self.severity or "any"
        by = f" by {self.injection}" if self.injection else ""
        return f"{self.name} {self.asset or 'any'} {severity}{by}"


class CaseResult(msgspec.Struct, frozen=True):
    scenario: str
    case: str
    file: str
    faults: list[str]
    verdict: str
    seeds: list[SeedResult]
    expectations: list[Expectation]


class Rate(msgspec.Struct, frozen=True):
    count: int
    simulated_days: float
    per_day: float | None
    low: float | None
    high: float | None


class MandateAlarms(msgspec.Struct, frozen=True):
    mandate: str
    all: Rate
    quiet: Rate
    forbidden: int


class FalseAlarms(msgspec.Struct, frozen=True):
    all: Rate
    quiet: Rate
    by_mandate: list[MandateAlarms]
    forbidden_true: int


class CrossFire(msgspec.Struct, frozen=True):
    scenario: str
    fault: str
    mandate: str
    true: int
    false: int
    doubtful: int
    cases: int
    runs: int


class Changed(msgspec.Struct, frozen=True):
    what: str
    gates: str
    scenario: str
    case: str
    subject: str
    before: str
    after: str
    because: str


class Comparison(msgspec.Struct, frozen=True):
    baseline: str
    baseline_code: str
    same: int
    compared: int
    not_run: int
    changed: list[Changed]


class SuiteResult(msgspec.Struct, frozen=True):
    verdict: str
    confidence: float
    interrupted: bool
    seeds: int
    counts: dict[str, int]
    simulated_s: float
    cases: list[CaseResult]
    false_alarms: FalseAlarms
    cross_fire: list[CrossFire]
    code: str
    versions: dict[str, str]
    comparison: Comparison | None = None
    sets: list[str] = []
    monitor: str = ""
