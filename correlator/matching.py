"""Matching: which alert answers which expectation, by the rules of ``docs/reference/scenario.md``.

An expectation is unknown, and not failed, wherever the run did not put it to the test: no effect, nothing due, the same
alert without the injection, or a history that ends before the deadline.
"""

from __future__ import annotations

import msgspec

from correlator.alerts import LOOKAHEAD_NS, LOOKBACK_NS
from correlator.case import Case, Finding
from correlator.expectations import Expectation, severity_rank
from correlator.injections import InjectionFacts
from correlator.truth.gauge import Rule
from correlator.truth.intervals import Interval, coalesce
from correlator.verdict import ExpectationOutcome, Outcome, Verdict

SHORTEST_OWED_NS = 1_000_000_000
"""``judge_all`` asks for no alert of a breach shorter than this in all: a monitor that looks once a second, as the
firm's own may, can pass it by, and no scenario asked for it by name."""


class _Asked(msgspec.Struct, frozen=True):
    """An expectation with what it refers to: from when on a breach counts, and the injections it hangs on."""

    expectation: Expectation
    from_ns: int
    injections: list[InjectionFacts]


def match(case: Case, expectation: Expectation) -> ExpectationOutcome:
    """Judge one expectation of the scenario."""
    asked = _Asked(expectation, case.start_ns, [])
    if case.resolved.timeline:
        chosen = [known for known in case.injections.values() if expectation.injection in (None, known.name)]
        reason = _no_effect(case, chosen)
        if reason:
            return _unjudged(case, asked, "no_effect", reason)
        effective = [known for known in chosen if known.took_effect_ns is not None]
        began_ns = min(known.began_ns for known in effective if known.began_ns is not None)
        asked = _Asked(expectation, began_ns, effective)
    failure = case.failure(expectation.name)
    if failure is not None:
        return _unjudged(
            case, asked, "not_judged", f"the truth of {expectation.name} could not be computed:\n{failure}"
        )
    rules = [rule for rule in case.rules if _asks_for(expectation, rule)]
    if not rules:
        return _unjudged(case, asked, "never_due", "the firm keeps no such rule: no limit bounds this subject")
    dues = [(interval.due_ns, rule, interval) for rule in rules if (interval := rule.tracker.first_due(asked.from_ns))]
    if not dues:
        return _unjudged(case, asked, "never_due", _why_never_due(case, rules, asked.from_ns))
    _, rule, interval = min(dues, key=lambda due: (due[0], severity_rank(due[1].severity)))
    return _answer(case, asked, rule, interval)


def match_all_due(case: Case, within_ns: int) -> list[ExpectationOutcome]:
    """Judge every rule each time it became due: ``judge_all``.

    Breaches parted by less than the monitor's legitimate lag are one: an alert that still stands need not be repeated.
    """
    outcomes: list[ExpectationOutcome] = []
    for rule in case.rules:
        if case.failure(rule.mandate) is not None:
            continue
        wanted = Expectation(alert=rule.mandate, within_ns=within_ns, asset=rule.subject, severity=rule.severity)
        asked = _Asked(wanted, case.start_ns, [])
        if rule.tracker.coalesced_gap_ns > LOOKBACK_NS:
            outcomes.append(_unjudged(case, asked, "not_judged", "breached too often to tell one breach from the next"))
        owed = [
            interval
            for interval in coalesce(rule.tracker.intervals, LOOKBACK_NS)
            if interval.due_ns is not None and interval.lasted_ns >= SHORTEST_OWED_NS
        ]
        for interval in owed:
            outcomes.append(_answer(case, asked, rule, interval))
    return [msgspec.structs.replace(outcome, origin="judge_all") for outcome in outcomes]


