"""YAML read strictly: a tree of nodes that know their line, and nothing that a limits file does not need.

One document, of mappings, sequences and scalars; no anchors, aliases, tags or merge keys (an alias can make a small
file stand for a gigantic one), no duplicate keys. Everything else is an error with its place.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import yaml

MAX_BYTES = 1_000_000
"""A limits file is a few kilobytes; a thousand times that is a mistake."""

MAX_DEPTH = 16

_MOST_SHOWN = 200
"""Characters of a message: what a file of another kind holds must not flood the terminal."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class LimitsError(ValueError):
    """The limits file is wrong: where, why, what was expected, and the nearest valid name if a name was misspelt.

    ``line`` and ``column`` count from 1; 0 when the file as a whole is meant.
    """

    def __init__(
        self,
        file: str,
        line: int,
        column: int,
        field: str,
        message: str,
        expected: str = "",
        nearest: str = "",
    ) -> None:
        self.file = file
        self.line = line
        self.column = column
        self.field = field
        if len(message) > _MOST_SHOWN:
            message = f"{message[: _MOST_SHOWN // 2]} … {message[-_MOST_SHOWN // 2 :]}"
        self.message = message
        self.expected = expected
        self.nearest = nearest
        place = f"{file}:{line}:{column}" if line else file
        text = f"{place}: {field}: {message}" if field else f"{place}: {message}"
        if expected:
            text += f"; expected {expected}"
        if nearest:
            text += f"; did you mean {nearest}?"
        super().__init__(text)


class Scalar(msgspec.Struct, frozen=True):
    text: str
    line: int
    column: int


class Sequence(msgspec.Struct, frozen=True):
    items: tuple[Node, ...]
    line: int
    column: int


class Mapping(msgspec.Struct, frozen=True):
    entries: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int

    def get(self, key: str) -> Node | None:
        return next((node for name, node in self.entries if name.text == key), None)


Node = Scalar | Sequence | Mapping


def read(source: str | bytes, file: str) -> Node:
    """The tree of a YAML text. Raises ``LimitsError``."""
    if isinstance(source, bytes):
        if len(source) > MAX_BYTES:
            raise LimitsError(file, 0, 0, "", "the file is too large", f"at most {MAX_BYTES:,} bytes")
        raw = source
        try:
            source = raw.decode()
        except UnicodeDecodeError as error:
            line, column = _line_and_column(raw[: error.start].decode())
            raise LimitsError(file, line, column, "", "not UTF-8", "text in UTF-8") from None
    if len(source) > MAX_BYTES:
        raise LimitsError(file, 0, 0, "", "the file is too large", f"at most {MAX_BYTES:,} bytes")
    try:
        return _Reader(yaml.parse(source, Loader=_Loader), file).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise LimitsError(file, line, column, "", f"not YAML: {error.problem or error.context}", "valid YAML") from None
    except yaml.reader.ReaderError as error:
        line, column = _line_and_column(source[: source.find(chr(error.character))])
        message = f"the character {error.character:#04x}, which no text holds"
        raise LimitsError(file, line, column, "", message, "text in UTF-8") from None
    except yaml.YAMLError as error:
        raise LimitsError(file, 0, 0, "", f"not YAML: {str(error).splitlines()[0]}", "valid YAML") from None


class _Reader:
    """Builds nodes from the parser's events, which keeps depth and aliases in our hands."""

    def __init__(self, events: Iterator[yaml.Event], file: str) -> None:
        self._events = events
        self._file = file

    def document(self) -> Node:
        event = next(self._events)
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise LimitsError(self._file, 0, 0, "", "the file is empty", "a mapping")
        root = self._node(event, "", 0)
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise self._error(event, "", "a second document", "one document")
        return root

    def _node(self, event: yaml.Event, field: str, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            raise self._error(event, field, "an alias", "the value itself: aliases are not read here")
        if depth > MAX_DEPTH:
            raise self._error(event, field, "nested too deep", f"at most {MAX_DEPTH} levels")
        if getattr(event, "anchor", None) is not None:
            raise self._error(event, field, "an anchor", "the value itself: anchors are not read here")
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            raise self._error(event, field, f"tag {tag}", "a plain value: tags are not read here")
        line, column = _place(event)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, line, column)
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(tuple(self._items(field, depth)), line, column)
        return Mapping(self._entries(field, depth), line, column)

    def _items(self, field: str, depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._node(event, field, depth + 1)

    def _entries(self, field: str, depth: int) -> tuple[tuple[Scalar, Node], ...]:
        entries: list[tuple[Scalar, Node]] = []
        lines: dict[str, int] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, field, depth + 1)
            if not isinstance(key, Scalar):
                raise self._error(event, field, "a key that is not a name", "a name")
            inner = f"{field}.{key.text}" if field else key.text
            if key.text in lines:
                raise self._error(event, inner, f"given twice (first in line {lines[key.text]})", "each key once")
            lines[key.text] = key.line
            entries.append((key, self._node(next(self._events), inner, depth + 1)))
        return tuple(entries)

    def _error(self, event: yaml.Event, field: str, message: str, expected: str) -> LimitsError:
        return LimitsError(self._file, *_place(event), field, message, expected)


def _line_and_column(before: str) -> tuple[int, int]:
    """Where a text goes on, counted from 1."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)
