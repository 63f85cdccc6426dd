"""Expecting: every alert and action that the scenario expects, with what must come of each."""

from __future__ import annotations

from typing import Literal

import msgspec

from correlator.acting import match_action
from correlator.asking import Asked, Found, unjudged
from correlator.case import Case
from correlator.checks import attempt
from correlator.containment import harm_of, judge_containment
from correlator.expectations import Expectation
from correlator.findings import Findings
from correlator.following import judge_escalation, judge_resolution_in_time
from correlator.matching import match, match_all_due
from correlator.truth.uncontained import Course
from correlator.verdict import ContainmentOutcome, DemandOutcome, ExpectationOutcome, worst


def judge_expectations(case: Case, findings: Findings) -> list[ExpectationOutcome]:
    """Judge what the scenario expects and, with ``judge_all``, every rule each time it became due.

    An expectation whose judging itself breaks is unknown and says why. The run is read again if containment is asked.
    """
    founds = [_found(case, expectation) for expectation in case.resolved.expect]
    by_place, broken = attempt(lambda: _courses(case, findings, founds))
    by_place = by_place or {}
    outcomes = [_expected(case, found, by_place.get(place), broken) for place, found in enumerate(founds)]
    if case.resolved.judge_all_ns is not None:
        outcomes += _all_due(case, case.resolved.judge_all_ns)
    return outcomes


def _courses(case: Case, findings: Findings, founds: list[Found]) -> dict[int, Course]:
    """What became of the harm that each expectation wants contained, by the expectation's place."""
    harms = {place: harm for place, found in enumerate(founds) if (harm := harm_of(case, found)) is not None}
    return dict(zip(harms, findings.follow(list(harms.values())), strict=True))


def _found(case: Case, expectation: Expectation) -> Found:
    judging = match if expectation.action is None else match_action
    found, broken = attempt(lambda: judging(case, expectation))
    return found if found is not None else unjudged(Asked(expectation, case.start_ns, []), "not_judged", broken)


def _all_due(case: Case, within_ns: int) -> list[ExpectationOutcome]:
    founds, broken = attempt(lambda: match_all_due(case, within_ns))
    if founds is None:
        every = Expectation(alert="any", within_ns=within_ns)
        founds = [unjudged(Asked(every, case.start_ns, []), "not_judged", broken)]
    return [_report(case, found, None, None, None, origin="judge_all") for found in founds]


def _expected(case: Case, found: Found, course: Course | None, broken: str) -> ExpectationOutcome:
    """An expectation with what must come of it; the verdict is the worst of all."""
    escalated, first = attempt(lambda: judge_escalation(case, found))
    resolved, second = attempt(lambda: judge_resolution_in_time(case, found))
    contained, third = attempt(lambda: judge_containment(case, found, course))
    report = _report(case, found, escalated, resolved, contained)
    for why in (first, second, third, broken if found.asked.expectation.contain is not None else ""):
        if why:
            return _replaced(report, why)
    return report


def _replaced(report: ExpectationOutcome, why: str) -> ExpectationOutcome:
    if report.verdict == "fail":
        return report  # proven, whatever else broke
    return msgspec.structs.replace(report, verdict="unknown", outcome="not_judged", reason=why)


def _report(
    case: Case,
    found: Found,
    escalated: DemandOutcome | None,
    resolved: DemandOutcome | None,
    contained: ContainmentOutcome | None,
    origin: Literal["scenario", "judge_all"] = "scenario",
) -> ExpectationOutcome:
    asked, interval = found.asked, found.interval
    expectation = asked.expectation
    all_of_it = [found, *(each for each in (escalated, resolved, contained) if each is not None)]
    verdict = worst(each.verdict for each in all_of_it)
    decisive = next(each for each in all_of_it if each.verdict == verdict)
    began_ns = asked.from_ns if asked.injections else None
    evidence = [interval.begins_seq] if interval is not None and interval.begins_seq else []
    return ExpectationOutcome(
        alert=expectation.alert,
        action=expectation.action,
        asset=expectation.asset,
        severity=expectation.severity,
        of=expectation.of,
        injection=expectation.injection,
        origin=origin,
        line=expectation.line,
        verdict=verdict,
        outcome=decisive.outcome,
        reason=decisive.reason,
        breach_at_s=case.at_s(interval.begins_ns) if interval is not None else None,
        due_at_s=case.at_s(found.due_ns),
        detected_at_s=case.at_s(found.at_ns),
        latency_s=_span_s(found.due_ns, found.at_ns),
        since_breach_s=_span_s(interval.begins_ns if interval is not None else None, found.at_ns),
        since_injection_s=_span_s(began_ns, found.at_ns),
        since_effect_s=_span_s(asked.effect_ns(), found.at_ns),
        deadline_s=round(expectation.within_ns / 1e9, 6),
        deadline_at_s=case.at_s(found.deadline_ns),
        escalated=escalated,
        resolved=resolved,
        contained=contained,
        evidence=evidence + found.seqs,
    )


def _span_s(from_ns: int | None, to_ns: int | None) -> float | None:
    return None if from_ns is None or to_ns is None else round((to_ns - from_ns) / 1e9, 6)
