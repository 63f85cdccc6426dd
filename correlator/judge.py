"""Judge: a run's journal in, and its control's; verdicts out."""

from __future__ import annotations

from pathlib import Path

from correlator.case import Case, examine
from correlator.checks import (
    attempt,
    check_asked,
    check_control,
    check_effects,
    check_history,
    check_monitor,
    check_strategies,
    check_truth,
    check_world,
    checked,
)
from correlator.conduct import judge_false_alarms, judge_forbidden, judge_owed, judge_resolution, judge_steady_state
from correlator.expectations import Expectation, Forbidden
from correlator.injections import Difference, collect_phases, establish_effects, first_difference
from correlator.journal import Journal
from correlator.matching import match, match_all_due
from correlator.reading import ControlReading, Reading, read_control, read_run
from correlator.reporting import report_alerts, report_injections, report_rules, report_series, report_unalerted
from correlator.verdict import Check, Ending, ExpectationOutcome, ForbidOutcome, Judgement, worst


def judge(run_journal: Path, control_journal: Path | None) -> Judgement:
    """Judge a run.

    ``control_journal`` is the same run with no injection; None if nothing was injected, the run then being its own
    control (if something was injected all the same, the verdict is at best unknown).

    Raises:
        JournalError: a journal is foreign, of another version, or damaged (see ``correlator.journal``).
        OSError: a journal cannot be read.
    """
    run = Journal(run_journal)
    reading = read_run(run)
    header = reading.header
    resolved = header.resolved
    injections = collect_phases(resolved.timeline, reading.injections, header.start_ns)
    control: ControlReading | None = None
    difference: Difference | None = None
    mismatch: str | None = None
    if resolved.timeline:
        if control_journal is None:
            mismatch = "there is no control run to compare with"
        else:
            other = Journal(control_journal)
            control = read_control(other)
            mismatch = _mismatch(reading, control)
            if mismatch is None:
                difference = first_difference(run, other)
    establish_effects(injections, difference)
    rules = reading.board.rules()
    by_name = {(rule.mandate, rule.subject, rule.severity): rule for rule in rules}
    control_episodes = control.episodes if control is not None and mismatch is None else []
    case = Case(
        resolved,
        header.start_ns,
        reading.end_ns,
        reading.completed,
        injections,
        rules,
        reading.failures,
        [examine(episode, by_name, reading.failures, control_episodes) for episode in reading.episodes.episodes],
        control.end_ns if control is not None else None,
        comparable=mismatch is None,
    )
    return _conclude(case, reading, mismatch, difference)


def _conclude(case: Case, reading: Reading, mismatch: str | None, difference: Difference | None) -> Judgement:
    header, resolved = reading.header, reading.header.resolved
    expectations = [_matched(case, expectation) for expectation in resolved.expect]
    if resolved.judge_all_ns is not None:
        expectations += _all_due(case, resolved.judge_all_ns)
    forbids = [_forbidden(case, forbidden) for forbidden in resolved.forbid]
    owed = sum(outcome.origin == "judge_all" for outcome in expectations)
    checks = [
        checked("history", lambda: check_history(case, reading.ending, reading.detail)),
        checked("control", lambda: check_control(case, mismatch, difference)),
        checked("effects", lambda: check_effects(case)),
        checked("world", lambda: check_world(reading.violations, reading.imbalances)),
        checked("truth", lambda: check_truth(case)),
        checked("monitor", lambda: check_monitor(case, reading.last_request_ns, reading.episodes.dropped)),
        checked("strategies", lambda: check_strategies(case, reading.crashes)),
        checked("asked", lambda: check_asked(case, owed)),
        checked("false_alarms", lambda: judge_false_alarms(case)),
        checked("owed", lambda: judge_owed(case)),
        checked("resolution", lambda: judge_resolution(case)),
    ]
    if resolved.steady_state is not None:
        steady = resolved.steady_state
        checks.append(checked("steady_state", lambda: judge_steady_state(case, steady)))
    alerts = report_alerts(case, expectations)
    judged: list[Check | ExpectationOutcome | ForbidOutcome] = [*checks, *expectations, *forbids]
    return Judgement(
        verdict=worst(each.verdict for each in judged),
        reasons=_reasons(judged),
        scenario=header.scenario,
        case=header.case,
        seed=header.seed,
        description=resolved.description,
        tags=resolved.tags,
        start_ns=header.start_ns,
        ended=Ending(
            reading.ending,
            (case.end_ns - case.start_ns) / 1e9,
            (header.end_ns - header.start_ns) / 1e9,
            reading.detail,
        ),
        versions=header.versions,
        code=header.code,
        checks=checks,
        injections=report_injections(case),
        expectations=expectations,
        forbids=forbids,
        alerts=alerts,
        false_alarms=[alert for alert in alerts if alert.truth == "false"],
        unexpected=[alert for alert in alerts if alert.truth == "true" and not alert.expected],
        unalerted=report_unalerted(case),
        rules=report_rules(case, reading.board),
        series=report_series(case, reading.board),
        counts=reading.counts,
    )


def _mismatch(reading: Reading, control: ControlReading) -> str | None:
    """Why the control is not this run's, if it is not."""
    ours, theirs = reading.header, control.header
    if theirs.arm != "control":
        return f"the control journal is of arm {theirs.arm!r}"
    for name in ("scenario", "seed", "start_ns", "end_ns", "limits", "code"):
        if getattr(ours, name) != getattr(theirs, name):
            return f"the control journal is not this run's: they differ in {name}"
    return None


def _matched(case: Case, expectation: Expectation) -> ExpectationOutcome:
    """Judge an expectation; if judging itself breaks, it is unknown and says why."""
    if expectation.action is not None:
        return _broken_expectation(expectation, "whether an action was taken is not judged")
    found, broken = attempt(lambda: match(case, expectation))
    return found if found is not None else _broken_expectation(expectation, broken)


def _all_due(case: Case, within_ns: int) -> list[ExpectationOutcome]:
    found, broken = attempt(lambda: match_all_due(case, within_ns))
    return found if found is not None else [_broken_expectation(Expectation(alert="any", within_ns=within_ns), broken)]


def _broken_expectation(expectation: Expectation, reason: str) -> ExpectationOutcome:
    return ExpectationOutcome(
        alert=expectation.name,
        asset=expectation.asset,
        severity=expectation.severity,
        of=expectation.of,
        injection=expectation.injection,
        line=expectation.line,
        verdict="unknown",
        outcome="not_judged",
        reason=reason,
        deadline_s=expectation.within_ns / 1e9,
    )


def _forbidden(case: Case, forbidden: Forbidden) -> ForbidOutcome:
    found, broken = attempt(lambda: judge_forbidden(case, forbidden))
    if found is not None:
        return found
    return ForbidOutcome(forbidden.alert, forbidden.asset, forbidden.severity, forbidden.line, "unknown", broken, [])


def _reasons(judged: list[Check | ExpectationOutcome | ForbidOutcome]) -> list[str]:
    """In words, what keeps the verdict from being a pass: failures first."""
    return [
        f"{verdict}: {_name(each)}: {each.reason}"
        for verdict in ("fail", "unknown")
        for each in judged
        if each.verdict == verdict
    ]


def _name(each: Check | ExpectationOutcome | ForbidOutcome) -> str:
    if isinstance(each, Check):
        return each.name
    kind = "expect" if isinstance(each, ExpectationOutcome) else "forbid"
    return " ".join(part for part in (kind, each.alert, each.asset, each.severity) if part)
