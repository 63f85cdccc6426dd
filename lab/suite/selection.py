"""Selection: which cases a suite plays, and under which seeds.

The seeds of a case are the scenario's own and those that follow it: own, own + 1, …, own + N - 1 (modulo 2⁶³). Every
component draws from a stream that is hashed from seed and name, so neighbouring seeds share nothing, and a person can
type them again.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from lab.playing.run_directory import RunDirectory
from lab.scenario.errors import Mark, Problem, ScenarioError, nearest_name, one_of, problem
from lab.scenario.model import Experiment
from lab.scenario.resolve import load_scenario, scenario_files
from lab.suite.memory import FailedSeed

_SEEDS = 2**63


@dataclass(frozen=True, slots=True)
class Selection:
    """What a suite plays: remembered seeds first, then case by case.

    ``remembered`` are (scenario, case, seed) that run only because they failed before. ``narrowed``: a case or a tag
    was asked for, so that what is not here is not gone.
    """

    experiments: tuple[Experiment, ...]
    remembered: frozenset[tuple[str, str, int]]
    narrowed: bool


def select(
    paths: Sequence[Path],
    *,
    seeds: int = 1,
    case: str | None = None,
    tags: Sequence[str] = (),
    sets: Sequence[str] = (),
    failed: Sequence[FailedSeed] = (),
) -> Selection:
    """The experiments of files and directories. ``case`` is a name or a pattern; one of ``tags`` is enough; ``sets``
    are ``path=value`` texts, for every file.

    Raises ScenarioError with the mistakes of all files, or if nothing is left to play.
    """
    found: list[Experiment] = []
    problems: list[Problem] = []
    own: list[Experiment] = []  # every case that there is, to tell what there would be to choose from
    for path in _files(paths):
        try:
            loaded = _loaded(path, case, sets)
            chosen = [one for one in loaded if _fits(one, case, tags)]
            own += loaded
            found += _seeded(chosen, seeds, failed, partial(_loaded, path, case, sets))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    if not found:
        raise _nothing(paths, own, case, tags)
    _refuse_twins(found)
    first = {(one.scenario, one.case): one.seed for one in own}
    failed_before = {(one.scenario, one.case, one.seed) for one in failed}
    again: list[Experiment] = []
    rest: list[Experiment] = []
    outside: list[tuple[str, str, int]] = []
    for one in found:
        name = (one.scenario, one.case, one.seed)
        (again if name in failed_before else rest).append(one)
        if (one.seed - first[one.scenario, one.case]) % _SEEDS >= seeds:
            outside.append(name)
    return Selection((*again, *rest), frozenset(outside), case is not None or bool(tags))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """Every scenario file once, however often it is named."""
    met: set[str] = set()
    for path in paths:
        if path.is_dir():
            os.listdir(path)  # one that cannot be read is not one without scenarios
            files = [file for file in scenario_files(path) if not _is_of_a_run(file)]
            if not files:
                raise problem(
                    Mark(str(path), 0, 0), "", "holds no scenario", "a directory with scenario files (*.yaml)"
                )
        else:
            files = [path]
        for file in files:
            real = os.path.realpath(file)
            if real not in met:
                met.add(real)
                yield file


def _is_of_a_run(file: Path) -> bool:
    """Whether it is the limits file that some run left behind, below the directory that is looked through."""
    return RunDirectory(file.parent).limits == file and RunDirectory(file.parent).scenario.exists()


def _loaded(path: Path, case: str | None, sets: Sequence[str], seed: int | None = None) -> Sequence[Experiment]:
    """The cases of one file. What is set need make sense in none but those that are asked for."""
    if case is None or not sets:
        return load_scenario(path, sets=sets, seed=seed).experiments
    as_written = load_scenario(path).experiments
    if not any(_fits(one, case, ()) for one in as_written):
        return as_written
    return load_scenario(path, case=case, sets=sets, seed=seed).experiments


def _fits(experiment: Experiment, case: str | None, tags: Sequence[str]) -> bool:
    fits_case = case is None or fnmatch.fnmatchcase(experiment.case, case) or experiment.case.startswith(f"{case}-")
    return fits_case and (not tags or any(tag in experiment.tags for tag in tags))


def _seeded(
    own: list[Experiment], seeds: int, failed: Sequence[FailedSeed], again: Callable[[int], Sequence[Experiment]]
) -> Iterator[Experiment]:
    """The cases under each of their seeds, case by case. The seed is the file's, one for all its cases."""
    if not own:
        return
    first = own[0].seed
    wanted = {one.case: [(first + number) % _SEEDS for number in range(seeds)] for one in own}
    for past in failed:
        if past.scenario == own[0].scenario and past.case in wanted and past.seed not in wanted[past.case]:
            wanted[past.case].append(past.seed)
    # The seed enters a file only through values drawn from it: where none is, reading it again would find the same.
    draws = any(injection.drawn for one in own for injection in one.timeline)
    read: dict[int, dict[str, Experiment]] = {first: {one.case: one for one in own}}
    for one in own:
        for seed in wanted[one.case]:
            if not draws:
                yield msgspec.structs.replace(one, seed=seed)
                continue
            if seed not in read:
                read[seed] = {each.case: each for each in again(seed)}
            yield read[seed][one.case]


def _nothing(paths: Sequence[Path], own: Sequence[Experiment], case: str | None, tags: Sequence[str]) -> ScenarioError:
    """Nothing is left: which option left it out, and what there is."""
    every_tag = list(dict.fromkeys(tag for one in own for tag in one.tags))
    for tag in tags:
        if tag not in every_tag:
            mark = Mark(f"--tag {tag}", 0, 0)
            return problem(mark, "", "no case bears it", one_of(sorted(every_tag)), nearest_name(tag, every_tag))
    cases = list(dict.fromkeys(one.case for one in own))
    if case is not None and not any(_fits(one, case, ()) for one in own):
        return problem(Mark(f"--case {case}", 0, 0), "", "fits no case", one_of(cases), nearest_name(case, cases))
    named = ", ".join(str(path) for path in paths)
    return problem(Mark(named, 0, 0), "", "has no case that bears the tag and fits the name", "other --case or --tag")


def _refuse_twins(experiments: Sequence[Experiment]) -> None:
    """Two files of one scenario's name would write into the same directories."""
    files: dict[str, str] = {}
    for one in experiments:
        other = files.setdefault(one.scenario, one.file)
        if other != one.file:
            message = f"{one.scenario} is also the name of {other}"
            raise ScenarioError([Problem(one.file, 0, 0, "scenario", message, "scenarios of different names")])
