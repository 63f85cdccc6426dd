"""Judge: a run's journal in, and its control's; verdicts out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from correlator.acting import judge_forbidden_action
from correlator.alerts import Episode
from correlator.case import Case, Finding, examine
from correlator.cause.arms import Arm, Removed, alone, settle
from correlator.cause.build import build_causes
from correlator.cause.checks import check_causes
from correlator.cause.graph import CausalGraph
from correlator.cause.presence import Presence
from correlator.checks import (
    Attempts,
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
from correlator.expectations import ExpectedMiss, Forbidden, Resolved
from correlator.expecting import judge_expectations
from correlator.findings import Findings, Journals, find
from correlator.injections import collect_phases, establish_effects
from correlator.misses import judge_miss, unseen_injections
from correlator.recovery import judge_recovery
from correlator.reporting import (
    report_actions,
    report_alerts,
    report_injections,
    report_operator,
    report_rules,
    report_series,
    report_unalerted,
)
from correlator.verdict import (
    ActionOutcome,
    AlertOutcome,
    AssertionOutcome,
    Check,
    Ending,
    ExpectationOutcome,
    ForbidOutcome,
    InjectionOutcome,
    Judgement,
    MissOutcome,
    OperatorOutcome,
    RuleName,
    RuleOutcome,
    Series,
    worst,
)

_Judged = Check | ExpectationOutcome | MissOutcome | ForbidOutcome | AssertionOutcome


def judge(run_journal: Path, control_journal: Path | None, removals: Mapping[Removed, Path] | None = None) -> Judgement:
    """Judge a run.

    ``control_journal`` is the same run with no injection; None if nothing was injected, the run then being its own
    control (if something was injected all the same, the verdict is at best unknown). ``removals``: journals of the same
    run with some of its injections left out.

    Raises:
        JournalError: a journal is foreign, of another version, or damaged (see ``correlator.journal``).
        OSError: a journal cannot be read.
    """
    return judge_findings(find(Journals(run_journal, control_journal, dict(removals or {}))))


def judge_findings(findings: Findings, resolved: Resolved | None = None, judged_under: str = "") -> Judgement:
    """Judge what was found in a run's journals, by what its own scenario asks or, if given, by what ``resolved`` does.

    ``resolved`` asks of the same world; its assertions are those that the findings are about. ``judged_under`` says in
    words how it differs from the run's scenario.
    """
    reading, control, mismatch = findings.reading, findings.control, findings.mismatch
    header = reading.header
    resolved = header.resolved if resolved is None else resolved
    steps = Attempts()
    injections = collect_phases(resolved.timeline, reading.said.injections, header.start_ns)
    arms: list[Arm] = steps.make(lambda: settle(findings.arms, injections, header.start_ns), list)
    single: dict[str, Arm] = steps.make(lambda: alone(arms, injections), dict)
    parts = {name: arm.difference for name, arm in single.items()}
    steps.make(lambda: establish_effects(injections, findings.difference, parts), lambda: None)
    rules = reading.board.rules()
    by_name = {(rule.mandate, rule.subject, rule.severity): rule for rule in rules}
    control_episodes = control.episodes if control is not None and mismatch is None else []

    failures = dict(reading.failures)

    def examined(episode: Episode) -> Finding:
        found, broken = attempt(lambda: examine(episode, by_name, reading.failures, control_episodes))
        if found is None:  # what else is asked of its mandate cannot be told either: this alert may have answered it
            failures[episode.mandate] = broken
            found = Finding(episode, None, False, broken)
        fares: dict[str, Presence] = steps.make(
            lambda: {name: arm.alert(episode) for name, arm in single.items()}, dict
        )
        return msgspec.structs.replace(found, without=fares)

    alerts = [examined(episode) for episode in reading.said.episodes.episodes]

    case = Case(
        resolved,
        header.start_ns,
        reading.end_ns,
        reading.completed,
        injections,
        rules,
        failures,
        alerts,
        control.end_ns if control is not None else None,
        comparable=mismatch is None,
        actions=reading.said.actions.actions,
        control_actions=control.actions if control is not None and mismatch is None else [],
        forgetful=reading.said.forgetful,
        controls=header.controls,
        actions_without=[
            steps.make(lambda action=action: {name: arm.action(action) for name, arm in single.items()}, dict)  # type: ignore[misc]
            for action in reading.said.actions.actions
        ],
    )
    return _conclude(case, findings, arms, single, steps, judged_under)


def _conclude(
    case: Case, findings: Findings, arms: list[Arm], single: dict[str, Arm], steps: Attempts, judged_under: str
) -> Judgement:
    reading, resolved = findings.reading, case.resolved
    header, said = reading.header, reading.said
    expectations = judge_expectations(case, findings)
    misses = [_missed(case, miss) for miss in resolved.expect_miss]
    assertions = [
        msgspec.structs.replace(outcome, line=asked.line)
        for outcome, asked in zip(reading.assertions, resolved.assertions, strict=True)
    ]
    forbids = [_forbidden(case, forbidden) for forbidden in resolved.forbid]
    owed = sum(outcome.origin == "judge_all" for outcome in expectations)
    causes, broken = attempt(lambda: build_causes(case, arms))
    causes = causes or CausalGraph()
    checks = [
        checked("history", lambda: check_history(case, reading.ending, reading.detail)),
        checked("control", lambda: check_control(case, findings.mismatch, findings.difference)),
        checked("effects", lambda: check_effects(case, unseen_injections(case, resolved.expect_miss, misses, single))),
        checked("world", lambda: check_world(reading.violations, reading.imbalances)),
        checked("truth", lambda: check_truth(case)),
        checked("monitor", lambda: check_monitor(case, reading.last_request_ns, said.dropped)),
        checked("strategies", lambda: check_strategies(case, said.crashes)),
        checked("asked", lambda: check_asked(case, owed)),
        checked("false_alarms", lambda: judge_false_alarms(case)),
        checked("owed", lambda: judge_owed(case)),
        checked("resolution", lambda: judge_resolution(case)),
    ]
    if resolved.timeline:
        checks.insert(2, checked("causes", lambda: check_causes(case, findings.arms, arms, broken)))
    if resolved.steady_state is not None:
        steady = resolved.steady_state
        checks.append(checked("steady_state", lambda: judge_steady_state(case, steady)))
        if steady.again_within_ns is not None:
            again_within_ns = steady.again_within_ns
            checks.append(checked("recovery", lambda: judge_recovery(case, again_within_ns)))
    injected: list[InjectionOutcome] = steps.make(lambda: report_injections(case), list)
    alerts: list[AlertOutcome] = steps.make(lambda: report_alerts(case, expectations, causes), list)
    actions: list[ActionOutcome] = steps.make(lambda: report_actions(case, expectations, causes), list)
    operator: list[OperatorOutcome] = steps.make(lambda: report_operator(case, said.operator), list)
    unalerted: list[RuleName] = steps.make(lambda: report_unalerted(case), list)
    told: list[RuleOutcome] = steps.make(lambda: report_rules(case, reading.board), list)
    series: list[Series] = steps.make(lambda: report_series(case, reading.board), list)
    if steps.broken:
        checks.append(Check("judging", "unknown", steps.broken))
    judged: list[_Judged] = [*checks, *expectations, *misses, *forbids, *assertions]
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
        judged_under=judged_under,
        checks=checks,
        injections=injected,
        expectations=expectations,
        misses=misses,
        forbids=forbids,
        assertions=assertions,
        actions=actions,
        operator=operator,
        alerts=alerts,
        false_alarms=[alert for alert in alerts if alert.truth == "false"],
        unexpected=[alert for alert in alerts if alert.truth == "true" and not alert.expected],
        unalerted=unalerted,
        rules=told,
        series=series,
        counts=reading.counts,
        causes=causes,
    )


def _missed(case: Case, miss: ExpectedMiss) -> MissOutcome:
    found, broken = attempt(lambda: judge_miss(case, miss))
    if found is not None:
        return found
    return MissOutcome(
        alert=miss.alert, asset=miss.asset, severity=miss.severity, because=miss.because, line=miss.line,
        verdict="unknown", reason=broken,
    )  # fmt: skip


def _forbidden(case: Case, forbidden: Forbidden) -> ForbidOutcome:
    judge_one = judge_forbidden if forbidden.action is None else judge_forbidden_action
    found, broken = attempt(lambda: judge_one(case, forbidden))
    if found is not None:
        return found
    return ForbidOutcome(
        forbidden.alert or "", forbidden.asset, forbidden.severity, forbidden.line, "unknown", broken, [],
        action=forbidden.action,
    )  # fmt: skip


def _reasons(judged: list[_Judged]) -> list[str]:
    """In words, what keeps the verdict from being a pass: failures first."""
    return [
        f"{verdict}: {_name(each)}: {each.reason}"
        for verdict in ("fail", "unknown")
        for each in judged
        if each.verdict == verdict
    ]


def _name(each: _Judged) -> str:
    match each:
        case Check():
            parts: tuple[str | None, ...] = (each.name,)
        case AssertionOutcome():
            parts = ("assert", each.quantity, each.of)
        case ExpectationOutcome():
            parts = ("expect", each.name, each.asset, each.severity)
        case MissOutcome():
            parts = ("expect_miss", each.alert, each.asset, each.severity)
        case ForbidOutcome():
            parts = ("forbid", each.name, each.asset, each.severity)
    return " ".join(part for part in parts if part)
