"""Showings: in which cases a mutant of the code would show, learned from tapes before any case is played with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from lab.mutants.footprints import Footprints
from lab.mutants.mutant import Mutant, SourceEdit
from lab.mutants.replay import Showing, replay_all
from lab.mutants.source_level import build
from lab.playing.pool import Job, run_jobs
from lab.scenario.model import Experiment

_AT_MOST_S = 120.0
_AT_ONCE = 4


class Showings:
    """Of the mutants of one package, remembered in ``out``. ``key`` names a case with a mutant as the campaign does."""

    def __init__(
        self,
        package: Mapping[str, bytes],
        footprints: Footprints,
        out: Path,
        key: Callable[[Experiment, str], str],
    ) -> None:
        self._package = package
        self._footprints = footprints
        self._out = out
        self._key = key

    def of(self, mutant: Mutant, experiments: Sequence[Experiment]) -> Iterator[tuple[Experiment, Showing]]:
        """Cases with how the mutant shows in each, in their order, each as soon as it is wanted."""
        assert isinstance(mutant.edit, SourceEdit)
        waiting = list(experiments)
        while waiting:
            shown = self._replayed(mutant.id, mutant.edit, waiting[:_AT_ONCE])
            yield from zip(waiting, shown, strict=False)
            waiting = waiting[len(shown) :]

    def _replayed(self, mutant: str, edit: SourceEdit, experiments: Sequence[Experiment]) -> list[Showing]:
        """Of as many of the cases as it took to find one in which the mutant alerts otherwise."""
        file = self._file(mutant, experiments)
        if (known := _read(file)) is not None:
            return known
        file.parent.mkdir(parents=True, exist_ok=True)
        monitor = build(edit, self._package, self._out / "mutated")
        runs = [(one, self._footprints.tape_of(one)) for one in experiments]
        job = Job(f"replay of {mutant}", replay_all, (runs, 1, file))
        with closing(run_jobs([job], 1, monitor, _AT_MOST_S)) as reports:
            for _ in reports:
                pass
        # One that is caught in a loop, or cannot even be imported, shows wherever it runs; playing it will tell.
        return _read(file) or ["alerts"]

    def _file(self, mutant: str, experiments: Sequence[Experiment]) -> Path:
        digest = hashlib.blake2b(digest_size=16)
        for one in experiments:
            digest.update(self._key(one, mutant).encode())
        key = digest.hexdigest()
        return self._out / "replayed" / key[:2] / f"{key}.json"


def _read(file: Path) -> list[Showing] | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[Showing])
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
