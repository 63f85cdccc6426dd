"""Reporting: what was found, as the judgement's structs; nothing is decided here."""

from __future__ import annotations

import msgspec

from correlator.actions import taken_in_control
from correlator.case import Case, Finding
from correlator.cause.graph import CausalGraph
from correlator.records import Operator
from correlator.truth.gauge import Gauge, GaugeBoard
from correlator.verdict import (
    ActionOutcome,
    AlertOutcome,
    BreachOutcome,
    ExpectationOutcome,
    InjectionOutcome,
    OperatorOutcome,
    RuleName,
    RuleOutcome,
    Series,
)


def report_injections(case: Case) -> list[InjectionOutcome]:
    """Every injection with its phases."""
    return [
        InjectionOutcome(
            known.name,
            known.fault,
            case.at_s(known.planned_ns),
            case.at_s(known.ends_planned_ns),
            case.at_s(known.began_ns),
            case.at_s(known.took_effect_ns),
            case.at_s(known.claimed_ns),
            case.at_s(known.ended_ns),
            known.refused,
            known.detail,
            known.notes,
            known.seqs,
        )
        for known in case.injections.values()
    ]


def report_alerts(case: Case, asked: list[ExpectationOutcome], causes: CausalGraph) -> list[AlertOutcome]:
    """Every alert that fired, in the order they did; expected are those of a kind that an expectation asks for."""
    depends_on = {each.node: each.depends_on for each in causes.dependences}
    alerts = []
    for place, finding in enumerate(case.findings):
        expected = any(
            finding.episode.matches(outcome.alert, outcome.asset, outcome.severity)
            for outcome in asked
            if outcome.alert is not None
        )
        alerts.append(_alert(case, finding, expected, depends_on.get(f"alert:{place}", [])))
    return alerts


def _alert(case: Case, finding: Finding, expected: bool, depends_on: list[str]) -> AlertOutcome:
    episode = finding.episode
    return AlertOutcome(
        episode.mandate,
        episode.subject,
        episode.severity,
        episode.alert_id,
        _seconds(case, episode.since_ns),
        _seconds(case, finding.fired_ns),
        case.at_s(episode.resolved_ns),
        episode.observed,
        episode.limit,
        episode.unit,
        "unknown" if finding.truth is None else "true" if finding.truth else "false",
        finding.in_control,
        expected,
        finding.reason,
        episode.evidence,
        episode.seqs,
        case.at_s(episode.acknowledged_ns),
        case.at_s(episode.escalated_ns),
        episode.escalated_to,
        depends_on,
    )


def report_actions(case: Case, asked: list[ExpectationOutcome], causes: CausalGraph) -> list[ActionOutcome]:
    """Every control action, in the order they were taken."""
    depends_on = {each.node: each.depends_on for each in causes.dependences}
    return [
        ActionOutcome(
            action.action_id,
            action.control,
            action.subject,
            action.trigger,
            action.detail,
            _seconds(case, action.taken_ns),
            case.at_s(action.done_ns),
            case.at_s(action.failed_ns),
            case.at_s(action.ended_ns),
            taken_in_control(action, case.control_actions),
            any(outcome.action is not None and action.concerns(outcome.action, outcome.asset) for outcome in asked),
            action.seqs,
            depends_on.get(f"action:{place}", []),
        )
        for place, action in enumerate(case.actions)
    ]


def report_operator(case: Case, said: list[Operator]) -> list[OperatorOutcome]:
    """What a human told the monitor, in order."""
    return [
        OperatorOutcome(_seconds(case, one.at_ns), one.command, one.subject, one.by, one.reason, one.seq)
        for one in said
    ]


def report_unalerted(case: Case) -> list[RuleName]:
    """Rules that became due but of which no true alert fired, for a risk engineer to see; no verdict hangs on it."""
    alerted = {finding.episode.rule for finding in case.findings if finding.truth}
    names = []
    for rule in case.rules:
        due = rule.tracker.first_due(case.start_ns)
        if due is not None and due.due_ns is not None and (rule.mandate, rule.subject, rule.severity) not in alerted:
            names.append(RuleName(rule.mandate, rule.subject, rule.severity, _seconds(case, due.due_ns)))
    return names


def report_rules(case: Case, board: GaugeBoard) -> list[RuleOutcome]:
    """The truth of every rule."""
    alerted = {finding.episode.rule for finding in case.findings if finding.truth}
    gauges = {id(rule): gauge for gauge in board.gauges for rule in gauge.rules}
    outcomes = []
    for rule in case.rules:
        tracker, gauge = rule.tracker, gauges[id(rule)]
        first_due = tracker.first_due(case.start_ns)
        outcomes.append(
            RuleOutcome(
                rule.mandate,
                rule.subject,
                rule.severity,
                rule.bound,
                gauge.unit,
                tracker.hold_ns / 1e9,
                tracker.breaches,
                tracker.dues,
                case.at_s(tracker.intervals[0].begins_ns) if tracker.intervals else None,
                case.at_s(first_due.due_ns) if first_due is not None else None,
                tracker.coalesced_gap_ns / 1e9,
                (rule.mandate, rule.subject, rule.severity) in alerted,
                [
                    BreachOutcome(
                        _seconds(case, interval.begins_ns),
                        case.at_s(interval.ends_ns),
                        case.at_s(interval.due_ns),
                        float(f"{interval.peak * gauge.factor:.9g}"),
                        interval.breaches,
                        [interval.begins_seq] if interval.begins_seq else [],
                    )
                    for interval in tracker.intervals
                ],
            )
        )
    return outcomes


def report_series(case: Case, board: GaugeBoard) -> list[Series]:
    """The envelope of every measure, and of what they are made of (``equity``, ``mark``)."""
    return [
        Series(
            gauge.mandate,
            gauge.subject,
            gauge.unit,
            board.buckets.width_ns / 1e9,
            _bounds(gauge),
            gauge.envelope.points(case.end_ns, gauge.factor),
            below=any(rule.tracker.below for rule in gauge.rules),
        )
        for gauge in board.gauges
    ]


def _bounds(gauge: Gauge) -> list[tuple[str, float]]:
    return [(rule.severity, float(f"{rule.tracker.bound * gauge.factor:.9g}")) for rule in gauge.rules]


def _seconds(case: Case, at_ns: int) -> float:
    return round((at_ns - case.start_ns) / 1e9, 6)


def to_json(judgement: object) -> bytes:
    """The judgement as JSON, indented by two spaces."""
    return msgspec.json.format(msgspec.json.encode(judgement), indent=2)
