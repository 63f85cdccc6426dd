"""Acting: which control action answers which expectation, and whether one was taken that is forbidden.

The deadline of an action counts, like an alert's, from the breach, the effect or the injection; the breach is that of
the first rule to become due of those that set the control off, as the controls file says.
"""

from __future__ import annotations

from collections.abc import Iterable

from correlator.actions import ActionEpisode, taken_in_control
from correlator.alerts import LOOKAHEAD_NS
from correlator.asking import Asked, Found, ask, unjudged
from correlator.case import Case
from correlator.cause.credit import Doubt, why_not_credited
from correlator.controls import ControlsError, read_triggers
from correlator.expectations import Expectation, Forbidden
from correlator.matching import earliest_due, why_never_due
from correlator.truth.gauge import Rule
from correlator.truth.intervals import Interval
from correlator.verdict import ForbidOutcome, Outcome, Verdict

ON_ORDERS = ("gate", "approval")
"""Controls that no alert sets off."""


def match_action(case: Case, expectation: Expectation) -> Found:
    """Judge one action that the scenario expects."""
    asked = ask(case, expectation)
    if isinstance(asked, Found):
        return asked
    if not case.controls:
        return unjudged(asked, "not_judged", "no controls were wired in")
    try:
        rules = _rules_that_set_off(case, expectation.name, expectation.asset)
    except ControlsError as error:
        return unjudged(asked, "not_judged", str(error))
    due = earliest_due(rules, asked.from_ns)
    if due is not None:
        due_ns = due[1].due_ns
        assert due_ns is not None
        return _answer(case, asked, due_ns, due)
    if expectation.of != "breach":
        return _answer(case, asked, asked.reference_ns(asked.from_ns), None)
    if not rules:
        reason = f"no alert sets off {expectation.name}, so no breach can make it due: count from `effect`"
        return unjudged(asked, "never_due", reason)
    why = why_never_due(case, rules, asked.from_ns)
    if any(action.concerns(expectation.name, expectation.asset) for action in _since(case, asked)):
        why += "; yet it was taken: what it was taken for is no breach, so count from `effect`"
    return unjudged(asked, "never_due", why)


def _since(case: Case, asked: Asked) -> list[ActionEpisode]:
    return [action for action in case.actions if action.taken_ns >= asked.from_ns]


def accounts_of(case: Case, strategies: Iterable[str]) -> list[tuple[str, str]]:
    """The (venue, account) pairs that strategies trade."""
    wanted = tuple(strategies)
    return [
        (venue, strategy.account)
        for strategy in case.resolved.firm.strategies
        if strategy.name in wanted
        for venue in strategy.venues
    ]


def judge_forbidden_action(case: Case, forbidden: Forbidden) -> ForbidOutcome:
    """Judge a prohibition to act: an action that no breach called for, and that harm brought about, fails it."""
    control = forbidden.action or ""
    places = [place for place, action in enumerate(case.actions) if action.concerns(control, forbidden.asset)]
    taken = [case.actions[place] for place in places]
    verdict, reason = _forbidden_verdict(case, control, forbidden.asset, taken)
    return ForbidOutcome("", forbidden.asset, None, forbidden.line, verdict, reason, [], action=control, actions=places)


def _forbidden_verdict(
    case: Case, control: str, subject: str | None, taken: list[ActionEpisode]
) -> tuple[Verdict, str]:
    try:
        due = earliest_due(_rules_that_set_off(case, control, subject), case.start_ns)
    except ControlsError as error:
        return "unknown", str(error)
    due_ns = due[1].due_ns if due is not None else None
    own = [action for action in taken if not taken_in_control(action, case.control_actions)]
    uncalled = [
        action for action in own if (due_ns is None or action.taken_ns < due_ns) and _is_unfounded(case, action)
    ]
    proven = [action for action in uncalled if not case.outside_control(action.taken_ns)]
    if proven:
        return "fail", f"taken at {case.at_s(proven[0].taken_ns)} s, and no breach that sets it off was due"
    if uncalled:
        return "unknown", "it was taken, but the control run ends before it could show whether it is taken there too"
    if due is not None:
        rule = due[0]
        what = f"{rule.mandate} {rule.subject} {rule.severity} was due at {case.at_s(due_ns)} s, and sets it off"
        return "unknown", f"{what}: the scenario forbids what the controls require"
    if own:
        return "unknown", "it was taken, and what it was taken for may have been true"
    if taken:
        return "unknown", "it was taken, and is taken in the control too"
    if case.resolved.timeline and not case.took_effect():
        return "unknown", "no injection took effect: that it was not taken shows nothing"
    if not case.completed:
        return "unknown", "not taken so far; the run did not reach its end"
    return "pass", "not taken"


