"""Templates: parts of scenarios with typed parameters, written once and used with different arguments.

A template stands under `templates` of the file itself, or in a file of its own (``scenarios/templates/NAME.yaml``). Its
body may refer to its parameters alone, as ``${name}``; every node keeps the place where it was written, so that a
mistake in a body is told there, and one in an argument where the template is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from lab.scenario.agreement import label_of
from lab.scenario.draws import is_distribution
from lab.scenario.errors import nearest_name, one_of, problem
from lab.scenario.kinds import Findings, Kind, ListOf, Schema, join
from lab.scenario.records import Key, Record, record
from lab.scenario.scalars import ASSET, NAME, PAIR, UNBOUNDED, Choice, Duration, Real, Share, Text
from lab.scenario.sources import load_document, substitute
from lab.scenario.yaml_nodes import List, Map, Node, Scalar, as_map, describe

TEMPLATE_SCHEMA = "riskproof-template/1"
BODY = ("timeline", "expect", "expect_miss", "forbid", "assert", "stop_when")
"""The lists that a template may add to."""

USES_LIMIT = 50
_AMOUNT = Text("an amount, such as 250k USD or 12.5", r"-?[0-9]+(\.[0-9]+)? ?[kM]?( [A-Z][A-Z0-9]*)?", 60)
TYPES: dict[str, Kind[Any]] = {
    "duration": Duration(),
    "share": Share(0.0, 100.0),
    "amount": _AMOUNT,
    "asset": ASSET,
    "pair": PAIR,
    "venue": NAME,
    "account": NAME,
    "strategy": NAME,
    "number": Real(-UNBOUNDED, UNBOUNDED),
    "text": Text(),
    "choice": Text(),
}
_DRAWABLE = ("duration", "share", "number", "choice")


class Argument(NamedTuple):
    """What was given for a parameter that names something of the firm; the firm is known only later."""

    type: str  # asset, pair, venue, account or strategy
    node: Scalar
    field: str


class _AnyNode(Kind[Node]):
    expected = "a value"

    def read(self, node: Node, field: str) -> Node:
        return node

    def schema(self) -> Schema:
        return {}


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of a template."""

    type: Annotated[str, Key(Choice(TYPES), "what may be given for it")]
    default: Annotated[Node | None, Key(_AnyNode(), "what it is where nothing is given; required without one")] = None
    of: Annotated[tuple[str, ...], Key(ListOf(Text(), most=50), "the words of a `choice`")] = ()
    doc: Annotated[str, Key(Text(), "what it means")] = ""

    def __post_init__(self) -> None:
        if (self.type == "choice") != bool(self.of):
            raise ValueError("`of` lists the words of a choice, and of nothing else")

    @property
    def kind(self) -> Kind[Any]:
        return Choice(self.of) if self.of else TYPES[self.type]


Find = Callable[[str, Iterable[str], Node, str], tuple[Path, str]]


class Template(NamedTuple):
    """A template, read; ``place`` begins the paths of its own fields."""

    name: str
    parameters: Mapping[str, Parameter]
    body: Map
    place: str


class _TemplateText(msgspec.Struct, frozen=True, kw_only=True):
    """A template of a file's own."""

    description: Annotated[str, Key(Text(), "what it does")] = ""
    parameters: Annotated[Node | None, Key(_AnyNode(), "its parameters by name")] = None
    body: Annotated[Node, Key(_AnyNode(), "what it adds")]


class _TemplateFile(_TemplateText, frozen=True, kw_only=True):
    """A template in a file of its own."""

    schema: Annotated[str, Key(Choice((TEMPLATE_SCHEMA,)), "the language of this file")]
    template: Annotated[str, Key(NAME, "the file's stem")]


