"""Matching: which alert answers which expectation, by the rules of ``docs/reference/scenario.md``.

An expectation is unknown, and not failed, wherever the run did not put it to the test: no effect, nothing due, the same
alert without the injection that it is to be of, or a history that ends before the deadline.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from correlator.alerts import LOOKAHEAD_NS, LOOKBACK_NS
from correlator.asking import Asked, Found, ask, unjudged
from correlator.case import Case, Finding
from correlator.cause.credit import Doubt, why_not_credited
from correlator.expectations import Expectation, severity_rank
from correlator.truth.gauge import Rule
from correlator.truth.intervals import Interval, coalesce
from correlator.verdict import Outcome, Verdict

SHORTEST_OWED_NS = 1_000_000_000
"""``judge_all`` asks for no alert of a breach shorter than this, or that outlasts its rule's hold time by less: a
monitor that looks once a second, as the firm's own may, can pass it by, and no scenario asked for it by name."""


def match(case: Case, expectation: Expectation) -> Found:
    """Judge one alert that the scenario expects."""
    asked = ask(case, expectation)
    if isinstance(asked, Found):
        return asked
    failure = case.failure(expectation.name)
    if failure is not None:
        return unjudged(asked, "not_judged", f"the truth of {expectation.name} could not be computed:\n{failure}")
    rules = [rule for rule in case.rules if _asks_for(expectation, rule)]
    if not rules:
        return unjudged(asked, "never_due", "the firm keeps no such rule: no limit bounds this subject")
    due = earliest_due(rules, asked.from_ns, case.forgetful)
    if due is None:
        return unjudged(asked, "never_due", why_never_due(case, rules, asked.from_ns))
    return _answer(case, asked, *due)


def earliest_due(rules: list[Rule], from_ns: int, forgetful: Sequence[int] = ()) -> tuple[Rule, Interval] | None:
    """The rule that became due first at or after ``from_ns``, of several the mildest, with the breach it was of.

    ``forgetful``: moments at which a monitor came up without its state. What stood then must be told of anew.
    """
    dues = [(interval, rule) for rule in rules if (interval := rule.tracker.first_due(from_ns)) is not None]
    for up_ns in forgetful:
        if up_ns >= from_ns:
            dues += [(interval, rule) for rule in rules if (interval := rule.tracker.due_anew(up_ns)) is not None]
    if not dues:
        return None
    interval, rule = min(dues, key=lambda due: (due[0].due_ns, severity_rank(due[1].severity)))
    return rule, interval


def match_all_due(case: Case, within_ns: int) -> list[Found]:
    """Judge every rule each time it became due: ``judge_all``.

    Breaches parted by less than the monitor's legitimate lag are one: an alert that still stands need not be repeated.
    One that had resolved by then must be, of a breach that lasts.
    """
    outcomes: list[Found] = []
    for rule in case.rules:
        if case.failure(rule.mandate) is not None or case.is_beyond_sight(rule):
            continue
        wanted = Expectation(alert=rule.mandate, within_ns=within_ns, asset=rule.subject, severity=rule.severity)
        asked = Asked(wanted, case.start_ns, [])
        if rule.tracker.coalesced_gap_ns > LOOKBACK_NS:
            outcomes.append(unjudged(asked, "not_judged", "breached too often to tell one breach from the next"))
        owed = _owed(rule)
        owed += [anew for up_ns in case.forgetful if (anew := rule.tracker.due_anew(up_ns)) is not None]
        begun = {interval.begins_ns for interval in owed}
        owed += [back for back in _come_back(case, rule) if back.begins_ns not in begun]
        for interval in owed:
            outcomes.append(_answer(case, asked, rule, interval))
    return outcomes


def _owed(rule: Rule) -> list[Interval]:
    """The breaches of a rule that a monitor which looks once a second cannot pass by. What is shorter, or outlasts the
    rule's hold time by less, it may never have seen: of several that are one the first counts that it must have."""
    tracker = rule.tracker
    least_ns = tracker.hold_ns + SHORTEST_OWED_NS
    owed: list[Interval] = []
    for whole in coalesce(tracker.intervals, LOOKBACK_NS):
        ends_ns = whole.ends_ns
        owed += [
            part
            for part in tracker.intervals
            if part.begins_ns >= whole.begins_ns
            and (ends_ns is None or part.begins_ns < ends_ns)
            and part.due_ns is not None
            and part.lasted_ns >= least_ns
        ][:1]
    return owed


def _come_back(case: Case, rule: Rule) -> list[Interval]:
    """The breaches that came back soon after one whose alert had resolved by then, and lasted for longer than the
    monitor's legitimate lag. Where honest computations differ it may never have been over, and none is asked for."""
    least_ns = rule.tracker.hold_ns + LOOKBACK_NS
    back = []
    for before, breach in pairwise(rule.tracker.intervals if rule.far is None else []):
        if breach.due_ns is None or breach.lasted_ns <= least_ns or breach.breaches > 1 or before.ends_ns is None:
            continue
        if breach.begins_ns - before.ends_ns > LOOKBACK_NS:
            continue  # another one, asked for as such
        told = [
            finding.episode
            for finding in case.findings
            if finding.truth
            and finding.episode.matches(rule.mandate, rule.subject, rule.severity)
            and before.begins_ns - LOOKAHEAD_NS <= finding.fired_ns <= breach.begins_ns
        ]
        if told and all(one.resolved_ns is not None and one.resolved_ns < breach.begins_ns for one in told):
            back.append(breach)
    return back


