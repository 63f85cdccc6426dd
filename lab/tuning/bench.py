"""Bench: plays variants of one case of a scenario, several at once, and forgets what it no longer needs."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from lab.playing.arms import Removals
from lab.playing.pool import Team
from lab.playing.trials import Trial, play
from lab.playing.trials import settled as settle
from lab.scenario.errors import Mark, ScenarioError, one_of, problem
from lab.scenario.limits import load_limits
from lab.scenario.model import AS_MEANT, Experiment, MonitorSetup
from lab.scenario.resolve import load_scenario
from lab.tuning.vary import Axis, coarser, told_of_axis


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What is varied: one case of a scenario file, with what is set besides, under a monitor."""

    file: str
    case: str | None = None
    sets: tuple[str, ...] = ()
    seed: str | None = None
    setup: MonitorSetup = AS_MEANT

    def experiment(self, settings: Sequence[str] = (), seed: int | None = None) -> Experiment:
        """The one experiment with these settings. Raises ScenarioError, also if the case names several."""
        picked = self.seed if seed is None else seed
        found = load_scenario(self.file, case=self.case, sets=(*self.sets, *settings), seed=picked).experiments
        if len(found) > 1:
            names = one_of([one.case for one in found])
            message = f"{len(found)} cases fit" if self.case else f"has {len(found)} cases"
            raise problem(Mark(self.file, 0, 0), "cases", message, f"one of them by --case: {names}")
        return msgspec.structs.replace(found[0], monitor_setup=self.setup)

    def fitted(self, axis: Axis, shown: str) -> Axis:
        """The axis with steps that the scenario can read. Raises ScenarioError: its path or an end is wrong."""
        try:
            least, most = (self.experiment([axis.setting(value)]) for value in (axis.least, axis.most))
        except ScenarioError as error:
            raise told_of_axis(error, axis, shown) from error
        if least == most:
            message = "nothing of this case depends on it: both ends make the same experiment"
            raise problem(Mark(shown, 0, 0), axis.path, message, "a value that the case uses")
        wrong: ScenarioError | None = None
        for one in coarser(axis):
            try:
                for position in (0.29, 0.53):
                    self.experiment([one.setting(one.value(position))])
                return one
            except ScenarioError as error:
                wrong = wrong or error
        assert wrong is not None
        raise told_of_axis(wrong, axis, shown) from wrong


def monitor_setup(limits_file: Path | None) -> MonitorSetup:
    """The monitor as it is meant, or reading other limits than it is judged by. Raises ScenarioError."""
    if limits_file is None:
        return AS_MEANT
    return MonitorSetup(limits_text=load_limits(limits_file, str(limits_file), None).text)


class Bench:
    """Plays batches of experiments, each variant under a name of its own, by workers that it keeps to the end of its
    ``with``.

    ``jobs``: how many processes at once. ``monitor``: a directory with another monitor package. ``removals``: which
    injections are left out in arms of their own; without them it may stay unknown whether an alert is of the injection
    that its expectation names. Starts that were looked up once are not looked up again for an equal world.
    """

    def __init__(
        self, out: Path, *, jobs: int, keep_all: bool, monitor: Path | None = None, removals: Removals = "each"
    ) -> None:
        self.jobs = jobs
        self.runs = 0
        self._out = out
        self._keep_all = keep_all
        self._team = Team(jobs, monitor)
        self._lookers = self._team if monitor is None else None  # markets are looked at by our own code
        self._removals: Removals = removals
        self._starts_ns: dict[bytes, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._team.dismiss()

    def play(self, experiments: Sequence[Experiment], removals: Removals | None = None) -> Iterator[tuple[int, Trial]]:
        """Each trial with the place of its experiment, as it ends; its journals are there until the next is asked for.
        ``removals``: other ones than the bench is there for.

        Raises:
            ScenarioError: a market cannot be played.
            TrialError: the data could not be looked at.
            RunDirectoryError: the directory cannot be used.
        """
        places = {(one.scenario, one.case, one.seed): place for place, one in enumerate(experiments)}
        assert len(places) == len(experiments)
        settled = self._settled(experiments)
        playing = play(settled, self._out, removals=removals or self._removals, team=self._team)
        with closing(playing) as trials:
            for trial in trials:
                self.runs += 1
                one = trial.experiment
                yield places[one.scenario, one.case, one.seed], trial
                if not self._keep_all:
                    shutil.rmtree(trial.directory.path, ignore_errors=True)

    def _settled(self, experiments: Sequence[Experiment]) -> list[Experiment]:
        worlds = [_world(one) for one in experiments]
        new = {world: one for world, one in zip(worlds, experiments, strict=True) if world not in self._starts_ns}
        for world, one in zip(new, settle(list(new.values()), team=self._lookers), strict=True):
            self._starts_ns[world] = one.start_ns or 0
        return [
            msgspec.structs.replace(one, start_ns=self._starts_ns[world])
            for world, one in zip(worlds, experiments, strict=True)
        ]


def renamed(experiment: Experiment, *words: str) -> Experiment:
    """The experiment as a case of its own, named after what differs in it: a value and its negative do."""
    plain = (word.lower().replace(" ", "").replace("-", "minus") for word in words)
    slugs = [re.sub(r"[^a-z0-9.]+", "_", word).strip("_.")[:40] for word in plain]
    return msgspec.structs.replace(experiment, case="-".join((experiment.case, *slugs)))


@contextmanager
def place_for_runs(out: Path | None) -> Iterator[Path]:
    """``out``, or a directory that is gone afterwards."""
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


def _world(experiment: Experiment) -> bytes:
    """Equal for experiments that play the same stretch of the same market."""
    control = msgspec.structs.replace(experiment.as_control(), seed=0, limits_text="", monitor_setup=AS_MEANT)
    return msgspec.json.encode(control, order="deterministic")
