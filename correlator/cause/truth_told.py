"""What was true where an alert was not: the rule's own history, and the measure as it was when the alert fired."""

from __future__ import annotations

from correlator.cause.words import moment
from correlator.verdict import AlertOutcome, BreachOutcome, Judgement


def told_truth(judgement: Judgement, alert: AlertOutcome) -> list[str]:
    """In sentences, what was true of the rule that an alert spoke of."""
    rule = next(
        (
            one
            for one in judgement.rules
            if (one.alert, one.asset, one.severity) == (alert.alert, alert.asset, alert.severity)
        ),
        None,
    )
    what = "This was a false alarm" if alert.truth == "false" else "Whether this was true is not known"
    told = [f"{what}: {alert.reason}."]
    measured = _measured(judgement, alert)
    if measured:
        told.append(measured)
    if rule is None:
        return told
    if not rule.intervals:
        return [*told, f"The truth was never beyond {rule.bound} in the whole run."]
    nearest = min(rule.intervals, key=lambda breach: _distance_s(breach, alert.fired_at_s))
    until = "the end" if nearest.ended_at_s is None else moment(nearest.ended_at_s)
    return [*told, f"The nearest true breach lasted from {moment(nearest.began_at_s)} to {until}."]


def _measured(judgement: Judgement, alert: AlertOutcome) -> str:
    """The measure at that moment, as far as the drawn series resolves it."""
    for series in judgement.series:
        if (series.alert, series.asset) != (alert.alert, alert.asset):
            continue
        known = [point for point in series.points if point[0] <= alert.fired_at_s]
        if known:
            at_s, low, high = known[-1]
            span = f"{low:,.6g}" if low == high else f"between {low:,.6g} and {high:,.6g}"
            until = moment(at_s + series.step_s)
            return f"From {moment(at_s)} to {until} the true measure was {span} {series.unit}."
    return ""


def _distance_s(breach: BreachOutcome, at_s: float) -> float:
    if breach.began_at_s > at_s:
        return breach.began_at_s - at_s
    return max(0.0, at_s - breach.ended_at_s) if breach.ended_at_s is not None else 0.0
