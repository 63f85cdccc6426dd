"""Conduct: what the monitor must not do, and what must hold before the first injection."""

from __future__ import annotations

from correlator.alerts import LOOKBACK_NS
from correlator.case import Case, Finding
from correlator.expectations import ANY, Forbidden, SteadyState
from correlator.matching import SHORTEST_OWED_NS
from correlator.truth.gauge import Rule
from correlator.truth.measures.feed_staleness import Feed
from correlator.verdict import Check, ForbidOutcome, worst

STANDING_NS = 600_000_000_000
"""An alert that stands this long while nothing of the kind is so tells nothing more: not even of the next breach."""

_SIGHT = ("feed_staleness", "api_outage")  # in whose breach a monitor is blind, and is excused


def judge_resolution(case: Case) -> Check:
    """An alert must resolve once its breach is over and the monitor can see that it is, and not before: an all-clear in
    the middle of a breach is as false as an alarm without one."""
    rules = {_rule_name(rule): rule for rule in case.rules}
    true = [
        (finding, rules[finding.episode.rule])
        for finding in case.findings
        if finding.truth and finding.episode.rule in rules
    ]
    for finding, rule in true:
        resolved_ns = finding.episode.resolved_ns
        if resolved_ns is not None and _is_false_all_clear(case, finding, rule, resolved_ns):
            at_s = (resolved_ns - case.start_ns) / 1e9
            reason = f"{' '.join(finding.episode.rule)} was resolved at {at_s:.3f} s in the middle of its breach"
            return Check("resolution", "fail", f"{reason}, and was not told of again")
    for finding, rule in true:
        over_ns = _stands_idle_from(case, finding, rule)
        if over_ns is not None:
            name = " ".join(finding.episode.rule)
            at_s = (over_ns - case.start_ns) / 1e9
            reason = f"{name} stands more than {STANDING_NS / 6e10:.0f} min after its breach was over, at {at_s:.3f} s"
            return Check("resolution", "unknown", f"{reason}: what it would say of another breach cannot be told")
    return Check("resolution", "pass", "every alert stood until its breach was over, and none long after that")


def _is_false_all_clear(case: Case, finding: Finding, rule: Rule, resolved_ns: int) -> bool:
    """Whether an alert was resolved although its breach went on without a gap, beyond doubt and in sight, for so long
    that an honest monitor would have told of it anew, and none did."""
    if finding.episode.was_forgotten or case.is_beyond_sight(rule):
        return False
    until_ns = resolved_ns + rule.tracker.hold_ns + LOOKBACK_NS
    is_excused = rule.mandate not in _SIGHT and _is_blind(case, resolved_ns - LOOKBACK_NS, until_ns)
    if until_ns > case.end_ns or is_excused:
        return False
    goes_on = any(
        breach.begins_ns <= resolved_ns and (breach.ends_ns is None or breach.ends_ns > until_ns)
        for breach in (rule.far or rule.tracker).intervals
        if breach.breaches == 1  # of several that were made one the gaps are not known
    )
    return goes_on and not any(
        other is not finding
        and other.episode.matches(rule.mandate, rule.subject, rule.severity)
        and other.fired_ns <= until_ns
        and (other.episode.resolved_ns is None or other.episode.resolved_ns > resolved_ns)
        for other in case.findings
    )


def _is_blind(case: Case, from_ns: int, to_ns: int) -> bool:
    """Whether a feed or a venue was silent at any moment of it."""
    return any(sense.tracker.breached_within(from_ns, to_ns) for sense in case.rules if sense.mandate in _SIGHT)


def _stands_idle_from(case: Case, finding: Finding, rule: Rule) -> int | None:
    """When the breach was over without which an alert stood for too long; None if it did not."""
    until_ns = case.end_ns if finding.episode.resolved_ns is None else finding.episode.resolved_ns
    for over_ns in (breach.ends_ns for breach in rule.tracker.intervals):
        if over_ns is None or over_ns < finding.fired_ns:
            continue
        to_ns = over_ns + STANDING_NS
        if to_ns > until_ns or (rule.near or rule.tracker).breached_within(over_ns, to_ns):
            continue
        if not _is_blind(case, over_ns, to_ns):
            return over_ns
    return None


def _rule_name(rule: Rule) -> tuple[str, str, str]:
    return (rule.mandate, rule.subject, rule.severity)


def judge_owed(case: Case) -> Check:
    """An alert is owed once its breach has lasted as long as the limits ask (``for``); what comes of less is noise."""
    hasty = [finding for finding in case.findings if finding.truth and not finding.owed]
    if hasty:
        name = " ".join(hasty[0].episode.rule)
        at_s = (hasty[0].fired_ns - case.start_ns) / 1e9
        reason = f"{len(hasty)} alert(s) of breaches that did not last as long as the limits ask"
        return Check("owed", "unknown", f"{reason}, the first {name} at {at_s:.3f} s")
    return Check("owed", "pass", "every alert was of a breach that lasted as long as the limits ask")