def _is_unfounded(case: Case, action: ActionEpisode) -> bool:
    """Whether no alert that was true, or may have been, is what the action was taken for."""
    return all(
        one.truth is False or one.fired_ns > action.taken_ns
        for one in case.findings
        if one.episode.alert_id == action.trigger
    )


def _rules_that_set_off(case: Case, control: str, subject: str | None) -> list[Rule]:
    triggers = read_triggers(case.controls, control, subject)
    return [
        rule
        for rule in case.rules
        if any(trigger.covers(rule.mandate, rule.severity) for trigger in triggers)
        and _speaks_of(case, rule.subject, subject)
    ]


def _speaks_of(case: Case, spoken_of: str, subject: str | None) -> bool:
    """Whether an alert on ``spoken_of`` sets off what acts on ``subject``: it does not where it speaks of others.

    An alert speaks of a strategy by its name, or by an account that it trades; of a venue by its name.
    """
    names = [strategy.name for strategy in case.resolved.firm.strategies]
    venues = {venue for strategy in case.resolved.firm.strategies for venue in strategy.venues}
    if subject in names:
        if spoken_of in names:
            return spoken_of == subject
        venue, _, account = spoken_of.partition(":")
        owners = [name for name in names if (venue, account) in accounts_of(case, (name,))]
        return not owners or subject in owners
    return subject not in venues or spoken_of not in venues or spoken_of == subject


def _answer(case: Case, asked: Asked, due_ns: int, due: tuple[Rule, Interval] | None) -> Found:
    """Judge an expectation whose control had something to act on. ``due``: the breach that sets it off, if one does;
    an action that was over before that could be seen is of something else."""
    expectation = asked.expectation
    interval = None if due is None else due[1]
    visible_ns = asked.from_ns
    if due is not None and expectation.of == "breach":
        visible_ns = due[0].foreseen_ns(due[1]) - LOOKAHEAD_NS
    deadline_ns = asked.reference_ns(due_ns) + expectation.within_ns
    concerned = [action for action in case.actions if action.concerns(expectation.name, expectation.asset)]
    since = [action for action in _since(case, asked) if action.concerns(expectation.name, expectation.asset)]
    answers = [action for action in since if action.ended_ns is None or action.ended_ns >= visible_ns]
    doubts = [_why_not_credited(case, expectation, action) for action in answers]
    own = [action for action, doubt in zip(answers, doubts, strict=True) if doubt is None]

    def judged(verdict: Verdict, outcome: Outcome, reason: str, action: ActionEpisode | None) -> Found:
        return Found(
            asked=asked, verdict=verdict, outcome=outcome, reason=reason, interval=interval, due_ns=due_ns,
            at_ns=action.taken_ns if action is not None else None, deadline_ns=deadline_ns, breach=interval,
            seqs=action.seqs if action is not None else [],
        )  # fmt: skip

    if due_ns > deadline_ns:
        return judged("unknown", "due_too_late", "what sets it off became due only after the deadline", None)
    in_time = [action for action in own if action.taken_ns <= deadline_ns]
    held = [action for action in in_time if not action.failed]
    if held:
        if case.outside_control(held[0].taken_ns):
            reason = "it was taken, but the control run ends before it could show whether it is taken there too"
            return judged("unknown", "in_control", reason, held[0])
        return judged("pass", "taken", "taken by its deadline", held[0])
    if in_time:
        return judged("fail", "failed", f"taken by its deadline, but it failed: {in_time[0].detail}", in_time[0])
    for action, doubt in zip(answers, doubts, strict=True):
        if doubt is not None and action.taken_ns <= deadline_ns:
            return judged("unknown", *doubt, action)
    stands = [action for action in concerned if action.taken_ns < asked.from_ns]
    stood = next((action for action in stands if action.ended_ns is None or action.ended_ns > due_ns), None)
    if stood is not None:
        reason = "it has been in force since before the injection: whether it would have been taken cannot be told"
        return judged("unknown", "stood_already", reason, stood)
    if own:
        reason = f"taken {(own[0].taken_ns - deadline_ns) / 1e9:.3f} s after its deadline"
        return judged("fail", "late", reason, own[0])
    if case.end_ns < deadline_ns:
        return judged("unknown", "interrupted", "the run ended before the deadline, without the action", None)
    over = "; one was over before that" if since else ""
    return judged("fail", "missed", f"due, and no such action was taken{over}", None)


def _why_not_credited(case: Case, expectation: Expectation, action: ActionEpisode) -> Doubt | None:
    in_control = taken_in_control(action, case.control_actions)
    without = next(
        (each for other, each in zip(case.actions, case.actions_without, strict=False) if other is action), {}
    )
    return why_not_credited(expectation.injection, len(case.began()), in_control, without, "is taken")
