"""Arm: one of the worlds that a verdict compares: the run, its control with nothing injected, and removals.

A removal is the run with some of its injections left out: what is gone without one was caused by it. Only the run asks
for anything and can be stopped by a condition; the other arms go on to their end, to be there for comparison.
"""

from __future__ import annotations

import hashlib
from itertools import combinations
from typing import Literal

import msgspec

from lab.scenario.errors import Problem, ScenarioError
from lab.scenario.model import Experiment

RUN, CONTROL = "run", "control"
_WITHOUT = "without:"

Removals = Literal["none", "each", "all"]
"""Which injections are left out: none, one at a time, or every subset of two or more injections."""

MOST_FOR_ALL = 6
"""Of injections whose every subset is left out: 62 arms."""


def without(left_out: tuple[str, ...]) -> str:
    """The name of the arm in which these injections are left out."""
    return _WITHOUT + "+".join(left_out)


def as_played(experiment: Experiment, arm: str) -> Experiment:
    """The experiment as the arm plays it. One that is not the run names no case and asks for nothing."""
    if arm == RUN:
        return experiment
    bare = experiment.as_control()
    if arm == CONTROL:
        return bare
    if not arm.startswith(_WITHOUT):
        raise ValueError(f"no such arm: {arm!r}")
    left_out = arm.removeprefix(_WITHOUT).split("+")
    timeline = tuple(one for one in experiment.timeline if one.name not in left_out)
    return msgspec.structs.replace(bare, timeline=timeline)


def removals_of(experiment: Experiment, how: Removals) -> list[tuple[str, ...]]:
    """What is left out in each removal, smallest first, in the order of the timeline.

    With a single injection there is nothing to tell apart: the control is its removal.

    Raises:
        ScenarioError: every subset is asked for, and there are too many.
    """
    names = [one.name for one in experiment.timeline]
    if how == "none" or len(names) < 2:
        return []
    if how == "each":
        return [(name,) for name in names]
    if len(names) > MOST_FOR_ALL:
        raise ScenarioError(
            [
                Problem(
                    experiment.file, 0, 0, "timeline",
                    f"{experiment.case} has {len(names)} injections, too many to leave out every subset of them",
                    f"at most {MOST_FOR_ALL}, or --removals each",
                )
            ]
        )  # fmt: skip
    return [left_out for size in range(1, len(names)) for left_out in combinations(names, size)]


def world_of(experiment: Experiment, arm: str) -> str:
    """A digest that is equal for arms whose histories are the same, whatever they are called and asked for."""
    played = as_played(experiment, arm)
    timeline = tuple(msgspec.structs.replace(one, line=0, drawn={}) for one in played.timeline)
    world = msgspec.structs.replace(played.as_control(), scenario="", timeline=timeline, stop_when=played.stop_when)
    return hashlib.blake2b(msgspec.json.encode(world, order="deterministic"), digest_size=16).hexdigest()
