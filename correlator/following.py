"""Following: what must come of an alert once it has fired: that it escalates while nobody acknowledges it, and that it
resolves once its breach is over."""

from __future__ import annotations

from correlator.asking import Found
from correlator.case import Case
from correlator.truth.gauge import Rule
from correlator.verdict import DemandOutcome, Outcome, Verdict


def judge_escalation(case: Case, found: Found) -> DemandOutcome | None:
    """An alert that nobody acknowledges must be told of again, as graver, so long after it fired."""
    within_ns = found.asked.expectation.escalates_within_ns
    if within_ns is None:
        return None
    episode = next((each.episode for each in found.answers if each.fired_ns == found.at_ns), None)

    def judged(verdict: Verdict, outcome: Outcome, reason: str, at_ns: int | None = None) -> DemandOutcome:
        return _demand(
            case, verdict, outcome, reason, episode.fired_ns if episode is not None else None, at_ns, within_ns
        )

    if episode is None or episode.fired_ns is None:
        return judged("unknown", "never_due", "no alert fired that could have escalated")
    deadline_ns = episode.fired_ns + within_ns
    at_ns = episode.escalated_ns
    seen_ns = episode.acknowledged_ns
    if seen_ns is not None and seen_ns <= deadline_ns and (at_ns is None or seen_ns < at_ns):
        return judged("unknown", "never_due", "it was acknowledged first, so that nothing had to escalate", at_ns)
    if at_ns is not None and at_ns <= deadline_ns:
        return judged("pass", "detected", f"escalated to {episode.escalated_to} by its deadline", at_ns)
    if episode.resolved_ns is not None and episode.resolved_ns <= deadline_ns:
        return judged("unknown", "never_due", "it resolved before it could escalate")
    if at_ns is not None:
        late_s = (at_ns - deadline_ns) / 1e9
        return judged("fail", "not_escalated", f"escalated {late_s:.3f} s after its deadline", at_ns)
    if case.end_ns < deadline_ns:
        return judged("unknown", "interrupted", "the run ended before it had to escalate")
    return judged("fail", "not_escalated", "nobody acknowledged it, and it did not escalate")


def judge_resolution_in_time(case: Case, found: Found) -> DemandOutcome | None:
    """Every alert of the breach must resolve so long after the breach was truly over."""
    within_ns = found.asked.expectation.resolves_within_ns
    if within_ns is None:
        return None
    over_ns = found.breach.ends_ns if found.breach is not None else None

    def judged(verdict: Verdict, outcome: Outcome, reason: str, at_ns: int | None = None) -> DemandOutcome:
        return _demand(case, verdict, outcome, reason, over_ns, at_ns, within_ns)

    if not found.answers:
        return judged("unknown", "never_due", "no alert fired that could have resolved")
    if over_ns is None:
        return judged("unknown", "never_due", "the breach lasted to the end of the run, so that nothing had to resolve")
    deadline_ns = over_ns + within_ns
    sure_ns = over_ns if found.rule is None else _surely_over_ns(found.rule, over_ns, within_ns)
    ends = [finding.episode.resolved_ns for finding in found.answers]
    known = [end_ns for end_ns in ends if end_ns is not None]
    if len(known) == len(ends) and max(known) <= deadline_ns:
        return judged("pass", "detected", "resolved by its deadline", max(known))
    if sure_ns is None:
        reason = "before it had to resolve it was beyond its bound again, or too near to it to tell, to the end"
        return judged("unknown", "doubtful", reason)
    if sure_ns > over_ns:
        if len(known) == len(ends) and max(known) <= sure_ns + within_ns:
            reason = "before it had to resolve it was beyond its bound again, or too near to it to tell"
            return judged("unknown", "doubtful", reason, max(known))
        deadline_ns = sure_ns + within_ns
    if len(known) == len(ends):
        late_s = (max(known) - deadline_ns) / 1e9
        return judged("fail", "not_resolved", f"resolved {late_s:.3f} s after its deadline", max(known))
    if case.end_ns < deadline_ns:
        return judged("unknown", "interrupted", "the run ended before it had to resolve")
    return judged("fail", "not_resolved", "its breach was over, and it did not resolve")


def _surely_over_ns(rule: Rule, over_ns: int, within_ns: int) -> int | None:
    """When an honest monitor must have seen that a breach was over which truth ended at ``over_ns``: not while it comes
    back before its alert had to resolve, nor while honest computations differ on it; None: not before the end."""
    for spell in (rule.near or rule.tracker).intervals:
        if spell.begins_ns > over_ns + within_ns:
            break
        if spell.ends_ns is None:
            return None
        over_ns = max(over_ns, spell.ends_ns)
    return over_ns


def _demand(
    case: Case, verdict: Verdict, outcome: Outcome, reason: str, from_ns: int | None, at_ns: int | None, within_ns: int
) -> DemandOutcome:
    return DemandOutcome(
        verdict=verdict,
        outcome=outcome,
        reason=reason,
        from_at_s=case.at_s(from_ns),
        at_s=case.at_s(at_ns),
        took_s=None if from_ns is None or at_ns is None else round((at_ns - from_ns) / 1e9, 6),
        within_s=within_ns / 1e9,
    )