class _Use(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a template."""

    template: Annotated[str, Key(NAME, "which")]
    arguments: Annotated[Node | None, Key(_AnyNode(), "its parameters' values", "with")] = None
    prefix: Annotated[str, Key(NAME, "goes before the names of its injections, with a _", "as")] = ""


def read_template_file(path: Path, shown_as: str) -> Template:
    """The template in the file at ``path``. Raises ScenarioError."""
    root = load_document(path, shown_as, TEMPLATE_SCHEMA)
    text = record(_TemplateFile).read(root, "")
    if re.fullmatch(r"[a-z][a-z0-9_]*", path.stem) and text.template != path.stem:
        mark = root.entries["template"].mark
        raise problem(mark, "template", f"`{text.template}` is not the name of its file", path.stem)
    return _template(text.template, text, "")


def _template(name: str, text: _TemplateText, place: str) -> Template:
    parameters: dict[str, Parameter] = {}
    found = Findings()
    if text.parameters is not None:
        at = join(place, "parameters")
        for one, node in as_map(text.parameters, at, "a mapping from names to parameters").entries.items():
            found.take(NAME.read, Scalar(node.mark, one), at)
            parameter = found.take(record(Parameter).read, node, join(at, one))
            if parameter is not None:
                parameters[one] = parameter
                if parameter.default is not None:
                    found.take(partial(_checked, parameter), parameter.default, f"{at}.{one}.default")
    at = join(place, "body")
    body = as_map(text.body, at, f"a mapping with {one_of(BODY)}")
    for key, node in body.entries.items():
        if key not in BODY:
            found.add(
                problem(body.keys[key], join(at, key), "unknown key", one_of(BODY), nearest_name(key, BODY)).problems
            )
        elif not isinstance(node, List):
            found.add(problem(node.mark, join(at, key), f"is {describe(node)}", "a list").problems)
    found.raise_if_any()
    # Every reference must be to a parameter, whether or not this use would come across it.
    nothing = Scalar(body.mark, "nothing", True)
    substitute(body, dict.fromkeys(parameters, nothing), what="parameter of the template", place=(at,))
    return Template(name, parameters, body, place)


def expand(root: Map, find: Find) -> tuple[Map, tuple[Argument, ...]]:
    """``root`` with what its `use` adds, and the arguments that the firm must know.

    ``find(name, own, node, field)`` gives the file of a template that is none of the file's ``own``. Raises
    ScenarioError.
    """
    own = _own_templates(root)
    uses = root.entries.get("use")
    whole = Map(
        root.mark,
        {key: node for key, node in root.entries.items() if key not in ("templates", "use")},
        {key: mark for key, mark in root.keys.items() if key not in ("templates", "use")},
    )
    if uses is None or (isinstance(uses, Scalar) and uses.is_null):
        return whole, ()
    if not isinstance(uses, List):
        raise problem(uses.mark, "use", f"is {describe(uses)}", "a list of templates to use")
    if len(uses.items) > USES_LIMIT:
        raise problem(uses.mark, "use", f"has {len(uses.items)} items", f"at most {USES_LIMIT}")
    arguments: list[Argument] = []
    found = Findings()
    for index, node in enumerate(uses.items):
        label = label_of(node, index)
        field = f"use[{label}]" if isinstance(label, int) else f"use.{label}"
        added = found.take(partial(_used, own, find, arguments), node, field)
        if added is not None:
            whole = _appended(whole, added)
    found.raise_if_any()
    return whole, tuple(arguments)


def _own_templates(root: Map) -> dict[str, Template]:
    node = root.entries.get("templates")
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return {}
    entries = as_map(node, "templates", "a mapping from names to templates")
    found = Findings()
    own: dict[str, Template] = {}
    for name, child in entries.entries.items():
        place = f"templates.{name}"
        found.take(NAME.read, Scalar(entries.keys[name], name), "templates")
        text = found.take(record(_TemplateText).read, child, place)
        if text is not None:
            template = found.take(lambda _, at, name=name, text=text: _template(name, text, at), child, place)  # type: ignore[misc]
            if template is not None:
                own[name] = template
    found.raise_if_any()
    return own


def _used(
    own: Mapping[str, Template],
    find: Find,
    arguments: list[Argument],
    node: Node,
    field: str,
) -> Map:
    """What one use adds to the scenario."""
    use = record(_Use).read(node, field)
    template = own.get(use.template)
    if template is None:
        named = as_map(node, field).entries["template"]
        template = read_template_file(*find(use.template, tuple(own), named, join(field, "template")))
    values = _given(template, use, node, join(field, "with"), arguments)
    place = (join(template.place, "body"),)
    body = as_map(substitute(template.body, values, what="parameter of the template", place=place), field)
    return _prefixed(body, use.prefix) if use.prefix else body


def _given(template: Template, use: _Use, node: Node, field: str, arguments: list[Argument]) -> dict[str, Node]:
    """The value of every parameter."""
    given = Map(node.mark, {}, {}) if use.arguments is None else as_map(use.arguments, field, "a mapping of arguments")
    found = Findings()
    known = tuple(template.parameters)
    for name in given.entries:
        if name not in known:
            expected = one_of(known) or f"nothing: {template.name} has no parameters"
            message = f"{template.name} has no such parameter"
            found.add(
                problem(given.keys[name], join(field, name), message, expected, nearest_name(name, known)).problems
            )
    values: dict[str, Node] = {}
    for name, parameter in template.parameters.items():
        value = given.entries.get(name, parameter.default)
        if value is None:
            expected = parameter.kind.expected
            found.add(problem(given.mark, join(field, name), "is missing", expected).problems)
        elif found.take(partial(_checked, parameter), value, join(field, name)) is not None:
            values[name] = value
            if parameter.type in ("asset", "pair", "venue", "account", "strategy") and isinstance(value, Scalar):
                arguments.append(Argument(parameter.type, value, join(field, name)))
    found.raise_if_any()
    return values


def _checked(parameter: Parameter, node: Node, field: str) -> Node:
    """``node``, if it is what the parameter asks for, or a distribution of it."""
    if not (parameter.type in _DRAWABLE and is_distribution(node)):
        parameter.kind.read(node, field)
    return node


def _prefixed(body: Map, prefix: str) -> Map:
    """``body`` with ``prefix`` before the names of its injections, and wherever it speaks of them."""
    names = {
        named.text
        for item in _items(body, "timeline")
        if isinstance(item, Map) and isinstance(named := item.entries.get("inject"), Scalar)
    }

    def renamed(item: Node, keys: Iterable[str]) -> Node:
        if not isinstance(item, Map):
            return item
        entries = dict(item.entries)
        for key in keys:
            value = entries.get(key)
            if isinstance(value, Scalar):
                first, space, rest = value.text.partition(" ")
                if first in names:
                    entries[key] = Scalar(value.mark, f"{prefix}_{first}{space}{rest}", value.quoted)
        return Map(item.mark, entries, item.keys)

    entries: dict[str, Node] = dict(body.entries)
    for part, keys in (("timeline", ("inject", "after")), ("expect", ("injection",))):
        if part in entries:
            entries[part] = List(entries[part].mark, tuple(renamed(item, keys) for item in _items(body, part)))
    return Map(body.mark, entries, body.keys)


def _items(body: Map, name: str) -> tuple[Node, ...]:
    node = body.entries.get(name)
    return node.items if isinstance(node, List) else ()


def _appended(whole: Map, added: Map) -> Map:
    """``whole`` with the lists of ``added`` after its own."""
    entries, keys = dict(whole.entries), dict(whole.keys)
    for name, node in added.entries.items():
        before = entries.get(name)
        if before is None or (isinstance(before, Scalar) and before.is_null):
            entries[name] = List(node.mark, _items(added, name))
            keys[name] = added.keys[name]
        elif isinstance(before, List):
            entries[name] = List(before.mark, (*before.items, *_items(added, name)))
    return Map(whole.mark, entries, keys)


def template_schema() -> Schema:
    """JSON Schema of a template file, its body loosely: what parameters stand for is known where it is used."""
    schema = Record(_TemplateFile).schema()
    schema["properties"]["parameters"] = {"type": "object", "additionalProperties": record(Parameter).schema()}
    schema["properties"]["body"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"type": "array"} for name in BODY},
    }
    return schema


def uses_schema() -> dict[str, Schema]:
    """JSON Schema of the keys `templates` and `use` of a scenario."""
    whole = template_schema()
    whole["properties"] = {name: one for name, one in whole["properties"].items() if name not in ("schema", "template")}
    whole["required"] = ["body"]
    use = record(_Use).schema()
    use["properties"]["with"] = {"type": "object"}
    return {
        "templates": {
            "description": "templates of this file alone",
            "type": "object",
            "additionalProperties": whole,
        },
        "use": {"description": "templates to use, with their arguments", "type": ["array", "null"], "items": use},
    }
