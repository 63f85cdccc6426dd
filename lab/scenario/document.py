"""How a scenario is written: every key of the file, declared once for the parser, the JSON Schema and the reference."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import msgspec

from lab.scenario.conditions import AssertionKind, ConditionKind
from lab.scenario.demands import (
    Assertion,
    Condition,
    Expectation,
    ExpectedMiss,
    Forbidden,
    Operator,
    SteadyState,
)
from lab.scenario.errors import ScenarioError, problem
from lab.scenario.faults import FAULTS, FaultSpec
from lab.scenario.kinds import Findings, Kind, ListOf, Schema, join, missing, or_reference, unknown_keys
from lab.scenario.mandates import MANDATES
from lab.scenario.model import After, Value
from lab.scenario.moments import PHASES, AfterKind
from lab.scenario.records import Field, Key, Record, entry, record
from lab.scenario.scalars import NAME, Choice, Duration, Instant, Moment, Text, Whole
from lab.scenario.yaml_nodes import Map, Node, Scalar, as_map, describe

SCENARIO_SCHEMA = "riskproof-scenario/1"

TAG = Text("a tag of letters, digits, dots and dashes", r"[A-Za-z0-9][A-Za-z0-9_.:-]*", 60)
FILE_NAME = Text("a name, or a path that ends in .yaml", r"[A-Za-z0-9_./-]+", 400)


class InjectionText(msgspec.Struct, frozen=True, kw_only=True):
    """One injection as it is written; what its fault decides is read by the fault's own declaration."""

    name: Annotated[str, Key(NAME, "its name, unique in the timeline", "inject")]
    fault: Annotated[str, Key(Choice(FAULTS), "the kind of harm")]
    at_ns: Annotated[int | None, Key(Moment(), "when it begins; this or `after` is required", "at")] = None
    after: Annotated[After | None, Key(AfterKind(), "when it begins: after what another injection does")] = None
    for_ns: Annotated[
        int | None, Key(Duration(positive=True), "how long it lasts; until the end of the run where absent", "for")
    ] = None
    ramp_ns: Annotated[int, Key(Duration(), "from nothing to full intensity, inside `for`", "ramp")] = 0
    ramp_down_ns: Annotated[
        int, Key(Duration(), "from full intensity to nothing, at the end of `for`", "ramp_down")
    ] = 0
    scope: Mapping[str, str | tuple[str, ...]]
    intensity: float | None
    parameters: Mapping[str, Value]
    line: int


class InjectionKind(Kind[InjectionText]):
    """One injection: `scope`, `intensity` and `with` are those of its `fault`."""

    def __init__(self) -> None:
        decided = ("scope", "intensity", "parameters")
        self._head = Record(InjectionText, but=decided, elsewhere=("scope", "intensity", "with"))
        self.expected = self._head.expected

    def read(self, node: Node, field: str) -> InjectionText:
        entries = as_map(node, field, self.expected)
        named = entry(entries, "inject")
        if isinstance(named, Scalar):
            field = f"timeline.{named.text}"
        found = Findings()
        fault = entry(entries, "fault")
        spec = FAULTS.get(fault.text) if isinstance(fault, Scalar) else None
        scope: dict[str, Any] = {}
        parameters: dict[str, Any] = {}
        intensity = None
        if spec is not None:
            scope = (
                found.take(partial(_read_keys, spec.scope_fields()), _part(entries, "scope"), f"{field}.scope") or {}
            )
            written = _part(entries, "with")
            parameters = found.take(partial(_read_keys, spec.parameter_fields()), written, f"{field}.with") or {}
            intensity = found.take(partial(_read_intensity, spec), entries, f"{field}.intensity")
            if not spec.ramps:
                for key in ("ramp", "ramp_down"):
                    if key in entries.entries:
                        found.add(problem(entries.keys[key], f"{field}.{key}", f"{spec.name} has no degrees").problems)
        given = [key for key in ("at", "after") if key in entries.entries]
        if len(given) != 1:
            message = "says its time twice" if given else "says no time"
            found.add(problem(entries.mark, field, message, "`at` or `after`").problems)
        head = found.take(
            partial(self._head.read_with, scope=scope, intensity=intensity, parameters=parameters), entries, field
        )
        found.raise_if_any()
        assert head is not None
        return head

    def schema(self) -> Schema:
        schema = self._head.schema()
        schema["properties"].update({"scope": {"type": "object"}, "intensity": {}, "with": {"type": "object"}})
        schema["allOf"] = [
            {"if": {"properties": {"fault": {"const": name}}}, "then": _fault_schema(spec)}
            for name, spec in FAULTS.items()
        ]
        schema["oneOf"] = [{"required": ["at"]}, {"required": ["after"]}]
        return schema


def _part(entries: Map, key: str) -> Node:
    return entries.entries.get(key, Map(entries.mark, {}, {}))


def _read_keys(fields: tuple[Field, ...], node: Node, path: str) -> dict[str, Any]:
    """The values of ``fields`` by attribute; those not written are left to the fault's own defaults."""
    entries = as_map(node, path)
    found = Findings()
    found.add(unknown_keys(entries, [known.name for known in fields], path))
    values: dict[str, Any] = {}
    for known in fields:
        child = entries.entries.get(known.name)
        if child is not None:
            value = found.take(known.kind.read, child, join(path, known.name))
            if value is not None:
                values[known.attribute] = value
        elif known.required:
            found.add([missing(entries.mark, path, known.name, known.kind.expected)])
    found.raise_if_any()
    return values


