"""Draft: an experiment as its author would write it, so that what a search found can be read, changed and run.

It is made of a run's resolved scenario and written as one self-contained scenario file: no cases, no variables, every
moment counted from the run's start. Only the firm, the market, the limits and the controls stay names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from lab.scenario.demands import (
    Assertion,
    Condition,
    Expectation,
    ExpectedMiss,
    Forbidden,
    Operator,
    SteadyState,
)
from lab.scenario.document import SCENARIO_SCHEMA
from lab.scenario.faults import FAULTS
from lab.scenario.kinds import Kind, ListOf
from lab.scenario.model import After, Experiment, Injection, Value
from lab.scenario.quantities import QUANTITIES
from lab.scenario.records import Field, RecordKind, fields_of
from lab.scenario.scalars import Amount, BasisPoints, Dollars, Duration, DurationIn, DurationRange, Moment, Real, Share
from lab.scenario.units import format_duration, format_instant
from lab.tuning.vary import number_text, share_text

Written = str | list["Written"] | dict[str, "Written"]
"""YAML before it is text: every scalar is the text that stands there."""

_TIME_UNITS_NS = {"_ns": 1, "_us": 1_000, "_ms": 1_000_000, "_s": 1_000_000_000}


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """The files that a draft leans on, as it names them."""

    firm: str
    market: str
    limits: str
    controls: str | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One experiment that can be written. ``overrides`` are limits laid over those of the file that is named."""

    scenario: str
    description: str = ""
    tags: tuple[str, ...] = ()
    seed: int
    start_ns: int | None
    duration_ns: int
    names: Names
    overrides: Mapping[str, Any] = {}
    operator: Operator | None = None
    steady_state: SteadyState | None = None
    timeline: tuple[Injection, ...] = ()
    expect: tuple[Expectation, ...] = ()
    expect_miss: tuple[ExpectedMiss, ...] = ()
    forbid: tuple[Forbidden, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    stop_when: tuple[Condition, ...] = ()
    judge_all_ns: int | None = None

    @classmethod
    def of(cls, experiment: Experiment, names: Names, overrides: Mapping[str, Any]) -> Draft:
        """The draft of an experiment, its limits given by the file named and ``overrides``."""
        shared = {
            name: getattr(experiment, name) for name in cls.__struct_fields__ if name in experiment.__struct_fields__
        }
        return cls(**shared, names=names, overrides=overrides)

    def written(self, scenario: str) -> dict[str, Written]:
        """The file's keys in order; ``scenario``: its name."""
        market: dict[str, Written] = {"source": self.names.market}
        if self.start_ns is not None:
            market["start"] = format_instant(self.start_ns)
        whole: dict[str, Written] = {"schema": SCENARIO_SCHEMA, "scenario": scenario}
        if self.description:
            whole["description"] = self.description
        if self.tags:
            whole["tags"] = list(self.tags)
        whole["seed"] = str(self.seed)
        whole["duration"] = format_duration(self.duration_ns)
        whole["market"] = market
        whole["firm"] = self.names.firm
        whole["limits"] = self.names.limits
        if self.overrides:
            whole["limit_overrides"] = dict(self.overrides)
        if self.names.controls is not None:
            whole["controls"] = self.names.controls
        if self.operator is not None:
            whole["operator"] = _record(self.operator)
        if self.steady_state is not None:
            whole["steady_state"] = _record(self.steady_state)
        lists: tuple[tuple[str, list[Written]], ...] = (
            ("timeline", [_injection(one, self.duration_ns) for one in self.timeline]),
            ("expect", [_record(one) for one in self.expect]),
            ("expect_miss", [_record(one) for one in self.expect_miss]),
            ("forbid", [_record(one) for one in self.forbid]),
            ("assert", [_bound(one, self.duration_ns) for one in self.assertions]),
            ("stop_when", [_bound(one, self.duration_ns) for one in self.stop_when]),
        )
        whole.update((key, items) for key, items in lists if items)
        if self.judge_all_ns is not None:
            whole["judge_all"] = {"within": format_duration(self.judge_all_ns)}
        return whole


def _injection(injection: Injection, run_lasts_ns: int) -> dict[str, Written]:
    spec = FAULTS[injection.fault]
    entries: dict[str, Written] = {"inject": injection.name, "fault": injection.fault}
    if injection.after is not None:
        entries["after"] = _after(injection.after)
    elif injection.at_ns is not None:
        entries["at"] = format_duration(injection.at_ns)
    if injection.for_ns != max(run_lasts_ns - (injection.at_ns or 0), 0):
        entries["for"] = format_duration(injection.for_ns)
    for name, span_ns in (("ramp", injection.ramp_ns), ("ramp_down", injection.ramp_down_ns)):
        if span_ns:
            entries[name] = format_duration(span_ns)
    scope = {name: _plain(value) for name, value in injection.scope.items()}
    if scope:
        entries["scope"] = scope
    if spec.intensity is not None and injection.intensity is not None:
        entries["intensity"] = write_value(spec.intensity, injection.intensity, "")
    parameters = _parameters(spec.parameter_fields(), injection.parameters, spec.params)
    if parameters:
        entries["with"] = parameters
    return entries


def _parameters(
    fields: tuple[Field, ...], values: Mapping[str, Value], struct: type[msgspec.Struct]
) -> dict[str, Written]:
    """What differs from the fault's own defaults."""
    defaults = {info.name: info.default for info in msgspec.structs.fields(struct)}
    return {
        known.name: write_value(known.kind, values[known.attribute], known.attribute)
        for known in fields
        if known.attribute in values
        and values[known.attribute] is not None
        and values[known.attribute] != defaults[known.attribute]
    }


def _after(after: After) -> str:
    offset = f" + {format_duration(after.offset_ns)}" if after.offset_ns else ""
    return f"{after.injection} {after.phase}{offset}"


def _record(value: msgspec.Struct) -> dict[str, Written]:
    """A struct whose declaration is the declaration of its YAML: what differs from its defaults."""
    defaults = {info.name: info.default for info in msgspec.structs.fields(value)}
    entries: dict[str, Written] = {}
    for known in fields_of(type(value)):
        here = getattr(value, known.attribute)
        if here is None or (here == defaults[known.attribute] and not known.required):
            continue
        entries[known.name] = write_value(known.kind, here, known.attribute)
    return entries


def _bound(bound: Condition | Assertion, run_lasts_ns: int) -> dict[str, Written]:
    unit = QUANTITIES[bound.quantity].unit
    unit_text = (bound.of or "") if unit == "asset" else unit
    entries: dict[str, Written] = {"quantity": bound.quantity}
    if bound.of is not None:
        entries["of"] = bound.of
    if isinstance(bound, Assertion):
        for key, at_ns in (("at", bound.at_ns), ("from", bound.from_ns), ("to", bound.to_ns)):
            if at_ns is not None and not (key == "to" and at_ns == run_lasts_ns):
                entries[key] = format_duration(at_ns)
    entries[bound.op] = f"{number_text(bound.value)} {unit_text}".strip()
    return entries


def write_value(kind: Kind[Any], value: Any, attribute: str) -> Written:
    """The YAML that ``kind`` reads as ``value``; ``attribute``, the field's name, tells the unit of coarse times.

    Raises TypeError: no way to write it is known.
    """
    match kind:
        case RecordKind():
            return _record(value)
        case ListOf():
            return [write_value(kind.item, one, attribute) for one in value]
        case DurationRange():
            return [format_duration(one) for one in value]
        case Duration() | Moment():
            return format_duration(round(value))
        case DurationIn():
            unit_ns = next(ns for suffix, ns in _TIME_UNITS_NS.items() if attribute.endswith(suffix))
            return format_duration(round(value * unit_ns))
        case Share():
            return share_text(value)
        case BasisPoints():
            return f"{number_text(value)} bp"
        case Dollars():
            return f"{number_text(value)} USD"
        case Real():
            return number_text(value)
        case Amount():
            return str(value)
    return _plain(value)


def _plain(value: Any) -> Written:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, str | int):
        return str(value)
    raise TypeError(f"no way to write {type(value).__name__} in YAML is known")
