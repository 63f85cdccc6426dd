"""Recovery: once the last injection is over, the state must be steady again within the time allowed."""

from __future__ import annotations

from correlator.case import Case
from correlator.verdict import Check

NAME = "recovery"


def judge_recovery(case: Case, within_ns: int) -> Check:
    """No rule may stay in breach beyond that, and no alert firing, but for what the control has too."""
    ends = [known.ended_ns for known in case.injections.values() if known.began_ns is not None]
    over_ns = [end_ns for end_ns in ends if end_ns is not None]
    if not over_ns:
        return Check(NAME, "unknown", "no injection began and ended: there was nothing to recover from")
    if len(over_ns) < len(ends) or max(over_ns) >= case.end_ns:
        return Check(NAME, "unknown", "the last injection lasted to the end of the run: there was no time to recover")
    at_ns = max(over_ns) + within_ns
    if case.end_ns < at_ns:
        return Check(NAME, "unknown", "the run ended before it had to be steady again")
    at = f"at {(at_ns - case.start_ns) / 1e9:.3f} s, {within_ns / 1e9:g} s after the last injection's end"
    alerts = [
        finding
        for finding in case.findings
        if finding.fired_ns <= at_ns and (finding.episode.resolved_ns is None or finding.episode.resolved_ns > at_ns)
    ]
    doubtful = {
        (rule.mandate, rule.subject, rule.severity)
        for rule in case.rules
        if rule.near is not None and rule.near.breached_within(at_ns, at_ns)
    }
    own = [finding for finding in alerts if not finding.in_control]
    sure = [finding for finding in own if finding.episode.rule not in doubtful]
    if sure:
        return Check(NAME, "fail", f"{' '.join(sure[0].episode.rule)} was still firing {at}")
    excused = {finding.episode.rule for finding in alerts}
    for rule in case.rules:
        if (rule.mandate, rule.subject, rule.severity) in excused:
            continue
        for breach in rule.tracker.intervals:
            if breach.due_ns is None or breach.due_ns > at_ns:
                continue
            if breach.ends_ns is None or breach.ends_ns > at_ns:
                return Check(NAME, "fail", f"{rule.mandate} {rule.subject} {rule.severity} was still in breach {at}")
    if own:
        name = " ".join(own[0].episode.rule)
        return Check(NAME, "unknown", f"{name} was firing {at}, so near to its bound that honest monitors differ")
    if alerts:
        name = " ".join(alerts[0].episode.rule)
        return Check(NAME, "unknown", f"{name} was firing {at}, but it fires without the injection too")
    return Check(NAME, "pass", f"nothing was in breach and no alert was firing {at}")