def _read_intensity(spec: FaultSpec, node: Node, path: str) -> float | None:
    entries = as_map(node, path)
    child = entries.entries.get("intensity")
    if spec.intensity is None:
        if child is not None:
            raise problem(child.mark, path, f"{spec.name} has no degrees", "no such key")
        return None
    if child is None:
        raise ScenarioError(
            [missing(entries.mark, path.removesuffix(".intensity"), "intensity", spec.intensity.expected)]
        )
    return float(spec.intensity.read(child, path))


def _fault_schema(spec: FaultSpec) -> Schema:
    properties: Schema = {"scope": _keys_schema(spec.scope_fields()), "with": _keys_schema(spec.parameter_fields())}
    required = [name for name in ("scope", "with") if properties[name]["required"]]
    if spec.intensity is None:
        properties["intensity"] = False
    else:
        properties["intensity"] = {"description": spec.intensity_doc, **or_reference(spec.intensity.schema())}
        required.append("intensity")
    if not spec.ramps:
        properties.update({"ramp": False, "ramp_down": False})
    return {"properties": properties, "required": required}


def _keys_schema(fields: tuple[Field, ...]) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            known.name: {**({"description": known.doc} if known.doc else {}), **or_reference(known.kind.schema())}
            for known in fields
        },
        "required": [known.name for known in fields if known.required],
    }


class JudgeAllText(msgspec.Struct, frozen=True, kw_only=True):
    """Every rule that truth breaches must be alerted."""

    within_ns: Annotated[int, Key(Duration(positive=True), "the deadline since the breach", "within")]


class MarketKind(Kind[str | Map]):
    """A market file's name, or a market written in place."""

    expected = "a market of scenarios/markets, or a market definition"

    def read(self, node: Node, field: str) -> str | Map:
        if isinstance(node, Map):
            return node
        if isinstance(node, Scalar) and not node.is_null:
            return FILE_NAME.read(node, field)
        raise problem(node.mark, field, f"is {describe(node)}", self.expected)

    def schema(self) -> Schema:
        return {"anyOf": [FILE_NAME.schema(), {"$ref": "#/$defs/market"}]}


class MarketText(msgspec.Struct, frozen=True, kw_only=True):
    """The market and where in it the run begins."""

    source: Annotated[str | Map, Key(MarketKind(), "the market")]
    start_ns: Annotated[int | None, Key(Instant(), "default: the market's first minute", "start")] = None


class OverridesKind(Kind[Map]):
    """Limits laid over those of the limits file; what they mean is checked with that file."""

    expected = "a mapping of the limits file's shape"

    def read(self, node: Node, field: str) -> Map:
        overrides = as_map(node, field, self.expected)
        found = Findings()
        found.add(unknown_keys(overrides, MANDATES, field))
        found.raise_if_any()
        return overrides

    def schema(self) -> Schema:
        limits = {"type": "object", "additionalProperties": {"type": ["object", "string"]}}
        return {"type": "object", "propertyNames": {"enum": list(MANDATES)}, "additionalProperties": limits}


class ScenarioText(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario file, key by key, once `extends`, `cases`, `matrix`, `variables` and `use` have been worked in."""

    schema: Annotated[str, Key(Choice((SCENARIO_SCHEMA,)), "the language of this file")]
    scenario: Annotated[str, Key(NAME, "the file's stem")]
    description: Annotated[str, Key(Text(), "what it shows, for a reader")] = ""
    tags: Annotated[tuple[str, ...], Key(ListOf(TAG, most=50), "words to find it by")] = ()
    seed: Annotated[int, Key(Whole(0, 2**63 - 1), "of all randomness")]
    duration_ns: Annotated[
        int,
        Key(
            Duration(positive=True),
            "how long the run lasts; required without `phases`, and else their sum where absent",
            "duration",
        ),
    ]
    phases: Annotated[
        Mapping[str, int], Key(PHASES, "named stretches of the run, one after another, by which moments may be told")
    ] = {}
    market: Annotated[MarketText, Key(record(MarketText), "the prices that the run plays")]
    firm: Annotated[str, Key(FILE_NAME, "a firm of scenarios/firms")]
    limits: Annotated[str, Key(FILE_NAME, "a limits file of scenarios/limits")]
    limit_overrides: Annotated[Map | None, Key(OverridesKind(), "limits that differ from those of the file")] = None
    controls: Annotated[
        str | None, Key(FILE_NAME, "controls of scenarios/controls that are wired in; none where absent")
    ] = None
    operator: Annotated[Operator | None, Key(record(Operator), "the person who watches the monitor")] = None
    steady_state: Annotated[
        SteadyState | None, Key(record(SteadyState), "what must hold until the first injection")
    ] = None
    timeline: Annotated[tuple[InjectionText, ...], Key(ListOf(InjectionKind(), most=100), "the injections")] = ()
    expect: Annotated[
        tuple[Expectation, ...],
        Key(ListOf(record(Expectation), most=200), "alerts that must fire and actions that must be taken"),
    ] = ()
    expect_miss: Annotated[
        tuple[ExpectedMiss, ...],
        Key(ListOf(record(ExpectedMiss), most=200), "true breaches that no production API shows"),
    ] = ()
    forbid: Annotated[
        tuple[Forbidden, ...],
        Key(ListOf(record(Forbidden), most=200), "alerts that must not fire, actions that must not be taken"),
    ] = ()
    assertions: Annotated[
        tuple[Assertion, ...], Key(ListOf(AssertionKind(), most=200), "bounds that the world must keep", "assert")
    ] = ()
    stop_when: Annotated[
        tuple[Condition, ...], Key(ListOf(ConditionKind(), most=50), "what ends the run, and every fault with it")
    ] = ()
    judge_all: Annotated[
        JudgeAllText | None, Key(record(JudgeAllText), "every rule that truth breaches must be alerted")
    ] = None


SCENARIO = Record(ScenarioText, elsewhere=("extends", "variables", "cases", "matrix", "templates", "use"))
