"""YAML as nodes that remember where they stand in the file, so that every later error can point at its cause.

Scalars stay text: what a value means is decided by the field that it stands in, not by YAML's guesses (``on`` is no
boolean here, ``1:30`` no sexagesimal number).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from lab.scenario.errors import Mark, nearest_path, problem

FILE_LIMIT_BYTES = 1_000_000
NODE_LIMIT = 50_000  # after aliases are followed: a bomb of aliases ends here
DEPTH_LIMIT = 40
_REMEMBERED = 32
"""Files whose nodes are kept as they are read again with each scenario: firms, limits, markets, templates."""


_NOT_IN_YAML = yaml.reader.Reader.NON_PRINTABLE


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
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):  # a pipe would keep us waiting, and files are read more than once
            what = "this is a directory" if stat.S_ISDIR(mode) else "this is no ordinary file"
            raise problem(whole, "", what, "a YAML file")
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > FILE_LIMIT_BYTES:
                raise problem(whole, "", f"the file has {size:,} bytes", f"at most {FILE_LIMIT_BYTES:,} bytes")
            content = file.read()
    except OSError as error:
        meant = nearest_path(path) if isinstance(error, FileNotFoundError) else ""
        raise problem(whole, "", f"cannot be read: {error.strerror or error}", "a readable YAML file", meant) from error
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        raise problem(
            Mark(shown_as, line, column), "", f"byte 0x{content[error.start]:02x} is not UTF-8", "UTF-8 text"
        ) from error
    return parse_yaml(text, shown_as)


@lru_cache(maxsize=_REMEMBERED)
def parse_yaml(text: str, shown_as: str) -> Node:
    """Parse the text of one YAML document; ``shown_as`` names it in errors."""
    strange = _NOT_IN_YAML.search(text)
    if strange:
        line, column = text.count("\n", 0, strange.start()) + 1, strange.start() - text.rfind("\n", 0, strange.start())
        message = f"not YAML: the character U+{ord(strange[0]):04X}"
        raise problem(Mark(shown_as, line, column), "", message, "text without control characters")
    loader = yaml.CSafeLoader(text)
    try:
        return _Builder(loader, shown_as).document()
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        mark = Mark(shown_as, at.line + 1, at.column + 1) if at else Mark(shown_as, 0, 0)
        reason = " ".join(part for part in (error.context, error.problem) if part)
        raise problem(mark, "", f"not YAML: {reason}", "YAML") from error
    except yaml.YAMLError as error:
        raise problem(Mark(shown_as, 0, 0), "", f"not YAML: {error}".splitlines()[0], "YAML") from error
    finally:
        loader.dispose()


class _Builder:
    """Builds nodes from the parser's events, so that a hostile file meets a bound before it meets the stack.

    An alias shares the node that it stands for, and counts as much as that node does.
    """

    def __init__(self, loader: yaml.CSafeLoader, shown_as: str) -> None:
        self._loader = loader
        self._file = shown_as
        self._count = 0
        self._anchored: dict[str, tuple[Node, int]] = {}

    def document(self) -> Node:
        loader = self._loader
        loader.get_event()  # the stream's start
        if loader.check_event(yaml.StreamEndEvent):
            raise problem(Mark(self._file, 1, 1), "", "the file is empty", "a mapping")
        loader.get_event()  # the document's start
        root = self._build(self._next(), 0)
        loader.get_event()  # the document's end
        if not loader.check_event(yaml.StreamEndEvent):
            raise problem(self._mark(self._next()), "", "a second document begins", "one YAML document")
        return root

    def _next(self) -> Any:
        """The next event; its attributes depend on what it is, and PyYAML's types do not say how."""
        return self._loader.get_event()

    def _mark(self, event: Any) -> Mark:
        at = event.start_mark
        return Mark(self._file, at.line + 1, at.column + 1)

    def _build(self, event: Any, depth: int) -> Node:
        mark = self._mark(event)
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(str(event.anchor), mark)
        before = self._count
        self._add(1, mark)
        if depth > DEPTH_LIMIT:
            raise problem(mark, "", "nested too deeply", f"at most {DEPTH_LIMIT} levels")
        if event.tag is not None:
            raise problem(mark, "", f"the tag {event.tag} has no meaning here", "a value without a tag")
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = Scalar(mark, event.value, bool(event.style))
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._list(mark, depth)
        else:
            node = self._map(mark, depth)
        if event.anchor is not None:
            self._anchored[event.anchor] = (node, self._count - before)
        return node

    def _add(self, count: int, mark: Mark) -> None:
        self._count += count
        if self._count > NODE_LIMIT:
            raise problem(mark, "", "holds too many values, aliases followed", f"at most {NODE_LIMIT:,} values")

    def _aliased(self, anchor: str, mark: Mark) -> Node:
        if anchor not in self._anchored:
            raise problem(
                mark, "", f"the alias *{anchor} stands for nothing", "an alias of what stands complete above it"
            )
        node, size = self._anchored[anchor]
        self._add(size, mark)
        return node

    def _list(self, mark: Mark, depth: int) -> List:
        items: list[Node] = []
        while not self._loader.check_event(yaml.SequenceEndEvent):
            items.append(self._build(self._next(), depth + 1))
        self._loader.get_event()
        return List(mark, tuple(items))

    def _map(self, mark: Mark, depth: int) -> Map:
        entries: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        while not self._loader.check_event(yaml.MappingEndEvent):
            event = self._next()
            key_mark = self._mark(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise problem(key_mark, "", "a key is not a name", "a plain name before the colon")
            key = event.value
            if key == "<<" and not event.style:
                raise problem(key_mark, key, "merge keys have no meaning here", "an alias (*name), or `extends`")
            if key in keys:
                raise problem(key_mark, key, f"written twice, first in line {keys[key].line}", "each key once")
            keys[key] = key_mark
            entries[key] = self._build(self._next(), depth + 1)
        self._loader.get_event()
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
