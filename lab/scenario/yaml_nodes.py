"""YAML as nodes that remember where they stand in the file, so that every later error can point at its cause.

Scalars stay text: what a value means is decided by the field that it stands in, not by YAML's guesses (``on`` is no
boolean here, ``1:30`` no sexagesimal number).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import yaml

from lab.scenario.errors import Mark, ScenarioError, problem

FILE_LIMIT_BYTES = 1_000_000
NODE_LIMIT = 50_000  # after aliases are followed: a bomb of aliases ends here
DEPTH_LIMIT = 40


class Scalar(msgspec.Struct, frozen=True):
    """One value as it was written; ``quoted`` tells ``"null"`` from ``null``."""

    mark: Mark
    text: str
    quoted: bool = False

    @property
    def is_null(self) -> bool:
        return not self.quoted and self.text in ("", "~", "null", "Null", "NULL")


class List(msgspec.Struct, frozen=True):
    mark: Mark
    items: tuple[Node, ...]


class Map(msgspec.Struct, frozen=True):
    """A mapping in the order it was written; ``keys`` holds the place of each key."""

    mark: Mark
    entries: Mapping[str, Node]
    keys: Mapping[str, Mark]


Node = Scalar | List | Map


def load_yaml(path: Path, shown_as: str) -> Node:
    """Read one YAML file. Raises ScenarioError for anything that is not one bounded, unambiguous YAML document."""
    whole = Mark(shown_as, 0, 0)
    try:
        if path.is_dir():
            raise problem(whole, "", "this is a directory", "a YAML file")
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > FILE_LIMIT_BYTES:
                raise problem(whole, "", f"the file has {size:,} bytes", f"at most {FILE_LIMIT_BYTES:,} bytes")
            content = file.read(FILE_LIMIT_BYTES + 1)
    except OSError as error:
        raise problem(whole, "", f"cannot be read: {error.strerror or error}", "a readable YAML file") from error
    if len(content) > FILE_LIMIT_BYTES:
        raise problem(whole, "", "the file does not end", f"at most {FILE_LIMIT_BYTES:,} bytes")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        raise problem(
            Mark(shown_as, line, column), "", f"byte 0x{content[error.start]:02x} is not UTF-8", "UTF-8 text"
        ) from error
    return parse_yaml(text, shown_as)


def parse_yaml(text: str, shown_as: str) -> Node:
    """Parse the text of one YAML document; ``shown_as`` names it in errors."""
    loader = yaml.CSafeLoader(text)
    try:
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        mark = Mark(shown_as, at.line + 1, at.column + 1) if at else Mark(shown_as, 0, 0)
        if error.problem == "but found another document":
            raise problem(mark, "", "a second document begins", "one YAML document") from error
        raise problem(mark, "", f"not YAML: {_in_words(error)}", "YAML") from error
    except yaml.YAMLError as error:
        raise problem(Mark(shown_as, 0, 0), "", f"not YAML: {error}".splitlines()[0], "YAML") from error
    except RecursionError as error:
        raise problem(Mark(shown_as, 0, 0), "", "nested too deeply", f"at most {DEPTH_LIMIT} levels") from error
    finally:
        loader.dispose()
    if root is None:
        raise problem(Mark(shown_as, 1, 1), "", "the file is empty", "a mapping")
    return _Builder(shown_as).build(root, 0)


def _in_words(error: yaml.MarkedYAMLError) -> str:
    return " ".join(part for part in (error.context, error.problem) if part)


class _Builder:
    """Turns composed nodes into ours, with the bounds that a hostile file runs into."""

    def __init__(self, shown_as: str) -> None:
        self._file = shown_as
        self._count = 0

    def build(self, node: yaml.Node, depth: int) -> Node:
        mark = Mark(self._file, node.start_mark.line + 1, node.start_mark.column + 1)
        self._count += 1
        if self._count > NODE_LIMIT:
            raise problem(mark, "", "aliases expand to too much", f"at most {NODE_LIMIT:,} values")
        if depth > DEPTH_LIMIT:
            raise problem(mark, "", "nested too deeply, or an alias contains itself", f"at most {DEPTH_LIMIT} levels")
        if isinstance(node, yaml.ScalarNode):
            return Scalar(mark, node.value, node.style is not None)
        if isinstance(node, yaml.SequenceNode):
            return List(mark, tuple(self.build(item, depth + 1) for item in node.value))
        return self._build_map(mark, node.value, depth)

    def _build_map(self, mark: Mark, pairs: Sequence[tuple[yaml.Node, yaml.Node]], depth: int) -> Map:
        entries: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        for key_node, value_node in pairs:
            key_mark = Mark(self._file, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                raise problem(key_mark, "", "a key is not a name", "a plain name before the colon")
            key = key_node.value
            if key in keys:
                raise problem(key_mark, key, f"written twice, first in line {keys[key].line}", "each key once")
            keys[key] = key_mark
            entries[key] = self.build(value_node, depth + 1)
        return Map(mark, entries, keys)


def describe(node: Node) -> str:
    """What stands there, in a few words, for an error message."""
    if isinstance(node, Scalar):
        if node.is_null:
            return "nothing"
        text = node.text if len(node.text) <= 60 else node.text[:57] + "…"
        return f"`{text}`" if text else "an empty text"
    return "a list" if isinstance(node, List) else "a mapping"


def as_map(node: Node, field: str, expected: str = "a mapping") -> Map:
    """``node`` as a mapping, or the error that says what stands there instead."""
    if not isinstance(node, Map):
        raise problem(node.mark, field, f"is {describe(node)}", expected)
    return node


def merge(under: Node, over: Node) -> Node:
    """``over`` laid on ``under``: maps merge key by key, lists and values replace."""
    if not (isinstance(under, Map) and isinstance(over, Map)):
        return over
    entries = dict(under.entries)
    keys = dict(under.keys)
    for key, value in over.entries.items():
        entries[key] = merge(entries[key], value) if key in entries else value
        keys[key] = over.keys[key]
    return Map(over.mark, entries, keys)


def without(node: Map, *names: str) -> Map:
    """``node`` less the keys ``names``."""
    return Map(
        node.mark,
        {key: value for key, value in node.entries.items() if key not in names},
        {key: mark for key, mark in node.keys.items() if key not in names},
    )


__all__ = [
    "List",
    "Map",
    "Node",
    "Scalar",
    "ScenarioError",
    "as_map",
    "describe",
    "load_yaml",
    "merge",
    "parse_yaml",
    "without",
]
