"""As written: the author's own file of each scenario, and which scenarios the laboratory has for each article.

A run directory holds its scenario with everything filled in. The file it was written in belongs into a pack only if it
still means the very same: it is read again, and must come out as what was run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from lab.catalogue.coverage import is_tagged
from lab.catalogue.rows import ARTICLES
from lab.evidence.gather import EvidenceError, FoundRun
from lab.evidence.manifest import Article
from lab.scenario.errors import ScenarioError
from lab.scenario.model import Experiment
from lab.scenario.resolve import SHIPPED, load_scenario, scenario_files
from lab.scenario.sources import load_document
from lab.scenario.yaml_nodes import List, Map, Scalar


class Written(msgspec.Struct, frozen=True):
    """A scenario file, as far as its own keys tell."""

    path: Path
    scenario: str
    tags: tuple[str, ...]


def library(extra: Iterable[Path]) -> list[Written]:
    """The scenarios in ``extra`` (files, or directories with files) and those that come with the laboratory.

    Raises:
        EvidenceError: one of ``extra`` is not there.
    """
    found: list[Written] = []
    for place in (*extra, SHIPPED):
        if not place.exists():
            raise EvidenceError(f"{place}: is not there; expected a scenario file, or a directory with such")
        for path in scenario_files(place) if place.is_dir() else [place]:
            try:
                root = load_document(path, str(path))
            except ScenarioError:
                continue  # it cannot have been run as it stands
            named = _text(root, "scenario")
            if named:
                found.append(Written(path, named, _texts(root, "tags")))
    return found


def articles(known: Sequence[Written]) -> list[Article]:
    """The articles of RTS 6, each with the scenarios among ``known`` that are tagged with it."""
    return [
        Article(tag, asked, list(dict.fromkeys(one.scenario for one in known if is_tagged(tag, one.tags))))
        for asked, tags in ARTICLES
        for tag in tags
    ]


class AsWritten:
    """Finds the file that a run's scenario was written in."""

    def __init__(self, known: Sequence[Written]) -> None:
        self._known = known
        self._loaded: dict[tuple[Path, int], tuple[Experiment, ...]] = {}

    def file_of(self, run: FoundRun) -> Path | None:
        """The file, or None: it is not known, it has been changed since, or the run was set otherwise (``--set``)."""
        ran = msgspec.json.decode(run.directory.scenario.read_bytes())
        for one in self._known:
            if one.scenario == run.said.scenario and any(
                _meaning(experiment, run.said.start_ns) == ran for experiment in self._experiments(one.path, run)
            ):
                return one.path
        return None

    def _experiments(self, path: Path, run: FoundRun) -> list[Experiment]:
        key = (path, run.said.seed)
        if key not in self._loaded:
            try:
                self._loaded[key] = load_scenario(path, seed=run.said.seed).experiments
            except ScenarioError:
                self._loaded[key] = ()
        return [one for one in self._loaded[key] if one.case == run.said.case]


def _meaning(experiment: Experiment, start_ns: int) -> Any:
    placed = msgspec.structs.replace(experiment, start_ns=start_ns)
    return msgspec.json.decode(msgspec.json.encode(placed.to_resolved()))


def _text(root: Map, key: str) -> str:
    node = root.entries.get(key)
    return node.text if isinstance(node, Scalar) else ""


def _texts(root: Map, key: str) -> tuple[str, ...]:
    node = root.entries.get(key)
    return tuple(one.text for one in node.items if isinstance(one, Scalar)) if isinstance(node, List) else ()
