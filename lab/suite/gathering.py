"""Gathering: the observations of a suite become its result. The order in which trials ended leaves no trace."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from correlator.verdict import Verdict, worst
from lab.suite.crossfire import cross_fire
from lab.suite.falsealarms import false_alarms
from lab.suite.observation import MISSED, Observation, Sample
from lab.suite.result import CaseResult, ExpectationStats, Quantile, SuiteResult
from lab.suite.statistics import CONFIDENCE, quantile_of, rate_interval


def gather(observations: Sequence[Observation], seeds: int, *, interrupted: bool = False) -> SuiteResult:
    """The result of a suite that asked for so many ``seeds`` of each case."""
    ordered = sorted(observations, key=lambda one: (one.scenario, one.case, one.seed.seed))
    counts = Counter(one.seed.verdict for one in ordered)
    counted = [one for one in ordered if not one.seed.remembered]
    judged = [one for one in ordered if one.code]
    verdicts: list[Verdict] = [one.seed.verdict for one in ordered]
    if interrupted or not ordered:
        verdicts.append("unknown")  # what was not played proves nothing
    return SuiteResult(
        verdict=worst(verdicts),
        confidence=CONFIDENCE,
        interrupted=interrupted,
        seeds=seeds,
        counts={"pass": counts["pass"], "fail": counts["fail"], "unknown": counts["unknown"]},
        simulated_s=round(math.fsum(one.seed.simulated_s for one in ordered), 6),
        cases=[_case(list(same)) for _, same in groupby(ordered, key=lambda one: (one.scenario, one.case))],
        false_alarms=false_alarms(counted),
        cross_fire=cross_fire(counted),
        code=judged[0].code if judged else "",
        versions=dict(sorted(judged[0].versions.items())) if judged else {},
    )


def _case(seeds: list[Observation]) -> CaseResult:
    first = seeds[0]
    return CaseResult(
        scenario=first.scenario,
        case=first.case,
        file=first.file,
        description=first.description,
        tags=list(first.tags),
        faults=list(first.faults),
        verdict=worst(one.seed.verdict for one in seeds),
        seeds=[one.seed for one in seeds],
        expectations=_expectations([one for one in seeds if not one.seed.remembered]),
    )


def _expectations(seeds: list[Observation]) -> list[ExpectationStats]:
    """One for each expectation that any seed judged, in the order of the scenario, those of judge_all behind."""
    together: dict[tuple[str | int | None, ...], list[tuple[int, Sample]]] = {}
    for one in seeds:
        for sample in one.samples:
            found = sample.outcome
            reads = (found.origin, found.alert, found.action, found.asset, found.severity, found.of, found.injection)
            together.setdefault((*reads, sample.place), []).append((one.seed.seed, sample))
    return [_stats(samples) for samples in together.values()]


def _stats(samples: list[tuple[int, Sample]]) -> ExpectationStats:
    first = samples[0][1]
    proven = [sample for _, sample in samples if sample.in_time is not None]
    detected = sum(sample.in_time is True for sample in proven)
    latencies_s = sorted(math.inf if one.latency_s is None else one.latency_s for one in proven)
    finite_s = [one for one in latencies_s if math.isfinite(one)]
    margins_s = [sample.margin_s for _, sample in samples]
    low, high = rate_interval(detected, len(proven)) if proven else (None, None)
    said = first.outcome
    return ExpectationStats(
        origin=said.origin,
        alert=said.alert,
        action=said.action,
        asset=said.asset,
        severity=said.severity,
        of=said.of,
        injection=said.injection,
        line=said.line,
        place=first.place,
        deadline_s=said.deadline_s,
        detected=detected,
        n=len(proven),
        unknown=len(samples) - len(proven),
        rate=detected / len(proven) if proven else None,
        rate_low=low,
        rate_high=high,
        seeds=[seed for seed, _ in samples],
        outcomes=[_outcome(sample) for _, sample in samples],
        latencies_s=[sample.latency_s for _, sample in samples],
        margins_s=margins_s,
        since_injections_s=[sample.since_injection_s for _, sample in samples],
        p50=Quantile(*quantile_of(latencies_s, 0.50)),
        p95=Quantile(*quantile_of(latencies_s, 0.95)),
        p99=Quantile(*quantile_of(latencies_s, 0.99)),
        shortest_s=finite_s[0] if finite_s else None,
        longest_s=finite_s[-1] if finite_s else None,
        margin_s=min((one for one in margins_s if one is not None), default=None),
    )


def _outcome(sample: Sample) -> str:
    """The outcome of the detection itself: what had to follow it is a matter of the verdict."""
    if sample.in_time is True:
        return "taken" if sample.outcome.action is not None else "detected"
    if sample.in_time is False and sample.came_to not in MISSED:
        return "late"
    return sample.came_to
