"""The limits in force: the firm's limits file, with a scenario's overrides laid over it.

The monitor's own reader checks them, so that the laboratory and the monitor cannot differ on what a limits file is.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

from lab.scenario.errors import Mark, ScenarioError, problem
from lab.scenario.sources import refuse_other_kinds
from lab.scenario.yaml_nodes import List, Map, Node, Scalar, as_map, load_yaml, merge
from risk_monitor.limits import SCHEMA as LIMITS_SCHEMA
from risk_monitor.limits import Limits, parse_limits
from risk_monitor.yaml_nodes import LimitsError

_parsed = lru_cache(maxsize=32)(parse_limits)  # one limits file is shared by many cases


class LimitsInForce(msgspec.Struct, frozen=True):
    """``text`` is what monitor and correlator read; ``rules`` what it says."""

    file: str
    text: str
    rules: Limits


def load_limits(path: Path, shown_as: str, overrides: Map | None) -> LimitsInForce:
    """Read and check the file; an error in an override points at the override."""
    root = as_map(load_yaml(path, shown_as), "", "a limits file")
    refuse_other_kinds(root, LIMITS_SCHEMA)
    text = path.read_text(encoding="utf-8")
    try:
        rules = _parsed(text, shown_as)
    except LimitsError as error:
        mark = Mark(error.file, error.line, error.column)
        raise problem(mark, error.field, error.message, error.expected, error.nearest) from error
    if overrides is None:
        return LimitsInForce(shown_as, text, rules)
    over = Map(overrides.mark, {"limits": overrides}, {"limits": overrides.mark})
    writer = _Writer()
    writer.write_map(as_map(merge(root, over), ""), 0)
    text = "\n".join(writer.lines) + "\n"
    try:
        return LimitsInForce(shown_as, text, _parsed(text, shown_as))
    except LimitsError as error:
        raise _at_its_origin(error, writer.origins) from error


def _at_its_origin(error: LimitsError, origins: list[Mark]) -> ScenarioError:
    origin = origins[error.line - 1] if 0 < error.line <= len(origins) else Mark(error.file, 0, 0)
    field = "limit_overrides" + error.field.removeprefix("limits") if origin.file != error.file else error.field
    return problem(origin, field, error.message, error.expected, error.nearest)


class _Writer:
    """Writes nodes as block YAML, one value a line, and remembers where each line came from."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.origins: list[Mark] = []

    def write_map(self, node: Map, depth: int) -> None:
        for key, child in node.entries.items():
            head = "  " * depth + f"{_text(key, quoted=False)}:"
            if isinstance(child, Map) and child.entries:
                self._line(head, node.keys[key])
                self.write_map(child, depth + 1)
            else:
                self._line(f"{head} {_inline(child)}", child.mark)

    def _line(self, text: str, origin: Mark) -> None:
        self.lines.append(text)
        self.origins.append(origin)


def _inline(node: Node) -> str:
    if isinstance(node, Scalar):
        return "null" if node.is_null else _text(node.text, node.quoted)
    if isinstance(node, List):
        return "[" + ", ".join(_inline(item) for item in node.items) + "]"
    return "{" + ", ".join(f"{_text(key, quoted=False)}: {_inline(value)}" for key, value in node.entries.items()) + "}"


def _text(text: str, quoted: bool) -> str:
    plain = not quoted and text and all(character.isalnum() or character in "_./%+- " for character in text)
    return text if plain and text[0].isalnum() and text == text.strip() else msgspec.json.encode(text).decode()