def _answer(case: Case, asked: Asked, rule: Rule, interval: Interval) -> Found:
    """Judge an expectation whose rule became due."""
    expectation = asked.expectation
    assert interval.due_ns is not None
    due_ns = interval.due_ns
    deadline_ns = asked.reference_ns(due_ns) + expectation.within_ns
    breach = whole_breach(rule, interval)
    standing = [
        finding
        for finding in case.findings
        if finding.truth
        and finding.episode.matches(rule.mandate, rule.subject, rule.severity)
        and (finding.episode.resolved_ns is None or finding.episode.resolved_ns >= interval.begins_ns)
    ]
    answers = [finding for finding in standing if answers_to(rule, finding, breach)]
    in_time = [finding for finding in answers if finding.fired_ns <= deadline_ns]

    def judged(verdict: Verdict, outcome: Outcome, reason: str, finding: Finding | None) -> Found:
        return Found(
            asked=asked, verdict=verdict, outcome=outcome, reason=reason, interval=interval, due_ns=due_ns,
            at_ns=finding.fired_ns if finding is not None else None, deadline_ns=deadline_ns, breach=breach,
            rule=rule, seqs=finding.episode.seqs if finding is not None else [], answers=answers,
        )  # fmt: skip

    if due_ns > deadline_ns:
        reason = "the rule became due only after the deadline: nothing was owed by then"
        return judged("unknown", "due_too_late", reason, None)
    doubts = [_why_not_credited(case, expectation, finding) for finding in in_time]
    credited = next((finding for finding, doubt in zip(in_time, doubts, strict=True) if doubt is None), None)
    if credited is not None:
        if case.outside_control(credited.fired_ns):
            reason = "it fired, but the control run ends before it could show whether it fires there too"
            return judged("unknown", "in_control", reason, credited)
        early = " before it was due" if credited.fired_ns < due_ns else ""
        return judged("pass", "detected", f"fired{early} by its deadline", credited)
    if in_time and doubts[0] is not None:
        return judged("unknown", *doubts[0], in_time[0])
    until_ns = deadline_ns if breach.ends_ns is None else min(deadline_ns, breach.ends_ns)
    stood = next((finding for finding in standing if _stood_since_before(finding, breach, until_ns)), None)
    if stood is not None:
        reason = "it has stood since an earlier breach: whether this one was noticed cannot be told"
        return judged("unknown", "stood_already", reason, stood)
    if _in_doubt(case, rule, breach, interval, answers, deadline_ns):
        reason = "so near to its bound that an honest monitor may have seen no breach yet"
        return judged("unknown", "doubtful", reason, None)
    if answers:
        late_s = (answers[0].fired_ns - deadline_ns) / 1e9
        reason = f"fired {late_s:.3f} s after its deadline"
        return judged("fail", "late", reason, answers[0])
    if case.end_ns < deadline_ns:
        reason = "the run ended before the deadline, without the alert"
        return judged("unknown", "interrupted", reason, None)
    return judged("fail", "missed", "due, and no alert fired", None)


def _why_not_credited(case: Case, expectation: Expectation, finding: Finding) -> Doubt | None:
    return why_not_credited(expectation.injection, len(case.began()), finding.in_control, finding.without, "fires")


def whole_breach(rule: Rule, interval: Interval) -> Interval:
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


def answers_to(rule: Rule, finding: Finding, breach: Interval) -> bool:
    """Whether an alert is of this breach: one that fired before it could be seen is of an earlier one, one that fired
    when it was long over, of a later one."""
    if finding.fired_ns < rule.foreseen_ns(breach) - LOOKAHEAD_NS:
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


def why_never_due(case: Case, rules: list[Rule], from_ns: int) -> str:
    """Why none of the rules became due at or after ``from_ns``."""
    several = len({rule.mandate for rule in rules}) > 1
    names = ", ".join(f"{rule.mandate + ' ' if several else ''}{rule.subject} {rule.severity}" for rule in rules[:4])
    if any(rule.tracker.was_due_before(from_ns) for rule in rules):
        return f"it was due before the injection began and stayed so ({names}): the injection did not bring it about"
    if any(rule.tracker.breached_within(from_ns, case.end_ns) for rule in rules):
        return f"it was breached, but never for as long as the limits ask, after the injection began ({names})"
    if any(rule.tracker.breaches for rule in rules):
        return f"it was breached before the injection began and never after ({names})"
    return f"the rule was never breached, so no alert was owed ({names})"
