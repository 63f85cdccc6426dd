"""Footprint: which statements of the monitor one case runs, recorded by playing its run once with a probed monitor. The
same play leaves the case's tape."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from lab.mutants.mutant import Mutant, SourceEdit
from lab.mutants.probes import MODULE, Probes
from lab.mutants.selection import CaseName, name_of
from lab.mutants.source_level import PACKAGE, write_package
from lab.mutants.tape import write_tape
from lab.playing.arms import RUN
from lab.playing.pool import Job, Report, run_jobs
from lab.playing.progress import Finished, Progress
from lab.playing.run_directory import write_whole
from lab.playing.simulate import simulate
from lab.scenario.model import Experiment

_WHOLE_ENDS = ("completed", "stopped")


class Footprints:
    """Of the cases of a campaign, recorded as they are asked for and remembered in ``out``.

    ``key`` names an experiment as the campaign does. Only the run is looked at, not its control: what only the
    control runs is a quiet day, which other cases are. A case that does not come to its end counts as running
    everything.
    """

    def __init__(self, probes: Probes, out: Path, key: Callable[[Experiment], str], jobs: int | None) -> None:
        self._probes = probes
        self._out = out
        self._key = key
        self._jobs = jobs
        self._known: dict[CaseName, bytes] = {}
        self.recorded = 0
        """How many had to be recorded anew."""

    def record(self, experiments: Sequence[Experiment]) -> None:
        """See to it that the footprints of these are known."""
        waiting = [one for one in experiments if name_of(one) not in self._known and not self._recall(one)]
        if not waiting:
            return
        write_package(self._probes.package, self._out / "probed")
        scratch = self._out / "probing"
        jobs = [
            Job("/".join(name_of(one)[:2]), leave_footprint, (one, scratch / str(number), self._file(one)))
            for number, one in enumerate(waiting)
        ]
        with closing(run_jobs(jobs, self._jobs, self._out / "probed")) as reports:
            for _ in reports:
                pass
        shutil.rmtree(scratch, ignore_errors=True)
        self.recorded += len(waiting)
        for one in waiting:
            if not self._recall(one):
                self._known[name_of(one)] = b"\1" * self._probes.count

    def is_met(self, experiment: Experiment, mutant: Mutant) -> bool:
        """Whether the mutant is another monitor than the one under test in this case, as far as footprints tell."""
        footprint = self._known.get(name_of(experiment))
        if footprint is None or not isinstance(mutant.edit, SourceEdit):
            return True
        probe = self._probes.of(mutant.operator, mutant.edit)
        return probe is None or bool(footprint[probe])

    def _recall(self, experiment: Experiment) -> bool:
        try:
            found = self._file(experiment).read_bytes()
        except FileNotFoundError:
            return False
        if len(found) != self._probes.count:
            return False
        self._known[name_of(experiment)] = found
        return True

    def tape_of(self, experiment: Experiment) -> Path:
        """Where the tape of a case lies whose footprint was recorded; there is none if it did not come to its end."""
        return self._file(experiment).with_suffix(".tape")

    def _file(self, experiment: Experiment) -> Path:
        key = self._key(experiment)
        return self._out / "footprints" / key[:2] / key


def leave_footprint(report: Report, experiment: Experiment, scratch: Path, file: Path) -> None:
    """Job, in a process that has imported the probed monitor: simulate the run and write what it ran to ``file``, and
    its tape beside it."""
    ended: list[str] = []

    def hear(told: Progress) -> None:
        if isinstance(told, Finished):
            ended.append(told.reason)
        report(told)

    scratch.mkdir(parents=True, exist_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    simulate(hear, experiment, RUN, scratch / "run.journal")
    if any(reason in _WHOLE_ENDS for reason in ended):
        recorded = importlib.import_module(f"{PACKAGE}.{MODULE}")
        write_tape(file.with_suffix(".tape"), recorded.TAPE)
        write_whole(file, bytes(getattr(recorded, MODULE)))
    shutil.rmtree(scratch, ignore_errors=True)