def _answer(case: Case, asked: _Asked, rule: Rule, interval: Interval) -> ExpectationOutcome:
    """Judge an expectation whose rule became due."""
    expectation = asked.expectation
    assert interval.due_ns is not None
    due_ns = interval.due_ns
    deadline_ns = _reference_ns(asked, due_ns) + expectation.within_ns
    if due_ns > deadline_ns:
        reason = "the rule became due only after the deadline: nothing was owed by then"
        return _judged(case, asked, "unknown", "due_too_late", reason, interval, None, deadline_ns)
    breach = _whole_breach(rule, interval)
    standing = [
        finding
        for finding in case.findings
        if finding.truth
        and finding.episode.matches(rule.mandate, rule.subject, rule.severity)
        and (finding.episode.resolved_ns is None or finding.episode.resolved_ns >= interval.begins_ns)
    ]
    answers = [finding for finding in standing if _answers(finding, breach)]
    in_time = [finding for finding in answers if finding.fired_ns <= deadline_ns]
    credited = next((finding for finding in in_time if not finding.in_control), None)
    if credited is not None:
        if case.outside_control(credited.fired_ns):
            reason = "it fired, but the control run ends before it could show whether it fires there too"
            return _judged(case, asked, "unknown", "in_control", reason, interval, credited, deadline_ns)
        early = " before it was due" if credited.fired_ns < due_ns else ""
        return _judged(
            case, asked, "pass", "detected", f"fired{early} by its deadline", interval, credited, deadline_ns
        )
    if in_time:
        reason = "it fires without the injection too: the injection did not bring it about"
        return _judged(case, asked, "unknown", "in_control", reason, interval, in_time[0], deadline_ns)
    until_ns = deadline_ns if breach.ends_ns is None else min(deadline_ns, breach.ends_ns)
    stood = next((finding for finding in standing if _stood_since_before(finding, breach, until_ns)), None)
    if stood is not None:
        reason = "it has stood since an earlier breach: whether this one was noticed cannot be told"
        return _judged(case, asked, "unknown", "stood_already", reason, interval, stood, deadline_ns)
    if _in_doubt(case, rule, breach, interval, answers, deadline_ns):
        reason = "so near to its bound that an honest monitor may have seen no breach yet"
        return _judged(case, asked, "unknown", "doubtful", reason, interval, None, deadline_ns)
    if answers:
        late_s = (answers[0].fired_ns - deadline_ns) / 1e9
        reason = f"fired {late_s:.3f} s after its deadline"
        return _judged(case, asked, "fail", "late", reason, interval, answers[0], deadline_ns)
    if case.end_ns < deadline_ns:
        reason = "the run ended before the deadline, without the alert"
        return _judged(case, asked, "unknown", "interrupted", reason, interval, None, deadline_ns)
    return _judged(case, asked, "fail", "missed", "due, and no alert fired", interval, None, deadline_ns)


def _whole_breach(rule: Rule, interval: Interval) -> Interval:
    """The breach that an interval is part of: what is parted by no more than the monitor's legitimate lag is one."""
    wholes = coalesce(rule.tracker.intervals, LOOKBACK_NS)
    return next((whole for whole in wholes if whole.ends_ns is None or whole.ends_ns >= interval.begins_ns), interval)


def _in_doubt(
    case: Case, rule: Rule, breach: Interval, interval: Interval, answers: list[Finding], deadline_ns: int
) -> bool:
    """Whether a breach was too slight, for as long as it is asked about, to call silence a miss: see ``Rule.far``."""
    if rule.far is None or interval.due_ns is None:
        return False
    sure = rule.far.first_due(breach.begins_ns)
    if sure is None or sure.due_ns is None or (breach.ends_ns is not None and sure.due_ns > breach.ends_ns):
        return True
    deadline_ns += max(0, sure.due_ns - interval.due_ns)
    return case.end_ns < deadline_ns or any(finding.fired_ns <= deadline_ns for finding in answers)


def _answers(finding: Finding, breach: Interval) -> bool:
    """Whether an alert is of this breach: one that fired before it is of an earlier one, one that fired when it was
    long over, of a later one."""
    if finding.fired_ns < breach.begins_ns - LOOKAHEAD_NS:
        return False
    return breach.ends_ns is None or finding.fired_ns <= breach.ends_ns + LOOKBACK_NS


