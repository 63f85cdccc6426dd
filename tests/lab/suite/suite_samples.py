"""Observations made by hand, for tests of what a suite makes of them."""

from __future__ import annotations

from typing import Literal

from correlator.verdict import ExpectationOutcome, Outcome, Verdict
from lab.suite.observation import Observation, Sample, Stray
from lab.suite.result import SeedResult

VERDICTS: dict[str, Verdict] = {"detected": "pass", "late": "fail", "missed": "fail"}


def expected(
    outcome: Outcome = "detected",
    latency_s: float | None = 1.0,
    *,
    alert: str = "drawdown",
    since_injection_s: float = 100.0,
    deadline_s: float = 10.0,
    origin: Literal["scenario", "judge_all"] = "scenario",
) -> ExpectationOutcome:
    """One expectation that was due at 100 s."""
    return ExpectationOutcome(
        alert=alert,
        asset="USD",
        severity="high",
        of="breach",
        injection=None,
        origin=origin,
        line=3,
        verdict=VERDICTS.get(outcome, "unknown"),
        outcome=outcome,
        reason=outcome,
        due_at_s=100.0,
        detected_at_s=None if latency_s is None else 100.0 + latency_s,
        latency_s=latency_s,
        since_injection_s=None if latency_s is None else since_injection_s + latency_s,
        deadline_s=deadline_s,
        deadline_at_s=100.0 + deadline_s,
    )


def observed(
    seed: int,
    *outcomes: ExpectationOutcome,
    scenario: str = "crash",
    case: str = "noticed",
    verdict: Verdict = "pass",
    trouble: str = "",
    faults: tuple[str, ...] = ("market_shock",),
    false_alarms: dict[str, int] | None = None,
    forbidden_false: dict[str, int] | None = None,
    strays: tuple[Stray, ...] = (),
    mandates: tuple[str, ...] = ("drawdown", "api_outage"),
    remembered: bool = False,
    simulated_s: float = 86_400.0,
) -> Observation:
    """One trial of one simulated day."""
    return Observation(
        scenario=scenario,
        case=case,
        file=f"scenarios/{scenario}.yaml",
        description="a description",
        tags=("E",),
        faults=faults,
        seed=SeedResult(
            seed=seed,
            verdict=verdict,
            reasons=[] if verdict == "pass" else [f"{verdict}: expect drawdown USD high: <missed> & \x1b[31mred"],
            trouble=trouble,
            wall_s=1.5,
            simulated_s=simulated_s,
            directory=f"runs/{scenario}/{case}/seed-{seed}",
            remembered=remembered,
            false_alarms=false_alarms or {},
        ),
        samples=tuple(Sample(outcome, 0) for outcome in outcomes),
        mandates=mandates,
        forbidden_false=forbidden_false or {},
        forbidden_true=0,
        strays=strays,
        code="c0de",
        versions={"riskproof": "0.1.0"},
    )
