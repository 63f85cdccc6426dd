"""Stated equivalents: mutants that nothing could notice, each with a reason that a person gave."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path

import msgspec

from lab.scenario.errors import problem
from lab.scenario.yaml_nodes import List, Map, Node, Scalar, load_yaml

SCHEMA = "riskproof-equivalents/1"
_REASON_SIGNS = 20


class Equivalent(msgspec.Struct, frozen=True):
    """``id`` is a pattern of mutants' ids."""

    id: str
    reason: str

    def covers(self, mutant: str) -> bool:
        return fnmatchcase(mutant, self.id)


def load_equivalents(path: Path | None) -> list[Equivalent]:
    """Those of a file, or the ones that come with the lab.

    Raises:
        ScenarioError: the file is not what it should be, or a reason is missing.
    """
    if path is None:
        with resources.as_file(resources.files("lab.mutants") / "equivalent.yaml") as shipped:
            return _read(load_yaml(shipped, "equivalent.yaml"))
    return _read(load_yaml(path, str(path)))


def _read(root: Node) -> list[Equivalent]:
    expected = f"a mapping with schema: {SCHEMA} and a list of equivalents"
    if not isinstance(root, Map) or _text(root, "schema") != SCHEMA:
        raise problem(root.mark, "schema", "this is no file of equivalents", expected)
    listed = root.entries.get("equivalents")
    if not isinstance(listed, List):
        raise problem(root.mark, "equivalents", "no list", "a list of {id: …, reason: …}")
    found = []
    for number, item in enumerate(listed.items):
        field = f"equivalents.{number}"
        name, reason = _text(item, "id"), _text(item, "reason")
        if not re.match(r"(limits|timing|source|\*)", name):
            raise problem(item.mark, f"{field}.id", f"`{name}` is no mutant", "a pattern such as timing/notice/*")
        if len(reason) < _REASON_SIGNS:
            raise problem(item.mark, f"{field}.reason", f"`{reason}` is no reason", "why nothing could notice it")
        found.append(Equivalent(name, reason))
    return found


def _text(node: Node, key: str) -> str:
    value = node.entries.get(key) if isinstance(node, Map) else None
    return value.text if isinstance(value, Scalar) else ""