def _stood_since_before(finding: Finding, breach: Interval, until_ns: int) -> bool:
    """Whether an alert of an earlier breach stood all through this one, as far as it is asked about."""
    resolved_ns = finding.episode.resolved_ns
    return finding.fired_ns < breach.begins_ns and (resolved_ns is None or resolved_ns >= until_ns)


def _asks_for(expectation: Expectation, rule: Rule) -> bool:
    return (
        rule.mandate == expectation.name
        and expectation.asset in (None, rule.subject)
        and expectation.severity in (None, rule.severity)
    )


def _no_effect(case: Case, chosen: list[InjectionFacts]) -> str:
    """Why none of the injections put the monitor to the test; empty if one did."""
    if any(known.took_effect_ns is not None for known in chosen):
        return ""
    if not chosen:
        return "the injection it names is not in the timeline"
    if all(known.began_ns is None for known in chosen):
        return "the injection was refused" if any(known.refused for known in chosen) else "the injection never began"
    if not case.comparable:
        return "whether the injection took effect cannot be told: there is no control run to compare with"
    return "the injection never took effect: nothing that production shows differs from the control run"


def _why_never_due(case: Case, rules: list[Rule], from_ns: int) -> str:
    names = ", ".join(f"{rule.subject} {rule.severity}" for rule in rules[:4])
    if any(rule.tracker.was_due_before(from_ns) for rule in rules):
        return f"it was due before the injection began and stayed so ({names}): the injection did not bring it about"
    if any(rule.tracker.breached_within(from_ns, case.end_ns) for rule in rules):
        return f"it was breached, but never for as long as the limits ask, after the injection began ({names})"
    if any(rule.tracker.breaches for rule in rules):
        return f"it was breached before the injection began and never after ({names})"
    return f"the rule was never breached, so no alert was owed ({names})"


def _reference_ns(asked: _Asked, due_ns: int) -> int:
    """The moment the deadline counts from."""
    if asked.expectation.of == "effect":
        return min(
            (known.took_effect_ns for known in asked.injections if known.took_effect_ns is not None), default=due_ns
        )
    return asked.from_ns if asked.expectation.of == "injection" else due_ns


def _unjudged(case: Case, asked: _Asked, outcome: Outcome, reason: str) -> ExpectationOutcome:
    return _judged(case, asked, "unknown", outcome, reason, None, None, None)


def _judged(
    case: Case,
    asked: _Asked,
    verdict: Verdict,
    outcome: Outcome,
    reason: str,
    interval: Interval | None,
    finding: Finding | None,
    deadline_ns: int | None,
) -> ExpectationOutcome:
    expectation = asked.expectation
    fired_ns = finding.fired_ns if finding is not None else None
    due_ns = interval.due_ns if interval is not None else None
    began_ns = asked.from_ns if asked.injections else None
    effects = [known.took_effect_ns for known in asked.injections if known.took_effect_ns is not None]
    evidence = [interval.begins_seq] if interval is not None and interval.begins_seq else []
    return ExpectationOutcome(
        alert=expectation.name,
        asset=expectation.asset,
        severity=expectation.severity,
        of=expectation.of,
        injection=expectation.injection,
        line=expectation.line,
        verdict=verdict,
        outcome=outcome,
        reason=reason,
        breach_at_s=case.at_s(interval.begins_ns) if interval is not None else None,
        due_at_s=case.at_s(due_ns),
        detected_at_s=case.at_s(fired_ns),
        latency_s=_span_s(due_ns, fired_ns),
        since_breach_s=_span_s(interval.begins_ns if interval is not None else None, fired_ns),
        since_injection_s=_span_s(began_ns, fired_ns),
        since_effect_s=_span_s(min(effects, default=None), fired_ns),
        deadline_s=round(expectation.within_ns / 1e9, 6),
        deadline_at_s=case.at_s(deadline_ns),
        evidence=evidence + (finding.episode.seqs if finding is not None else []),
    )


def _span_s(from_ns: int | None, to_ns: int | None) -> float | None:
    return None if from_ns is None or to_ns is None else round((to_ns - from_ns) / 1e9, 6)
