"""Space: everything about the injections of a scenario that a hunt may choose, and within which bounds.

By default each intensity, time and numeric parameter may be a tenth to ten times what is written, as far as its fault
allows; injections may begin whenever the steady state has been seen and a quarter of the run is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from lab.scenario.errors import ScenarioError
from lab.scenario.faults import FAULTS
from lab.scenario.kinds import Kind
from lab.scenario.model import Experiment, Injection
from lab.scenario.scalars import BasisPoints, Duration, DurationIn, Real, Share, Whole
from lab.tuning.bench import Subject
from lab.tuning.vary import Axis, Dimension

_FACTOR = 10.0
_S, _MIN = 1_000_000_000, 60_000_000_000
_TIME_UNITS_NS = {"_ns": 1.0, "_us": 1e3, "_ms": 1e6, "_s": 1e9}
_PULLS = 4


class Dial(msgspec.Struct, frozen=True):
    """An axis with the value that the scenario has written there."""

    axis: Axis
    written: float


def dials_of(experiment: Experiment) -> list[Dial]:
    """Every intensity, time and numeric parameter of the timeline with its range."""
    found: list[Dial] = []
    for injection in experiment.timeline:
        spec = FAULTS[injection.fault]
        path = f"timeline.{injection.name}"
        if injection.intensity is not None and spec.intensity is not None:
            found += _numeric(f"{path}.intensity", spec.intensity, injection.intensity, "intensity")
        found += _times(path, injection, experiment)
        for known in spec.parameter_fields():
            value = injection.parameters.get(known.attribute)
            if isinstance(value, int | float) and not isinstance(value, bool):
                found += _numeric(f"{path}.with.{known.name}", known.kind, value, known.attribute)
    return found


def playable(subject: Subject, dials: Sequence[Dial]) -> list[Dial]:
    """The dials whose ends the scenario accepts, each end drawn in towards what is written until it does; a dial of
    which none is accepted, or on which nothing depends, is left out."""
    found = []
    for dial in dials:
        axis = dial.axis
        least = _accepted(subject, axis, axis.least, dial.written)
        most = _accepted(subject, axis, axis.most, dial.written)
        if least < most:
            axis = msgspec.structs.replace(axis, least=least, most=most)
            try:
                found.append(Dial(subject.fitted(axis, axis.path), dial.written))
            except ScenarioError:
                continue
    return found


def _accepted(subject: Subject, axis: Axis, end: float, written: float) -> float:
    for _ in range(_PULLS):
        try:
            subject.experiment([axis.setting(end)])
            return end
        except ScenarioError:
            end = written + (end - written) / 2
            end = round(end / axis.step) * axis.step if axis.step else end
    return written


def _times(path: str, injection: Injection, experiment: Experiment) -> list[Dial]:
    steady_ns = 0 if experiment.steady_state is None else experiment.steady_state.from_ns
    soonest_ns = steady_ns + _MIN
    run_ns = experiment.duration_ns
    found: list[Dial] = []
    if injection.at_ns is not None:
        latest_ns = max(injection.at_ns, run_ns * 3 // 4)
        if soonest_ns < latest_ns:
            found.append(_time(f"{path}.at", min(soonest_ns, injection.at_ns), latest_ns, injection.at_ns, "linear"))
    is_open = injection.at_ns is not None and injection.at_ns + injection.for_ns >= run_ns
    if not is_open:
        most_ns = min(round(injection.for_ns * _FACTOR), run_ns - soonest_ns)
        found.append(_time(f"{path}.for", max(_S, round(injection.for_ns / _FACTOR)), most_ns, injection.for_ns, "log"))
    for name, span_ns in (("ramp", injection.ramp_ns), ("ramp_down", injection.ramp_down_ns)):
        if span_ns:
            most_ns = min(round(span_ns * _FACTOR), injection.for_ns)
            found.append(_time(f"{path}.{name}", max(_S, round(span_ns / _FACTOR)), most_ns, span_ns, "log"))
    return [dial for dial in found if dial.axis.least < dial.axis.most]


def _time(path: str, least_ns: int, most_ns: int, written_ns: int, scale: Any) -> Dial:
    least, most = float(least_ns // _S * _S), float(most_ns // _S * _S)
    return Dial(
        Axis(path=path, least=max(least, float(_S)), most=most, dimension="duration", scale=scale, step=float(_S)),
        float(written_ns),
    )


def _numeric(path: str, kind: Kind[Any], value: float, attribute: str) -> list[Dial]:
    """The dial of a number above zero; none for what is not numeric, and for a zero, which has no tenfold."""
    if value <= 0:
        return []
    dimension: Dimension = "number"
    bounds = (0.0, float("inf"))
    step, unit = 0.0, 1.0
    match kind:
        case Whole():
            bounds, step = (float(kind.bounds[0]), float(kind.bounds[1])), 1.0
        case Real():
            bounds = kind.bounds
        case Share():
            bounds, dimension = kind.bounds, "share"
        case BasisPoints():
            dimension, unit = "share", 1e-4
        case Duration():
            dimension, step = "duration", 1e6
        case DurationIn():
            dimension, step = "duration", 1e6
            unit = next(ns for suffix, ns in _TIME_UNITS_NS.items() if attribute.endswith(suffix))
        case _:
            return []
    written = value * unit
    least, most = max(written / _FACTOR, bounds[0]), min(written * _FACTOR, bounds[1])
    if step:
        least, most = max(step, round(least / step) * step), round(most / step) * step
    if least >= most:
        return []
    axis = Axis(
        path=path, least=least, most=most, dimension=dimension, scale="log" if least > 0 else "linear", step=step
    )
    return [Dial(axis, written)]
