"""Misses: true breaches that no production API shows, so that no monitor can alert them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from correlator.alerts import LOOKBACK_NS
from correlator.case import Case
from correlator.cause.arms import Arm
from correlator.expectations import ExpectedMiss
from correlator.matching import earliest_due, whole_breach, why_never_due
from correlator.truth.gauge import Rule
from correlator.truth.intervals import Interval
from correlator.verdict import MissOutcome, Verdict


def judge_miss(case: Case, miss: ExpectedMiss) -> MissOutcome:
    """Judge one: it must have been due in truth, and nothing of it may have fired, for as long as an honest alert may
    take. If something did, it can be seen after all, and the scenario is wrong about it.

    Whether the injection took effect is no question here: what is to be shown is that production shows nothing of it.
    """
    began_ns = case.first_began_ns()
    from_ns = case.start_ns if began_ns is None else began_ns

    def judged(
        verdict: Verdict, reason: str, interval: Interval | None = None, alerts: list[int] | None = None
    ) -> MissOutcome:
        return MissOutcome(
            alert=miss.alert,
            asset=miss.asset,
            severity=miss.severity,
            because=miss.because,
            line=miss.line,
            verdict=verdict,
            reason=reason,
            due_at_s=None if interval is None else case.at_s(interval.due_ns),
            alerts=alerts or [],
        )

    if case.resolved.timeline and began_ns is None:
        return judged("unknown", "no injection began")
    failure = case.failure(miss.alert)
    if failure is not None:
        return judged("unknown", f"the truth of {miss.alert} could not be computed:\n{failure}")
    rules = _rules_of(case, miss)
    due = earliest_due(rules, from_ns)
    if due is None:
        why = why_never_due(case, rules, from_ns) if rules else "no limit bounds this subject"
        return judged("unknown", f"nothing was there to be missed: {why}")
    _, interval = due
    fired = [
        place
        for place, finding in enumerate(case.findings)
        if finding.fired_ns >= from_ns and finding.episode.matches(miss.alert, miss.asset, miss.severity)
    ]
    stood = [
        place
        for place, finding in enumerate(case.findings)
        if finding.fired_ns < from_ns
        and finding.episode.matches(miss.alert, miss.asset, miss.severity)
        and (finding.episode.resolved_ns is None or finding.episode.resolved_ns > interval.begins_ns)
    ]
    if stood and not fired:
        name = " ".join(case.findings[stood[0]].episode.rule)
        return judged("unknown", f"{name} stood since before: whether this would have fired cannot be told", interval)
    if fired:
        first = case.findings[fired[0]]
        if first.truth is False:
            return judged("unknown", "such an alert fired without a true breach: see false alarms", interval, fired)
        return judged("unknown", f"it is visible after all: {' '.join(first.episode.rule)} fired", interval, fired)
    if not case.completed:
        return judged("unknown", "nothing fired so far; the run did not reach its end", interval)
    assert interval.due_ns is not None
    if case.end_ns < interval.due_ns + LOOKBACK_NS:  # what production shows is old by as much: it may yet have come
        after_s = (case.end_ns - interval.due_ns) / 1e9
        reason = f"nothing fired in the {after_s:.0f} s from when it was due to the end: that is too short to tell"
        return judged("unknown", reason, interval)
    return judged("pass", f"due, and nothing fired, because {miss.because}", interval)


def unseen_injections(
    case: Case, misses: Sequence[ExpectedMiss], outcomes: Sequence[MissOutcome], single: Mapping[str, Arm]
) -> list[str]:
    """The injections that brought about a breach nobody is to see, where it was there and nobody saw it.

    By removal: the breach is not there in the arm that leaves out this injection alone (``single``).
    """
    began_ns = case.first_began_ns()
    if began_ns is None:
        return []
    unseen: list[str] = []
    for miss, outcome in zip(misses, outcomes, strict=True):
        due = earliest_due(_rules_of(case, miss), began_ns) if outcome.verdict == "pass" else None
        if due is None:
            continue
        rule, interval = due
        breach = whole_breach(rule, interval)
        key = (rule.mandate, rule.subject, rule.severity)
        unseen += [name for name, arm in single.items() if arm.breach(key, breach).is_away]
    return list(dict.fromkeys(unseen))


def _rules_of(case: Case, miss: ExpectedMiss) -> list[Rule]:
    """The rules whose breach a miss is about."""
    rules = (rule for rule in case.rules if case.is_beyond_sight(rule) and rule.mandate == miss.alert)
    return [rule for rule in rules if miss.asset in (None, rule.subject)]
