"""Objective: how much harm a run did before the monitor noticed it. Each takes the truth, none the monitor's word.

*Noticed* is the first alert after an injection took effect whose rule was truly in breach and which the control has
not; whichever mandate it is of. Harm that no such alert follows lasts, unnoticed, to the end of the run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from correlator.expectations import severity_rank
from correlator.lost import lost_against_control
from correlator.verdict import Judgement, Series, Verdict
from lab.playing.trials import Trial


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is worth to a hunt: ``value`` in the objective's unit, larger is worse for the firm.

    ``noticed_at_s`` None: it never was. ``verdict`` is that of the whole run, as `lab run` gives it.
    """

    value: float
    harmed_at_s: float
    noticed_at_s: float | None
    verdict: Verdict
    what: str = ""


class Objective(NamedTuple):
    """One way to measure it. ``score`` is None where the run cannot tell."""

    name: str
    unit: str
    doc: str
    score: Callable[[Trial, Judgement, float, float | None], tuple[float, str] | None]


def score_of(objective: Objective, trial: Trial) -> Score | None:
    """The score of a trial whose journals are still there; None: nothing was judged, or the truth has a hole."""
    judgement = trial.judgement
    if judgement is None:
        return None
    effects_s = [one.took_effect_at_s for one in judgement.injections if one.took_effect_at_s is not None]
    if not effects_s:
        return Score(value=0.0, harmed_at_s=0.0, noticed_at_s=None, verdict=judgement.verdict, what="took no effect")
    harmed_s = min(effects_s)
    noticed_s = min(
        (
            alert.fired_at_s
            for alert in judgement.alerts
            if alert.truth == "true" and not alert.in_control and alert.fired_at_s >= harmed_s
        ),
        default=None,
    )
    found = objective.score(trial, judgement, harmed_s, noticed_s)
    if found is None:
        return None
    value, what = found
    return Score(value=value, harmed_at_s=harmed_s, noticed_at_s=noticed_s, verdict=judgement.verdict, what=what)


def _loss(trial: Trial, judgement: Judgement, harmed_s: float, noticed_s: float | None) -> tuple[float, str] | None:
    until_s = judgement.ended.at_s if noticed_s is None else noticed_s
    directory = trial.directory
    if not directory.control_journal.exists():
        return None
    lost = lost_against_control(directory.run_journal, directory.control_journal, harmed_s, until_s)
    return None if lost is None else (lost.usd, f"at {lost.at_s:.1f} s")


def _latency(trial: Trial, judgement: Judgement, harmed_s: float, noticed_s: float | None) -> tuple[float, str] | None:
    """The longest time that a rule which had become due since the harm waited for its alert, or a worse one."""
    longest, what = 0.0, "nothing that was due had to wait"
    for rule in judgement.rules:
        dues_s = [one.due_at_s for one in rule.intervals if one.due_at_s is not None and one.due_at_s >= harmed_s]
        if not dues_s:
            continue
        due_s = min(dues_s)
        breach_s = min(one.began_at_s for one in rule.intervals if one.due_at_s == due_s)
        fired_s = [
            alert.fired_at_s
            for alert in judgement.alerts
            if (alert.alert, alert.asset) == (rule.alert, rule.asset)
            and alert.truth == "true"
            and (alert.resolved_at_s is None or alert.resolved_at_s >= breach_s)
            and severity_rank(alert.severity) >= severity_rank(rule.severity)
        ]
        waited_s = max(0.0, min(fired_s, default=judgement.ended.at_s) - due_s)
        if waited_s > longest:
            longest, what = waited_s, f"{rule.alert} {rule.asset} {rule.severity}"
    return round(longest, 6), what


def _peak(trial: Trial, judgement: Judgement, harmed_s: float, noticed_s: float | None) -> tuple[float, str] | None:
    """The farthest that a measure went beyond its mildest bound while no alert of it had fired, in times the bound."""
    highest, what = 0.0, "nothing was bounded"
    for series in judgement.series:
        if not series.bounds or not series.bounds[0][1]:
            continue
        fired_s = min(
            (
                alert.fired_at_s
                for alert in judgement.alerts
                if (alert.alert, alert.asset) == (series.alert, series.asset) and alert.fired_at_s >= harmed_s
            ),
            default=judgement.ended.at_s,
        )
        times = _beyond(series, harmed_s, fired_s)
        if times > highest:
            highest, what = times, f"{series.alert} {series.asset}"
    return round(highest, 4), what


def _beyond(series: Series, from_s: float, until_s: float) -> float:
    bound = series.bounds[0][1]
    whole = [one for one in series.points if one[0] >= from_s and one[0] + series.step_s <= until_s]
    if series.below:
        return max((bound / low for _, low, _ in whole if low > 0), default=0.0)
    return max((max(abs(low), abs(high)) / bound for _, low, high in whole), default=0.0)


OBJECTIVES: dict[str, Objective] = {
    one.name: one
    for one in (
        Objective(
            "loss_before_detection", "USD", "what the firm lost against its control until the first true alert", _loss
        ),
        Objective("latency", "s", "the longest that a rule which was due waited for its alert", _latency),
        Objective(
            "undetected_peak", "x", "how many times its mildest bound a measure reached before an alert of it", _peak
        ),
    )
}
