"""Reading: the facts of stored runs, from run directories, directories above them, and the results of suites."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from lab.coverage.facts import RunFacts, RunName, Scripted, Told, facts_of, facts_without_verdict
from lab.playing.run_directory import RunDirectory
from lab.suite.baseline import BaselineError, read_result

_EXPECTED = "expected a run directory, one above such, or a suite.json that `lab suite` wrote"


class FactsError(Exception):
    """Runs cannot be read: which file, what was found, what was expected."""


def read_facts(paths: Iterable[Path], *, remembered: bool = True) -> list[RunFacts]:
    """Each run once, by scenario, case and seed. ``remembered`` False: without those that a suite ran only because
    their seed failed before, which would bias a rate.

    A ``suite.json`` stands for the runs that it lists; they are read from beside it, where ``lab suite`` put them. A
    run that has a scenario and no verdict counts, with every demand unknown.

    Raises:
        FactsError: nothing is there, a file is none of ours, or two directories hold the same run.
    """
    places: dict[Path, Path] = {}
    for path in paths:
        for place in _below(path) if path.is_dir() else _listed(path, remembered):
            places.setdefault(place.resolve(), place)
    found: dict[RunName, tuple[RunFacts, Path]] = {}
    for place in places.values():
        facts = _read(RunDirectory(place))
        if facts.name in found:
            raise FactsError(f"{place}: is the run that {found[facts.name][1]} holds too ({facts.name}); expected once")
        found[facts.name] = (facts, place)
    return [facts for _, (facts, _) in sorted(found.items(), key=lambda one: one[0])]


def _below(root: Path) -> list[Path]:
    """The run directories in a directory: those with a verdict, or with what a verdict would be of."""
    names = ("verdict.json", "scenario.json")
    here = sorted({path.parent for name in names for path in root.rglob(name)})
    if not here:
        raise FactsError(f"{root}: holds no run; {_EXPECTED}")
    return here


def _listed(file: Path, remembered: bool) -> list[Path]:
    """The run directories of a suite's result, as they lie beside it."""
    if not file.exists():
        raise FactsError(f"{file}: there is no such file or directory; {_EXPECTED}")
    try:
        result = read_result(file)
    except BaselineError as error:
        raise FactsError(str(error)) from error
    places = []
    for case in result.cases:
        for seed in case.seeds:
            if seed.remembered and not remembered:
                continue
            place = file.parent / case.scenario / case.case / f"seed-{seed.seed}"
            if not place.is_dir():
                raise FactsError(
                    f"{file}: lists a run that is not beside it: {place}; expected it as lab suite left it"
                )
            places.append(place)
    if not places:
        raise FactsError(f"{file}: lists no run; {_EXPECTED}")
    return places


def _read(directory: RunDirectory) -> RunFacts:
    has_verdict = directory.verdict.is_file()
    file = directory.verdict if has_verdict else directory.scenario
    try:
        content = file.read_bytes()
        if has_verdict:
            return facts_of(msgspec.json.decode(content, type=Told))
        return facts_without_verdict(msgspec.json.decode(content, type=Scripted))
    except (ValueError, RecursionError) as error:
        what = "verdict" if has_verdict else "scenario"
        raise FactsError(f"{file}: is no {what} of a run: {error}; `lab judge` writes a verdict anew") from error
    except OSError as error:
        raise FactsError(f"{file}: {error.strerror}; expected a run that can be read") from error
