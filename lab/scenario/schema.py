"""The JSON Schemas, built from the very declarations that the parser reads by."""

from __future__ import annotations

from lab.scenario.document import SCENARIO
from lab.scenario.draws import distribution_schema
from lab.scenario.firm_file import FirmFile
from lab.scenario.kinds import Schema
from lab.scenario.market_file import MarketFile
from lab.scenario.records import relaxed
from lab.scenario.scalars import NAME
from lab.scenario.templates import template_schema, uses_schema
from lab.scenario.variants import VALUES_LIMIT

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EXTENDS = {"description": "a file that this one is laid over, relative to it", "type": "string"}
_NOT_IN_A_CASE = ("schema", "scenario", "seed")


def schema_of(what: str) -> Schema:
    """The schema of ``scenario``, ``template``, ``firm`` or ``market`` files.

    A file that extends another may leave out what the other says, so only a file that extends none must be complete.
    """
    if what == "scenario":
        return _scenario_schema()
    if what == "template":
        return {"$schema": _DIALECT, "title": "riskproof template", **template_schema()}
    kind: FirmFile | MarketFile = FirmFile() if what == "firm" else MarketFile()
    return _extensible({"$schema": _DIALECT, "title": f"riskproof {what}", **kind.schema()})


def _scenario_schema() -> Schema:
    whole = SCENARIO.schema()
    timeline = whole["properties"]["timeline"]
    injection = _drawable(timeline["items"])
    definitions = {
        "market": MarketFile().schema(),
        "injection": injection,
        "distribution": {"description": "drawn from the scenario's seed", **distribution_schema()},
    }
    whole["properties"]["timeline"] = {**timeline, "items": {"$ref": "#/$defs/injection"}}
    case = relaxed({**whole, "properties": {k: v for k, v in whole["properties"].items() if k not in _NOT_IN_A_CASE}})
    variables = {
        "description": "values to refer to as ${name}",
        "type": "object",
        "propertyNames": NAME.schema(),
    }
    whole["properties"].update(uses_schema())
    case["properties"]["use"] = whole["properties"]["use"]
    matrix = {
        "description": "values of variables; their product multiplies the cases",
        "type": ["object", "null"],
        "propertyNames": NAME.schema(),
        "additionalProperties": {
            "type": "array",
            "items": {"type": ["string", "number", "boolean"]},
            "minItems": 1,
            "maxItems": VALUES_LIMIT,
            "uniqueItems": True,
        },
    }
    case["properties"]["matrix"] = matrix
    whole["properties"]["matrix"] = matrix
    case["properties"]["variables"] = variables
    whole["properties"]["variables"] = variables
    whole["properties"]["cases"] = {
        "description": "variants, each laid over the rest of the file",
        "type": ["object", "null"],
        "propertyNames": NAME.schema(),
        "additionalProperties": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/case"}]},
    }
    # What is required may stand in each case instead of above them; the parser says which case lacks it.
    required = [name for name in whole.pop("required") if name != "duration"]
    whole["allOf"] = [
        _unless(("extends",), [name for name in required if name in _NOT_IN_A_CASE]),
        _unless(("extends", "cases"), required),
        _unless(("extends", "cases", "phases"), ["duration"]),
    ]
    whole["properties"]["extends"] = _EXTENDS
    definitions["case"] = case
    return {"$schema": _DIALECT, "title": "riskproof scenario", **whole, "$defs": definitions}


def _unless(keys: tuple[str, ...], required: list[str]) -> Schema:
    """``required``, unless one of ``keys`` is there."""
    return {"if": {"not": {"anyOf": [{"required": [key]} for key in keys]}}, "then": {"required": required}}


def _extensible(schema: Schema) -> Schema:
    """``schema``, complete unless it extends another file."""
    plain = {**schema, "properties": {**schema["properties"], "extends": _EXTENDS}}
    loose = relaxed({**plain, "properties": {name: relaxed(value) for name, value in plain["properties"].items()}})
    return {
        **loose,
        "if": {"not": {"required": ["extends"]}},
        "then": {"properties": schema["properties"], "required": schema["required"]},
    }


_DRAWN = {"$ref": "#/$defs/distribution"}
_NOT_DRAWN = ("inject", "fault", "after")


def _drawable(injection: Schema) -> Schema:
    """An injection's schema where a distribution may stand for any single value but its name, fault and `after`."""
    properties = {
        name: value if name in _NOT_DRAWN else _or_drawn(value) for name, value in injection["properties"].items()
    }
    by_fault = [{**rule, "then": _drawable_part(rule["then"])} for rule in injection["allOf"]]
    return {**injection, "properties": properties, "allOf": by_fault}


def _drawable_part(part: Schema) -> Schema:
    properties: Schema = {}
    for name, value in part["properties"].items():
        if isinstance(value, dict) and "properties" in value:
            inner = {key: _or_drawn(one) for key, one in value["properties"].items()}
            properties[name] = {**value, "properties": inner}
        else:
            properties[name] = _or_drawn(value)
    return {**part, "properties": properties}


def _or_drawn(value: Schema | bool) -> Schema | bool:
    """``value``, or a distribution in its place; what is no single value, or not allowed at all, stays as it is."""
    if not isinstance(value, dict) or "anyOf" not in value:
        return value
    return {**value, "anyOf": [*value["anyOf"], _DRAWN]}
