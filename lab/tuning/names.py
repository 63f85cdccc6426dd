"""Where the files lie that an experiment leans on, and how a scenario that is written elsewhere names them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.scenario.errors import Mark, nearest_name, one_of, problem
from lab.scenario.resolve import SHIPPED
from lab.scenario.yaml_nodes import List, Map, Node, Scalar, load_yaml, parse_yaml
from lab.tuning.draft import Names, Written


def find_file(name: str, folder: str, beside: Path) -> Path | None:
    """The file that a scenario in ``beside`` means by ``name``, as ``docs/reference/scenario.md`` says it is looked
    for; None: there is none."""
    if name.endswith((".yaml", ".yml")):
        path = beside / name
        return path if path.is_file() else None
    here = beside.absolute()
    for home in (here, *here.parents[:2], SHIPPED):
        path = home / folder / f"{name}.yaml"
        if path.is_file():
            return path
    return None


def names_from(
    beside: Path, target: Path, *, firm: str, market: str, limits: str, controls: str | None, whose: str
) -> tuple[Names, Path]:
    """What a scenario in the directory ``beside`` names, as one in ``target`` must name it; and its limits file.

    Raises ScenarioError: one of them cannot be found from there.
    """
    found: dict[str, str] = {}
    limits_file = Path()
    for field, name in (("firm", firm), ("market", market), ("limits", limits), ("controls", controls)):
        if name is None:
            continue
        folder = {"firm": "firms", "market": "markets"}.get(field, field)
        path = find_file(name, folder, beside)
        if path is None:
            known = sorted(one.stem for one in (SHIPPED / folder).glob("*.yaml"))
            message = f"no `{name}` in {folder}, as seen from {beside}"
            raise problem(Mark(whose, 0, 0), field, message, one_of(known), nearest_name(name, known))
        found[field] = name if path.parent == SHIPPED / folder else os.path.relpath(path, target)
        if field == "limits":
            limits_file = path
    names = Names(firm=found["firm"], market=found["market"], limits=found["limits"], controls=found.get("controls"))
    return names, limits_file


def overrides_of(limits_text: str, limits_file: Path) -> dict[str, Any] | None:
    """What must be laid over a limits file to get the limits in ``limits_text``; None: something must be taken away."""
    base = load_yaml(limits_file, str(limits_file))
    merged = parse_yaml(limits_text, "the run's limits")
    left = _over(base, merged)
    if left is None or not left:
        return left
    limits = left.get("limits")
    return limits if len(left) == 1 and isinstance(limits, dict) else None


def _over(base: Node, merged: Node) -> dict[str, Any] | None:
    """The smallest mapping that laid over ``base`` makes ``merged``; None: there is none."""
    if not (isinstance(base, Map) and isinstance(merged, Map)) or any(
        key not in merged.entries for key in base.entries
    ):
        return None
    over: dict[str, Any] = {}
    for key, value in merged.entries.items():
        before = base.entries.get(key)
        if before is not None and _plain(before) == _plain(value):
            continue
        if isinstance(before, Map) and isinstance(value, Map):
            inside = _over(before, value)
            if inside is None:
                return None
            over[key] = inside
        else:
            over[key] = _plain(value)
    return over


def _plain(node: Node) -> Written:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, List):
        return [_plain(item) for item in node.items]
    return {key: _plain(value) for key, value in node.entries.items()}


def without_override(overrides: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """The overrides less the one at ``path``; mappings that are left empty go too."""
    left = dict(overrides)
    first, *rest = path
    if rest and isinstance(left[first], Mapping):
        inside = without_override(left[first], tuple(rest))
        if inside:
            left[first] = inside
            return left
    del left[first]
    return left


def override_paths(overrides: Mapping[str, Any], before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The path of every single override."""
    paths: list[tuple[str, ...]] = []
    for key, value in overrides.items():
        here = (*before, key)
        paths += override_paths(value, here) if isinstance(value, Mapping) else [here]
    return paths
