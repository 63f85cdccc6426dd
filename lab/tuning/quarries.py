"""What a hunt goes after: the cases of a file, or of all files below a directory, that inject something."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from lab.scenario.errors import Mark, problem
from lab.scenario.model import Experiment, MonitorSetup
from lab.scenario.resolve import load_case, load_scenario, scenario_files
from lab.scenario.yaml_nodes import Map, Scalar, as_map
from lab.tuning.bench import Subject
from lab.tuning.draft import Draft
from lab.tuning.hunt import Quarry
from lab.tuning.names import names_from, overrides_of
from lab.tuning.space import Dial, dials_of, playable
from lab.tuning.vary import parse_axis
from lab.tuning.yaml_text import yaml_text


def cases_below(path: Path, case: str | None, seed: str | None) -> list[Experiment]:
    """The experiments with a timeline, those of short runs first. Raises ScenarioError: there is none."""
    files = scenario_files(path) if path.is_dir() else [path]
    found = [
        one
        for file in files
        for one in load_scenario(file, case=case if path.is_file() else None, seed=seed).experiments
    ]
    harmful = [one for one in found if one.timeline]
    if not harmful:
        raise problem(Mark(str(path), 0, 0), "timeline", "injects nothing", "a scenario that injects harm")
    return sorted(harmful, key=lambda one: one.duration_ns)


def draft_of(experiment: Experiment, target: Path, origin: Experiment | None = None) -> Draft:
    """The experiment as a draft that a scenario file in ``target`` can hold. ``origin``: the case of the author's file
    that it is a variant of, where it is not one itself. Raises ScenarioError."""
    origin = experiment if origin is None else origin
    written = load_case(origin.file, origin.case)
    market = as_map(written.entries["market"], "market").entries["source"]
    if not isinstance(market, Scalar):
        message = "the market is written in place; a scenario written elsewhere cannot name it"
        raise problem(Mark(origin.file, 0, 0), "market.source", message, "a market in a file of its own")
    names, limits_file = names_from(
        Path(origin.file).parent,
        target,
        firm=_text(written, "firm"),
        market=market.text,
        limits=_text(written, "limits"),
        controls=_text(written, "controls") if origin.controls is not None else None,
        whose=origin.file,
    )
    overrides = overrides_of(experiment.limits_text, limits_file)
    if overrides is None:
        message = "the limits in force cannot be had by laying limits over the file"
        raise problem(Mark(origin.file, 0, 0), "limits", message, "limit_overrides that only add and change")
    return Draft.of(experiment, names, overrides)


def _text(root: Map, key: str) -> str:
    node = root.entries[key]
    assert isinstance(node, Scalar)  # it was read as a name when the experiment was loaded
    return node.text


@contextmanager
def quarry_of(
    experiment: Experiment, target: Path, setup: MonitorSetup, varied: Sequence[str], number: int
) -> Iterator[Quarry]:
    """The case with its dials: those that ``varied`` names in its own file, or else all of its timeline.

    In the second case a file that says the case in full stands in ``target`` while the hunt is on, because what a
    template adds has no path in the author's own file. Raises ScenarioError.
    """
    name = f"{experiment.scenario}/{experiment.case}"
    seed = str(experiment.seed)
    if varied:
        subject = Subject(file=experiment.file, case=experiment.case, seed=seed, setup=setup)
        dials = [_dial(subject, text) for text in varied]
        yield Quarry(name=name, subject=subject, dials=tuple(dials))
        return
    path = target / f".hunt-{os.getpid()}-{number}.yaml"
    try:
        path.write_text(yaml_text(draft_of(experiment, target).written(experiment.scenario)), encoding="utf-8")
        subject = Subject(file=str(path), setup=setup)
        yield Quarry(name=name, subject=subject, dials=tuple(playable(subject, dials_of(experiment))))
    finally:
        path.unlink(missing_ok=True)


def _dial(subject: Subject, text: str) -> Dial:
    """The dial of one ``--vary``; what is written there is not looked up: the search begins in the middle."""
    axis = subject.fitted(parse_axis(text), f"--vary {text}"[:80])
    return Dial(axis, axis.value(0.5))


def write_found(experiment: Experiment, origin: Experiment, target: Path, stem: str, description: str) -> str:
    """The text of a scenario file that plays ``experiment``, a variant of ``origin``. Raises ScenarioError."""
    described = msgspec.structs.replace(experiment, description=description)
    return yaml_text(draft_of(described, target, origin).written(stem))
