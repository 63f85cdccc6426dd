"""Gathering: the runs below some directories, with the files of each that a pack holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from lab.evidence.manifest import LeftOut
from lab.playing.run_directory import RunDirectory


class EvidenceError(Exception):
    """What was asked for cannot be packed or opened: which file, what is the matter, what was expected."""


class Said(msgspec.Struct, frozen=True):
    """What a stored verdict says of its run, as far as a pack or a data set must know."""

    scenario: str
    case: str
    seed: int
    verdict: str
    start_ns: int
    code: str
    judged_under: str = ""


class FoundRun(msgspec.Struct, frozen=True):
    """A run with everything that it takes to derive its verdict again."""

    directory: RunDirectory
    said: Said

    @property
    def path(self) -> str:
        """Where its files lie in a pack."""
        return f"runs/{self.said.scenario}/{self.said.case}/seed-{self.said.seed}"

    @property
    def files(self) -> list[Path]:
        """The files that everything else follows from: the journals of all arms, and what they were simulated from."""
        one = self.directory
        arms = (one.run_journal, one.control_journal, *one.removals().values())
        return [path for path in (*arms, one.scenario, one.limits) if path.is_file()]


def find_runs(roots: Iterable[Path]) -> tuple[list[FoundRun], list[LeftOut]]:
    """The runs in these directories or below them, each once, by scenario, case and seed; and those without what it
    takes.

    Raises:
        EvidenceError: a root holds no run, or two directories hold the same one.
    """
    places: dict[Path, Path] = {}
    for root in roots:
        if not root.is_dir():
            raise EvidenceError(f"{root}: is no directory; expected one that `lab run` wrote, or one above such")
        here = sorted({path.parent for name in ("run.journal", "verdict.json") for path in root.rglob(name)})
        if not here:
            raise EvidenceError(f"{root}: holds no run; expected a directory that `lab run` wrote, or one above such")
        for place in here:
            places.setdefault(place.resolve(), place)
    runs: dict[str, FoundRun] = {}
    left_out: list[LeftOut] = []
    for place in places.values():
        directory = RunDirectory(place)
        missing = _missing(directory)
        if missing:
            left_out.append(LeftOut(_name(directory), missing))
            continue
        run = FoundRun(directory, _read(directory))
        if run.said.judged_under:
            why = f"it was judged under other deadlines than its own ({run.said.judged_under}); lab judge undoes that"
            left_out.append(LeftOut(_name(directory), why))
            continue
        twin = runs.setdefault(run.path, run)
        if twin is not run:
            raise EvidenceError(
                f"{place}: is the run that {twin.directory.path} holds too ({run.path}); expected each once"
            )
    ordered = sorted(runs.values(), key=lambda run: (run.said.scenario, run.said.case, run.said.seed))
    told = [
        msgspec.structs.replace(one, why=f"{one.why}; another run of this name is not left out")
        if f"runs/{one.run}" in runs
        else one
        for one in left_out
    ]
    return ordered, sorted(told, key=lambda one: one.run)


def _missing(directory: RunDirectory) -> str:
    """Why the run proves nothing, or "" if it has all that it takes."""
    if not directory.run_journal.is_file():
        return "its journals were not kept, and nothing follows without them (lab suite --keep all keeps them)"
    if not directory.verdict.is_file():
        return "it has no verdict (lab judge gives it one)"
    gone = [path.name for path in (directory.scenario, directory.limits) if not path.is_file()]
    return f"it has no {gone[0]}" if gone else ""


def _name(directory: RunDirectory) -> str:
    """Scenario, case and seed as the directories above a run tell them: the same wherever they lie."""
    return "/".join(directory.path.resolve().parts[-3:])


def _read(directory: RunDirectory) -> Said:
    try:
        return msgspec.json.decode(directory.verdict.read_bytes(), type=Said)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"{directory.verdict}: is no verdict: {error}; `lab judge` writes one") from None
