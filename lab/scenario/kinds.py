"""What may stand in a field. A ``Kind`` reads a YAML node into a value, or says what was expected instead; the same
object describes itself as JSON Schema, so that parser and schema cannot part.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from lab.scenario.errors import Mark, Problem, ScenarioError, nearest_name, one_of, problem
from lab.scenario.yaml_nodes import List, Map, Node, Scalar, as_map, describe

T = TypeVar("T")
Schema = dict[str, Any]

REFERENCE_SCHEMA: Schema = {"type": "string", "pattern": r"\$\{[a-z][a-z0-9_]*\}"}


class Kind(ABC, Generic[T]):
    """One kind of value: ``expected`` completes the sentence "expected …"."""

    expected: str

    @abstractmethod
    def read(self, node: Node, field: str) -> T:
        """The value of ``node``. Raises ScenarioError, with every independent problem inside it."""

    @abstractmethod
    def schema(self) -> Schema:
        """JSON Schema (2020-12) of what ``read`` accepts."""


class ScalarKind(Kind[T]):
    """A value on one line, parsed from its text."""

    @abstractmethod
    def parse(self, text: str) -> T:
        """The value; ValueError carries the reason, which follows the quoted text."""

    def suggest(self, text: str) -> str:
        """The valid text nearest to ``text``, if there is a likely one."""
        return ""

    def read(self, node: Node, field: str) -> T:
        if not isinstance(node, Scalar) or node.is_null:
            raise problem(node.mark, field, f"is {describe(node)}", self.expected)
        try:
            return self.parse(node.text)
        except ValueError as error:
            raise problem(
                node.mark, field, f"{describe(node)} {error}", self.expected, self.suggest(node.text)
            ) from error


class ListOf(Kind[tuple[T, ...]]):
    """A list; every problem of every item is told."""

    def __init__(self, item: Kind[T], *, least: int = 0, most: int = 1_000) -> None:
        self._item, self._least, self._most = item, least, most
        self.expected = f"a list, each item {item.expected}"

    @property
    def item(self) -> Kind[T]:
        """What each entry is."""
        return self._item

    def read(self, node: Node, field: str) -> tuple[T, ...]:
        if not isinstance(node, List):
            raise problem(node.mark, field, f"is {describe(node)}", self.expected)
        if not self._least <= len(node.items) <= self._most:
            raise problem(node.mark, field, f"has {len(node.items)} items", f"{self._least} to {self._most} items")
        found = Findings()
        values = [found.take(self._item.read, item, f"{field}[{index}]") for index, item in enumerate(node.items)]
        found.raise_if_any()
        return tuple(value for value in values if value is not None)

    def schema(self) -> Schema:
        bounds = {"minItems": self._least, "maxItems": self._most}
        return {"type": "array", "items": or_reference(self._item.schema()), **bounds}


class MapOf(Kind[Mapping[str, T]]):
    """A mapping whose keys are names of one kind."""

    def __init__(self, key: ScalarKind[str], value: Kind[T]) -> None:
        self._key, self._value = key, value
        self.expected = f"a mapping from {key.expected} to {value.expected}"

    def read(self, node: Node, field: str) -> dict[str, T]:
        entries = as_map(node, field, self.expected)
        found = Findings()
        values: dict[str, T] = {}
        for name, value_node in entries.entries.items():
            found.take(self._key.read, Scalar(entries.keys[name], name), field)
            value = found.take(self._value.read, value_node, f"{field}.{name}")
            if value is not None:
                values[name] = value
        found.raise_if_any()
        return values

    def schema(self) -> Schema:
        return {
            "type": "object",
            "propertyNames": self._key.schema(),
            "additionalProperties": or_reference(self._value.schema()),
        }


class Findings:
    """Problems found so far, so that one reading tells all that are independent."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def take(self, read: Callable[[Node, str], T], node: Node, field: str) -> T | None:
        """The value, or None with its problems kept."""
        try:
            return read(node, field)
        except ScenarioError as error:
            self._problems.extend(error.problems)
            return None

    def add(self, problems: Iterable[Problem]) -> None:
        self._problems.extend(problems)

    def raise_if_any(self) -> None:
        if self._problems:
            raise ScenarioError(self._problems)


def unknown_keys(entries: Map, known: Iterable[str], field: str) -> list[Problem]:
    """One problem for each key that has no meaning there."""
    names = list(known)
    return [
        Problem(*entries.keys[key], join(field, key), "unknown key", one_of(names), nearest_name(key, names))
        for key in entries.entries
        if key not in names
    ]


def missing(mark: Mark, field: str, name: str, expected: str) -> Problem:
    """The problem that a required key is absent from the mapping at ``mark``."""
    return Problem(*mark, join(field, name), "is missing", expected)


def join(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def or_reference(schema: Schema) -> Schema:
    """``schema``, or a text in which a variable stands."""
    if schema.get("type") in ("object", "array") or "$ref" in schema:
        return schema
    return {"anyOf": [*schema.get("anyOf", [schema]), REFERENCE_SCHEMA]}
