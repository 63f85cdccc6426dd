"""From files to one tree: what a file extends lies under it, a case and `--set` over it, variables are filled in."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from lab.scenario.agreement import dotted, label_of
from lab.scenario.errors import Mark, ScenarioError, nearest_name, one_of, problem, shortened
from lab.scenario.yaml_nodes import (
    FILE_LIMIT_BYTES,
    List,
    Map,
    Node,
    Scalar,
    as_map,
    describe,
    load_yaml,
    merge,
    parse_yaml,
    without,
)

EXTENDS_LIMIT = 8
_REFERENCE = re.compile(r"\$\{([^{}]*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KIND = re.compile(r"riskproof-(scenario|firm|market|limits|template|controls)")


class Assignment(NamedTuple):
    """``path=value`` as an option of the command line gives it; ``option`` names it in errors."""

    option: str
    text: str


def refuse_other_kinds(root: Map, schema: str) -> None:
    """Refuse a file that says it is of another kind than ``schema``, before each of its keys is called unknown."""
    said = root.entries.get("schema")
    kind = _KIND.match(said.text) if isinstance(said, Scalar) else None
    if said is not None and kind and kind[0] != schema.partition("/")[0]:
        raise problem(said.mark, "schema", f"this is a {kind[1]} file", f"a file with {schema}")


def load_document(path: Path, shown_as: str, schema: str = "", _chain: tuple[str, ...] = ()) -> Map:
    """The mapping in the file at ``path``, laid over what it extends. Every node knows its own file.

    With ``schema``, a file of another kind is refused.
    """
    root = as_map(load_yaml(path, shown_as), "", "a mapping of keys")
    if schema:
        refuse_other_kinds(root, schema)
    reference = root.entries.get("extends")
    if reference is None:
        return root
    if not isinstance(reference, Scalar) or reference.is_null:
        raise problem(reference.mark, "extends", f"is {describe(reference)}", "a path relative to this file")
    chain = (*_chain, os.path.realpath(path))
    base = path.parent / reference.text
    if not os.path.isfile(base):
        near = nearest_name(base.name, sorted(entry.name for entry in base.parent.glob("*.yaml")))
        raise problem(reference.mark, "extends", f"`{reference.text}` is no file", "a path relative to this file", near)
    if os.path.realpath(base) in chain:
        raise problem(reference.mark, "extends", f"`{reference.text}` extends this file in turn", "no circle of files")
    if len(chain) >= EXTENDS_LIMIT:
        raise problem(reference.mark, "extends", "the chain is too long", f"at most {EXTENDS_LIMIT} files")
    shown_base = os.path.normpath(os.path.join(os.path.dirname(shown_as), reference.text))
    merged = merge(load_document(base, shown_base, schema, chain), without(root, "extends"))
    return as_map(merged, "")


def apply_sets(root: Map, assignments: Sequence[Assignment], where: str = "") -> Map:
    """``root`` with each ``path=value`` laid over it. An entry of a list is named by its `inject` or its number.

    ``where`` tells, in errors, which of several cases ``root`` is.
    """
    for assignment in assignments:
        shown_as = shortened(assignment.option, 80)
        path, equals, text = assignment.text.partition("=")
        steps = path.strip().split(".")
        if not equals or not all(steps):
            raise problem(Mark(shown_as, 0, 0), "", "cannot be read", "path=value, such as variables.depth=20 bp")
        value = _value(text, shown_as) if text.strip() else Scalar(Mark(shown_as, 0, 0), "")
        if steps[0] in ("schema", "scenario", "cases", "extends"):
            raise problem(Mark(shown_as, 0, 0), steps[0], "cannot be set from outside", "a key of the experiment")
        try:
            root = as_map(_placed(root, steps, (), _unplaced(value, shown_as), shown_as), "")
        except ScenarioError as error:
            raise ScenarioError(
                msgspec.structs.replace(one, message=one.message + where) for one in error.problems
            ) from error
    return root


def _value(text: str, shown_as: str) -> Node:
    try:
        return parse_yaml(text, shown_as)
    except ScenarioError as error:  # lines and columns inside an option help nobody
        told = [msgspec.structs.replace(one, line=0, column=0) for one in error.problems]
        raise ScenarioError(told) from error


def _placed(node: Node | None, steps: Sequence[str], before: tuple[str | int, ...], value: Node, shown_as: str) -> Node:
    if not steps:
        return value
    step, here = steps[0], Mark(shown_as, 0, 0)
    if node is None or (isinstance(node, Scalar) and node.is_null):
        if step.isdecimal():
            raise problem(here, dotted(before), f"has no entry `{step}`", "nothing: the list is empty")
        node = Map(here, {}, {})
    if isinstance(node, Map):
        if before == ("variables",) and step not in node.entries:
            names = tuple(node.entries)
            expected = one_of(names) or "nothing: it has no variables"
            raise problem(here, "variables", f"`{step}` is no variable of it", expected, nearest_name(step, names))
        child = _placed(node.entries.get(step), steps[1:], (*before, step), value, shown_as)
        return Map(node.mark, {**node.entries, step: child}, {**node.keys, step: node.keys.get(step, here)})
    if isinstance(node, List):
        index = _position(node, step, before, here)
        items = list(node.items)
        items[index] = _placed(items[index], steps[1:], (*before, step), value, shown_as)
        return List(node.mark, tuple(items))
    raise problem(here, dotted(before), f"is {describe(node)}, with nothing inside", "the path of a field")


def _position(node: List, step: str, before: tuple[str | int, ...], here: Mark) -> int:
    names = []
    for index, item in enumerate(node.items):
        names.append(str(label_of(item, index)))
    if step in names:
        return names.index(step)
    if step.isdecimal() and int(step) < len(node.items):
        return int(step)
    expected = one_of(names) or "nothing: the list is empty"
    raise problem(here, dotted(before), f"has no entry `{step}`", expected, nearest_name(step, names))


def _unplaced(node: Node, shown_as: str) -> Node:
    """``node`` with the option as its place: lines and columns inside an option help nobody."""
    mark = Mark(shown_as, 0, 0)
    if isinstance(node, Scalar):
        return Scalar(mark, node.text, node.quoted)
    if isinstance(node, List):
        return List(mark, tuple(_unplaced(item, shown_as) for item in node.items))
    entries = {key: _unplaced(value, shown_as) for key, value in node.entries.items()}
    return Map(mark, entries, dict.fromkeys(entries, mark))


def fill_in(root: Map) -> Map:
    """``root`` without `variables`, every ``${name}`` replaced. A value that is one whole reference keeps its type."""
    node = root.entries.get("variables")
    if node is None or (isinstance(node, Scalar) and node.is_null):
        variables: dict[str, Node] = {}
    else:
        declared = as_map(node, "variables", "a mapping from names to values")
        for name, mark in declared.keys.items():
            if not _NAME.fullmatch(name):
                raise problem(mark, "variables", f"`{name}` is no name", "a name of small letters, digits and _")
        for name, value in declared.entries.items():
            for nested in _scalars(value):
                if _REFERENCE.search(nested.text):
                    raise problem(nested.mark, f"variables.{name}", "refers to a variable", "a value of its own")
        variables = dict(declared.entries)
    filled = as_map(substitute(without(root, "variables", "templates"), variables), "")
    templates = root.entries.get("templates")  # whose references are to their own parameters
    if templates is None:
        return filled
    keys = {**filled.keys, "templates": root.keys["templates"]}
    return Map(filled.mark, {**filled.entries, "templates": templates}, keys)


def substitute(
    node: Node, values: Mapping[str, Node], *, what: str = "variable", place: tuple[str | int, ...] = ()
) -> Node:
    """``node`` with every ``${name}`` replaced by its value. A value that is one whole reference keeps its type.

    ``what`` the names are, for errors; ``place``: the path of ``node``. Raises ScenarioError.
    """
    return _Filler(values, what).fill(node, place)


class _Filler:
    """Replaces references, with a bound on what they may expand to."""

    def __init__(self, values: Mapping[str, Node], what: str) -> None:
        self._values = values
        self._what = what
        self._left = FILE_LIMIT_BYTES

    def fill(self, node: Node, path: tuple[str | int, ...]) -> Node:
        if isinstance(node, Map):
            entries = {key: self.fill(value, (*path, key)) for key, value in node.entries.items()}
            return Map(node.mark, entries, node.keys)
        if isinstance(node, List):
            filled = (self.fill(item, (*path, label_of(item, at))) for at, item in enumerate(node.items))
            return List(node.mark, tuple(filled))
        if "${" not in node.text:
            return node
        whole = _REFERENCE.fullmatch(node.text)
        if whole:
            return self._lookup(whole[1], node, path)
        return Scalar(node.mark, _REFERENCE.sub(lambda found: self._inline(found[1], node, path), node.text), True)

    def _lookup(self, name: str, node: Scalar, path: tuple[str | int, ...]) -> Node:
        value = self._values.get(name)
        if value is None:
            expected = one_of(self._values) or f"nothing: there are no {self._what.split()[0]}s"
            near = nearest_name(name, self._values)
            raise problem(node.mark, dotted(path), f"`{name}` is no {self._what}", expected, near)
        self._left -= sum(len(scalar.text) + 1 for scalar in _scalars(value))
        if self._left < 0:
            raise problem(
                node.mark, dotted(path), f"{self._what}s expand to too much", f"at most {FILE_LIMIT_BYTES:,} bytes"
            )
        return value

    def _inline(self, name: str, node: Scalar, path: tuple[str | int, ...]) -> str:
        value = self._lookup(name, node, path)
        if not isinstance(value, Scalar):
            raise problem(node.mark, dotted(path), f"`{name}` is {describe(value)}, inside a text", "a single value")
        return value.text


def _scalars(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    children = node.items if isinstance(node, List) else tuple(node.entries.values())
    return [scalar for child in children for scalar in _scalars(child)]


def undeclared_variables(root: Map, case: Map, field: str) -> None:
    """Refuse a case that gives a variable which the file does not declare: that can only be a typing error."""
    given = case.entries.get("variables")
    if not isinstance(given, Map):
        return
    declared = root.entries.get("variables")
    names = tuple(declared.entries) if isinstance(declared, Map) else ()
    for name in given.entries:
        if name not in names:
            expected = one_of(names) or "nothing: the file declares none"
            raise problem(
                given.keys[name], f"{field}.variables.{name}", "is not declared", expected, nearest_name(name, names)
            )