def judge_forbidden(case: Case, forbidden: Forbidden) -> ForbidOutcome:
    """Judge one prohibition: a false alert fails it; where truth required one, fired or not, it is unknown."""
    places = [place for place, finding in enumerate(case.findings) if _is_forbidden(forbidden, finding)]
    fired = [case.findings[place] for place in places]
    if any(finding.truth is False for finding in fired):
        verdict, reason = "fail", "such an alert fired, and nothing of the kind was true"
    elif any(finding.truth is None for finding in fired):
        verdict, reason = "unknown", "such an alert fired; whether it was true could not be computed"
    elif fired:
        verdict, reason = "unknown", "such an alert fired and was true: the scenario forbids what truth requires"
    elif case.resolved.timeline and not case.took_effect():
        verdict, reason = "unknown", "no injection took effect: that nothing fired shows nothing"
    elif owed := _owed(case, forbidden):
        verdict, reason = "unknown", f"none fired, yet {owed}: the scenario forbids what truth requires"
    elif not case.completed:
        verdict, reason = "unknown", "none fired so far; the run did not reach its end"
    else:
        verdict, reason = "pass", "none fired"
    return ForbidOutcome(
        forbidden.alert or "",
        forbidden.asset,
        forbidden.severity,
        forbidden.line,
        verdict,  # type: ignore[arg-type]
        reason,
        places,
    )


def judge_false_alarms(case: Case) -> Check:
    """A monitor that cries wolf fails, whatever else it notices."""
    false = [finding for finding in case.findings if finding.truth is False]
    open_questions = [finding for finding in case.findings if finding.truth is None]
    if false:
        first = false[0].episode
        name = f"{first.mandate} {first.subject} {first.severity}"
        return Check("false_alarms", "fail", f"{len(false)} false alarm(s), the first {name}: {false[0].reason}")
    if open_questions:
        return Check("false_alarms", "unknown", f"the truth of {len(open_questions)} alert(s) could not be computed")
    return Check("false_alarms", "pass", "no alert fired without a true breach")


def judge_steady_state(case: Case, steady: SteadyState) -> Check:
    """What must hold from ``from`` until the first injection, or else the run does not show what it was to show."""
    from_ns = case.start_ns + steady.from_ns
    planned = (known.planned_ns for known in case.injections.values())
    planned_ns = min((at_ns for at_ns in planned if at_ns is not None), default=None)
    began_ns = case.first_began_ns()
    to_ns = next((at_ns for at_ns in (began_ns, planned_ns) if at_ns is not None), case.end_ns)
    to_ns = min(to_ns, case.end_ns)
    if to_ns < from_ns:
        return Check("steady_state", "unknown", "there was no time before the first injection in which it could hold")
    verdicts: list[Check] = []
    if steady.no_alerts:
        verdicts += [_alert_disturbs(finding) for finding in case.findings if _stood(finding, from_ns, to_ns)]
    if steady.feeds_live:
        verdicts += _dead_feeds(case, from_ns, to_ns)
    if not verdicts:
        return Check("steady_state", "pass", "held until the first injection")
    wanted = worst(check.verdict for check in verdicts)
    return next(check for check in verdicts if check.verdict == wanted)


def _stood(finding: Finding, from_ns: int, to_ns: int) -> bool:
    resolved_ns = finding.episode.resolved_ns
    return finding.fired_ns < to_ns and (resolved_ns is None or resolved_ns > from_ns)


def _alert_disturbs(finding: Finding) -> Check:
    episode = finding.episode
    name = f"{episode.mandate} {episode.subject} {episode.severity}"
    if finding.truth is False:
        return Check("steady_state", "fail", f"{name} was firing before the first injection, without cause")
    return Check("steady_state", "unknown", f"{name} was firing before the first injection: the state was not steady")


def _dead_feeds(case: Case, from_ns: int, to_ns: int) -> list[Check]:
    if case.failure(Feed.mandate) is not None:
        return [Check("steady_state", "unknown", "whether feeds were live could not be computed")]
    rules = [rule for rule in case.rules if rule.mandate == Feed.mandate]
    if not rules:
        return [Check("steady_state", "unknown", "feeds must be live, but the limits bound no feed_staleness")]
    return [
        Check(
            "steady_state",
            "unknown",
            f"{rule.subject} was silent for more than {rule.bound} before the first injection",
        )
        for rule in rules
        if rule.tracker.breached_within(from_ns, to_ns)
    ]


def _owed(case: Case, forbidden: Forbidden) -> str:
    """A forbidden alert that truth required all the same, in words: then silence is a miss, or chance, but no proof."""
    for rule in case.rules:
        if forbidden.alert not in (ANY, rule.mandate) or case.is_beyond_sight(rule):
            continue
        if forbidden.asset not in (None, rule.subject) or forbidden.severity not in (None, rule.severity):
            continue
        for breach in rule.tracker.intervals:
            if breach.due_ns is not None and breach.lasted_ns >= SHORTEST_OWED_NS:
                at_s = (breach.due_ns - case.start_ns) / 1e9
                return f"{rule.mandate} {rule.subject} {rule.severity} was due at {at_s:.3f} s"
    return ""


def _is_forbidden(forbidden: Forbidden, finding: Finding) -> bool:
    mandate = finding.episode.mandate if forbidden.alert == ANY else forbidden.alert or ""
    return finding.episode.matches(mandate, forbidden.asset, forbidden.severity, or_worse=False)
