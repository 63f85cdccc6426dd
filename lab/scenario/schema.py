"""The JSON Schemas, built from the very declarations that the parser reads by."""

from __future__ import annotations

from lab.scenario.document import SCENARIO
from lab.scenario.firm_file import FirmFile
from lab.scenario.kinds import Schema
from lab.scenario.market_file import MarketFile
from lab.scenario.records import relaxed
from lab.scenario.scalars import NAME

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EXTENDS = {"description": "a file that this one is laid over, relative to it", "type": "string"}
_NOT_IN_A_CASE = ("schema", "scenario", "seed")


def schema_of(what: str) -> Schema:
    """The schema of ``scenario``, ``firm`` or ``market`` files.

    A file that extends another may leave out what the other says, so only a file that extends none must be complete.
    """
    if what == "scenario":
        return _scenario_schema()
    kind: FirmFile | MarketFile = FirmFile() if what == "firm" else MarketFile()
    return _extensible({"$schema": _DIALECT, "title": f"riskproof {what}", **kind.schema()})


def _scenario_schema() -> Schema:
    whole = SCENARIO.schema()
    timeline = whole["properties"]["timeline"]
    definitions = {"market": MarketFile().schema(), "injection": timeline["items"]}
    whole["properties"]["timeline"] = {**timeline, "items": {"$ref": "#/$defs/injection"}}
    case = relaxed({**whole, "properties": {k: v for k, v in whole["properties"].items() if k not in _NOT_IN_A_CASE}})
    variables = {
        "description": "values to refer to as ${name}",
        "type": "object",
        "propertyNames": NAME.schema(),
    }
    case["properties"]["variables"] = variables
    whole["properties"]["variables"] = variables
    whole["properties"]["cases"] = {
        "description": "variants, each laid over the rest of the file",
        "type": ["object", "null"],
        "propertyNames": NAME.schema(),
        "additionalProperties": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/case"}]},
    }
    # What is required may stand in each case instead of above them; the parser says which case lacks it.
    required = whole.pop("required")
    whole["allOf"] = [
        _unless(("extends",), [name for name in required if name in _NOT_IN_A_CASE]),
        _unless(("extends", "cases"), required),
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
