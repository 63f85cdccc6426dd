"""Measures: what was true over time against its limits, with what the monitor said of it, as compact data.

A series is written as runs: ``[bucket, smallest, largest]`` flat one after another, each good until the next one's
bucket; nulls where there is no value. Of measures that nobody asked about every few buckets are taken together, because
they are drawn small; their smallest and largest values are kept.
"""

from __future__ import annotations

import msgspec

from dashboards.run_page.model import Judgement, Rule, Series

_UNITS = {"x": "times as much (x)", "times": "how many times", "alpha": "tail exponent (alpha)"}
_COARSE = 4  # buckets that are drawn as one


class Said(msgspec.Struct, frozen=True, array_like=True):
    """What the monitor saw when it fired: the moment, the value, and how severe; ``is_false`` if it was not so."""

    at_s: float
    value: float
    severity: str
    is_false: bool


class Measure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One measure: ``matters`` if it was breached, alerted or asked about. ``worst`` is its value nearest to a breach
    or farthest beyond it; ``due`` are the moments from which an alert was owed."""

    title: str
    asset: str
    unit: str
    unit_said: str
    step_s: float
    bounds: list[tuple[str, float]]
    runs: list[float | int | None]
    worst: float
    matters: bool
    below: bool = False
    said: list[Said] = []
    due: list[tuple[float, str]] = []


def measures(judgement: Judgement) -> list[Measure]:
    """Every measure that ever had a value: those asked about, then those alerted or due in the order of their first
    moment, then what was only breached, then the rest."""
    asked = {(one.alert, one.asset) for one in judgement.expectations}
    asked_any = {one.alert for one in judgement.expectations if one.asset is None}
    rules: dict[tuple[str, str], list[Rule]] = {}
    for rule in judgement.rules:
        if rule.breaches:
            rules.setdefault((rule.alert, rule.asset), []).append(rule)
    said: dict[tuple[str, str, str], list[Said]] = {}
    for alert in judgement.alerts:
        marks = said.setdefault((alert.alert, alert.asset, alert.unit), [])
        marks.append(Said(alert.fired_at_s, alert.observed, alert.severity, alert.truth == "false"))
    alerted = {(alert.alert, alert.asset) for alert in judgement.alerts}
    found: list[tuple[tuple[int, float], Measure]] = []
    for series in judgement.series:
        if not series.points:
            continue
        key = (series.alert, series.asset)
        matters = key in alerted or key in asked or series.alert in asked_any or key in rules
        due = [
            (breach.due_at_s, rule.severity)
            for rule in rules.get(key, ())
            for breach in rule.intervals
            if breach.due_at_s is not None
        ]
        measure = _measure(series, matters, said.get((*key, series.unit), []), due)
        moments = [at_s for at_s, _ in due] + [one.at_s for one in measure.said]
        is_asked = key in asked or series.alert in asked_any
        rank = 0 if is_asked else 1 if moments else 2 if matters else 3
        found.append(((rank, min(moments, default=0.0)), measure))
    found.sort(key=lambda pair: pair[0])
    return [measure for _, measure in found]


def _measure(series: Series, matters: bool, said: list[Said], due: list[tuple[float, str]]) -> Measure:
    values = [point[1] for point in series.points] if series.below else [point[2] for point in series.points]
    return Measure(
        series.alert,
        series.asset,
        series.unit,
        _UNITS.get(series.unit, series.unit),
        series.step_s,
        series.bounds,
        runs(series, 1 if matters else _COARSE),
        min(values) if series.below else max(values),
        matters,
        series.below,
        said,
        due,
    )


def runs(series: Series, together: int = 1) -> list[float | int | None]:
    """The envelope as runs; ``together`` buckets make one, under the number of the first of them."""
    merged: dict[int, tuple[float, float]] = {}
    for at_s, low, high in series.points:
        bucket = round(at_s / series.step_s) // together
        before = merged.get(bucket)
        merged[bucket] = (low, high) if before is None else (min(before[0], low), max(before[1], high))
    flat: list[float | int | None] = []
    last: tuple[float, float] | None = None
    follows = -1  # the bucket after the last one
    for bucket, envelope in merged.items():
        if bucket != follows and last is not None:
            flat += (follows * together, None, None)
            last = None
        if envelope != last:
            flat += (bucket * together, *envelope)
            last = envelope
        follows = bucket + 1
    if last is not None:
        flat += (follows * together, None, None)
    return flat
