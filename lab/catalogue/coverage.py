"""Coverage: which scenarios exercise which name of the catalogue.

A mandate is exercised where an expectation (or an expected miss) names it, a fault where a timeline injects it, a
control where an expectation demands its action, a kind of strategy where the firm runs it or a fault turns a strategy
into it, a price source where the firm reads it, an article, a failure scenario or a document where a tag names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from lab.catalogue.rows import ROWS, Section
from lab.scenario.model import Experiment


class Covered(msgspec.Struct, frozen=True):
    """One name of the catalogue and the scenarios that exercise it, each once, in the order they were read."""

    section: Section
    name: str
    asked: str
    scenarios: tuple[str, ...]


def cover(experiments: Iterable[Experiment]) -> list[Covered]:
    """Every name of the catalogue, with the scenarios among ``experiments`` that exercise it."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    tags: dict[str, dict[str, None]] = {}
    for experiment in experiments:
        for section, names in _exercised(experiment).items():
            for name in names:
                found.setdefault((section, name), {})[experiment.scenario] = None
        for tag in experiment.tags:
            tags.setdefault(tag, {})[experiment.scenario] = None
    covered = []
    for row in ROWS:
        for name in row.names:
            if row.section in ("articles", "failure scenarios", "documents"):
                scenarios = _tagged(name, tags)
            else:
                scenarios = tuple(found.get((row.section, name), ()))
            covered.append(Covered(row.section, name, row.asked, scenarios))
    return covered


def _exercised(experiment: Experiment) -> dict[Section, list[str]]:
    asked = [wanted.alert for wanted in experiment.expect if wanted.alert is not None]
    turned = [str(one.parameters["kind"]) for one in experiment.timeline if one.fault == "strategy_malfunction"]
    return {
        "mandates": [*asked, *(miss.alert for miss in experiment.expect_miss)],
        "controls": [wanted.action for wanted in experiment.expect if wanted.action is not None],
        "faults": [injection.fault for injection in experiment.timeline],
        "strategies": [*(strategy.kind for strategy in experiment.firm.strategies), *turned],
        "sources": [source.dialect for source in experiment.firm.price_sources],
    }


def _tagged(name: str, tags: Mapping[str, Mapping[str, None]]) -> tuple[str, ...]:
    """Scenarios tagged ``name``, or with a part of it: ``rts6-art-17-3`` is of ``rts6-art-17``."""
    scenarios: dict[str, None] = {}
    for tag, tagged in tags.items():
        if is_tagged(name, (tag,)):
            scenarios.update(tagged)
    return tuple(scenarios)


def is_tagged(name: str, tags: Iterable[str]) -> bool:
    """Whether one of ``tags`` is ``name`` or a part of it: ``rts6-art-17-3`` is of ``rts6-art-17``."""
    return any(tag == name or tag.startswith(f"{name}-") for tag in tags)
