"""Facts made by hand, for tests of coverage and scores."""

from __future__ import annotations

from correlator.verdict import Verdict
from lab.coverage.facts import Demand, Fired, Found, RunFacts, RunName

VERDICTS: dict[Found, Verdict] = {"detected": "pass", "late": "fail", "missed": "fail", "unknown": "unknown"}


def demand(
    found: Found = "detected",
    latency_s: float = 0.0,
    *,
    alert: str | None = "drawdown",
    action: str | None = None,
    severity: str | None = "high",
    faults: tuple[str, ...] = ("price_shock",),
    verdict: Verdict | None = None,
    due_at_s: float = 600.0,
    asset: str | None = None,
) -> Demand:
    """One that was due ten minutes into the run, with ten seconds allowed."""
    came = found in ("detected", "late")
    return Demand(
        alert=alert,
        action=action,
        asset=asset,
        severity=severity,
        faults=faults,
        found=found,
        verdict=verdict or VERDICTS[found],
        owed=found != "unknown",
        due_at_s=due_at_s,
        deadline_at_s=due_at_s + 10.0,
        detected_at_s=due_at_s + latency_s if came else None,
    )


def false(alert: str = "drawdown", at_s: float = 60.0, severity: str = "high") -> Fired:
    """A false alarm."""
    return Fired(alert, "firm", severity, at_s, "false")


def run(
    *demands: Demand,
    fired: tuple[Fired, ...] = (),
    scenario: str = "crash",
    case: str = "noticed",
    seed: int = 1,
    tags: tuple[str, ...] = ("E",),
    faults: tuple[str, ...] = ("price_shock",),
    verdict: Verdict = "pass",
    judged: bool = True,
    mandates: tuple[str, ...] = ("drawdown", "api_outage"),
    blind: tuple[str, ...] = (),
) -> RunFacts:
    """A run of half an hour."""
    return RunFacts(
        name=RunName(scenario, case, seed),
        tags=tags,
        faults=faults,
        verdict=verdict,
        judged=judged,
        lasted_s=1_800.0 if judged else 0.0,
        mandates=mandates if judged else (),
        demands=demands,
        fired=fired,
        blind=blind,
    )
