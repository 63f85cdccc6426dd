"""Suite result: every case under every seed, with what the seeds together say of detection, latency and false alarms.

This is the document of ``lab suite --json`` and of ``suite.json``. Times ending in ``_s`` are durations in seconds;
null where there is none, or too little was observed to say. Intervals are of 95 % (``confidence``); how each figure is
reckoned stands in ``lab.suite.statistics`` and in ``docs/explanation/statistics.md``.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from correlator.verdict import Verdict
from lab.scores.result import Scores

FORMAT = "riskproof-suite/1"

Change = Literal[
    "detection lost",
    "slower",
    "later",
    "new false alarm",
    "newly failing",
    "newly unknown",
    "case gone",
    "expectation gone",
    "case new",
    "expectation new",
    "deadline changed",
    "detection gained",
    "faster",
    "earlier",
    "false alarm gone",
    "newly passing",
]


class SeedResult(msgspec.Struct, frozen=True, kw_only=True):
    """One case under one seed.

    ``trouble`` says why there is no verdict, else it is empty. ``remembered``: the seed ran only because it failed
    before; it counts for the verdict and for no rate, because seeds picked for failing would bias it.
    ``false_alarms`` counts them by mandate.
    """

    seed: int
    verdict: Verdict
    reasons: list[str]
    trouble: str = ""
    wall_s: float
    simulated_s: float
    directory: str
    remembered: bool = False
    false_alarms: dict[str, int] = {}


class Quantile(msgspec.Struct, frozen=True):
    """A quantile of latencies with its interval. ``value_s`` null: n is too small, or so many were missed that the
    quantile is not finite; ``low_s`` and ``high_s`` are null where n cannot bound that side."""

    value_s: float | None
    low_s: float | None
    high_s: float | None


class ExpectationStats(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation of a case over the seeds.

    ``seeds``, ``outcomes``, ``latencies_s``, ``since_injections_s`` and ``margins_s`` belong together by place: one for
    each seed that was judged at all, remembered ones left out. An outcome is that of ``ExpectationOutcome``; a latency
    counts from when the alert was due, and is null where none came or where it is in doubt; so are the time since the
    injection and the margin, which is the deadline minus the moment of detection and negative when late. ``n``
    counts the seeds that prove something: ``detected`` in time, or not. ``margin_s`` is the smallest margin.
    """

    origin: Literal["scenario", "judge_all"]
    alert: str | None
    action: str | None
    asset: str | None
    severity: str | None
    of: str
    injection: str | None
    line: int
    place: int  # among expectations of the case that read the same, from 0
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
    since_injections_s: list[float | None] = []
    p50: Quantile
    p95: Quantile
    p99: Quantile
    shortest_s: float | None
    longest_s: float | None
    margin_s: float | None

    @property
    def name(self) -> str:
        """The mandate, or the control."""
        return self.alert or self.action or ""

    @property
    def key(self) -> str:
        """The same for the same expectation in another result; ``delta_exposure USDT high``."""
        said = [self.name, self.asset or "any", self.severity or ("action" if self.action else "any")]
        if self.of != "breach":
            said.append(f"of {self.of}")
        if self.injection is not None:
            said.append(f"by {self.injection}")
        if self.origin == "judge_all":
            said.append("when due")
        if self.place:
            said.append(f"#{self.place + 1}")
        return " ".join(said)


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """One case under all its seeds. The verdict is the worst: a proven fail outranks whatever is unknown."""

    scenario: str
    case: str
    file: str
    description: str
    tags: list[str]
    faults: list[str]
    verdict: Verdict
    seeds: list[SeedResult]
    expectations: list[ExpectationStats]


class Rate(msgspec.Struct, frozen=True):
    """Events in simulated time, per day, with an exact Poisson interval; ``per_day`` null: nothing was simulated."""

    count: int
    simulated_days: float
    per_day: float | None
    low: float | None
    high: float | None


class MandateAlarms(msgspec.Struct, frozen=True):
    """False alarms of one mandate, over the runs whose limits keep it; ``forbidden``: how many a case forbids."""

    mandate: str
    all: Rate
    quiet: Rate
    forbidden: int


class FalseAlarms(msgspec.Struct, frozen=True):
    """Alerts without a true breach: in all runs, and in ``quiet`` ones, in which nothing was injected.

    ``forbidden_true`` counts alerts that a case forbids and that the truth required: the case is at odds with itself.
    """

    all: Rate
    quiet: Rate
    by_mandate: list[MandateAlarms]
    forbidden_true: int


class CrossFire(msgspec.Struct, frozen=True):
    """How often the harm of one scenario set off a mandate that the case does not expect.

    ``fault`` is what is injected, joined by ``+``. ``true``: the harm broke that mandate too; ``false``: it did not;
    ``doubtful``: the truth is in doubt. Alerts that fire in the control as well are left out. ``cases`` counts the runs
    in which it happened, of ``runs``.
    """

    scenario: str
    fault: str
    mandate: str
    true: int
    false: int
    doubtful: int
    cases: int
    runs: int


class Changed(msgspec.Struct, frozen=True):
    """Something that differs from the baseline. ``gates``: what it makes of the suite: fail, unknown, or nothing."""

    what: Change
    gates: Literal["fail", "unknown", ""]
    scenario: str
    case: str
    subject: str  # an expectation or a mandate; empty for the case as a whole
    before: str
    after: str
    because: str  # by which rule, and with which evidence


class Comparison(msgspec.Struct, frozen=True):
    """The result against a baseline. ``same`` counts expectations whose every latency is as it was."""

    baseline: str
    baseline_code: str
    same: int
    compared: int
    not_run: int  # cases of the baseline that this selection leaves out
    changed: list[Changed]


class SuiteResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a suite found. ``counts`` are runs by verdict; ``interrupted``: not every run was played; ``paths``: files
    and directories that were asked for; ``narrowed``: so was a case or a tag, so that what is not here may still exist;
    ``sets`` and ``monitor``: what was set otherwise in every file, and where the monitor came from if it is not ours;
    ``scores`` leave remembered seeds out."""

    format: str = FORMAT
    verdict: Verdict
    confidence: float
    interrupted: bool
    narrowed: bool = False
    paths: list[str] = []
    sets: list[str] = []
    monitor: str = ""
    seeds: int
    counts: dict[str, int]
    simulated_s: float
    cases: list[CaseResult]
    false_alarms: FalseAlarms
    cross_fire: list[CrossFire]
    comparison: Comparison | None = None
    scores: Scores | None = None
    code: str
    versions: dict[str, str]
