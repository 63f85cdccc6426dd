"""Protection score: how much of the harm that was owed an alert got one in time, as far as alerts can be believed.

For each mandate m of which an alert was demanded, with its demands d and the runs r whose limits keep it, or in which
it was alerted of falsely all the same::

    caught(m)  = mean over d of  credit(d)
    quiet(m)   = share of r without a false alarm of m
    protection = 100 × mean over m of  caught(m) × quiet(m)

    credit(d)  = 1 - ½ · latency / allowance    where the verdict on d is a pass, latency within 0 … allowance
               = 0                              where it is a fail or unknown

``latency`` counts from when the alert was due, ``allowance`` from there to the deadline. Being a product, it is zero
for a detector that never alerts (``caught`` is 0) and for one that always does (``quiet`` is 0); being a mean over
mandates, fifty cases of one mandate weigh no more than one case of another. The formula is ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lab.coverage.facts import Demand, RunFacts
from lab.scores.result import MandateProtection, Protection


def protection(facts: Sequence[RunFacts]) -> Protection:
    """The protection score of runs, with what it is made of."""
    demands: dict[str, list[Demand]] = {}
    for run in facts:
        for one in run.demands:
            if one.alert is not None:
                demands.setdefault(one.alert, []).append(one)
    parts = [_part(mandate, demands[mandate], facts) for mandate in sorted(demands)]
    unjudged = sum(not run.judged for run in facts)
    at_most = [
        (part.caught + part.unknown / part.demands) * (part.quiet_runs + unjudged) / max(part.runs + unjudged, 1)
        for part in parts
    ]
    return Protection(
        score=_mean([part.caught * part.quiet for part in parts]),
        at_most=_mean(at_most),
        demands=sum(part.demands for part in parts),
        unknown=sum(part.unknown for part in parts),
        mandates=parts,
    )


def credit(demand: Demand) -> float:
    """What a demand earns: 1 for an alert when due, ½ for one at the deadline, 0 for anything but a pass."""
    if demand.verdict != "pass":
        return 0.0
    if demand.due_at_s is None or demand.deadline_at_s is None or demand.detected_at_s is None:
        return 0.0
    latency_s = max(0.0, demand.detected_at_s - demand.due_at_s)
    allowance_s = demand.deadline_at_s - demand.due_at_s
    if latency_s == 0.0:
        return 1.0
    return 1.0 - 0.5 * min(1.0, latency_s / allowance_s) if allowance_s > 0.0 else 0.5


def _part(mandate: str, demands: list[Demand], facts: Sequence[RunFacts]) -> MandateProtection:
    watched = [run for run in facts if run.judged and run.watches(mandate)]
    quiet_runs = sum(all(alarm.alert != mandate for alarm in run.false_alarms) for run in watched)
    return MandateProtection(
        mandate=mandate,
        demands=len(demands),
        passed=sum(one.verdict == "pass" for one in demands),
        unknown=sum(one.verdict == "unknown" for one in demands),
        runs=len(watched),
        quiet_runs=quiet_runs,
        caught=math.fsum(sorted(map(credit, demands))) / len(demands),
        quiet=quiet_runs / len(watched) if watched else 0.0,
    )


def _mean(shares: list[float]) -> float | None:
    return 100.0 * math.fsum(shares) / len(shares) if shares else None
