"""Campaign: mutants held against cases until each is killed or has survived what it is owed.

A mutant of the monitor's code is played only in cases that run the statement it changed, and in which it shows when it
is given the real monitor's tape: in all others it is the monitor itself. Everything that has been played is remembered
in the campaign's directory, so that an interrupted campaign goes on where it was, and one over other cases plays only
what is new.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import msgspec

from correlator.verdict import Verdict
from lab.journal.writer import NO_JOURNAL
from lab.mutants.footprints import Footprints
from lab.mutants.memory import Memory, Played
from lab.mutants.mutant import Mutant, SourceEdit
from lab.mutants.probes import Probes
from lab.mutants.replay import UNSEEN
from lab.mutants.result import Kill
from lab.mutants.selection import CaseName, Catalogue, applied, name_of
from lab.mutants.showings import Showings
from lab.mutants.source_level import build
from lab.playing.pool import OUT_OF_MEMORY
from lab.playing.trials import Keep, Trial, play
from lab.scenario.model import Experiment

_LEAST_S = 300.0
_AT_MOST_EACH_HOUR_S = 120.0
_NS_PER_HOUR = 3_600_000_000_000
_BADNESS: dict[Verdict, int] = {"pass": 0, "unknown": 1, "fail": 2}
_AT_ONCE = 8
_REASON_SIGNS = 300
_LOOKED_AT_ONCE = 4
_LOOKED_AT_EACH = 10
"""Cases in which is looked whether a mutant shows, for each that it is to be played in."""
_FOOTPRINT = "footprint"


@dataclass(frozen=True, slots=True)
class Hunt:
    """What is played: ``cases_each`` cases at most for each mutant, all of them where it is 0; all even after the first
    kill where ``all_kills``. ``monitor``: a directory with another monitor than ours, ``package`` its source."""

    catalogue: Catalogue
    package: Mapping[str, bytes]
    monitor: Path | None
    out: Path
    cases_each: int
    all_kills: bool
    jobs: int | None = None
    keep: bool = False


@dataclass(slots=True)
class Standing:
    """How a mutant stands so far."""

    mutant: Mutant
    kills: list[Kill] = field(default_factory=list)
    survived: list[Experiment] = field(default_factory=list)
    left: Iterator[tuple[Experiment, Experiment]] = field(default_factory=lambda: iter(()))
    untried: int = 0
    unmet: int = 0
    """Cases in which the mutant is the monitor itself, of those looked at: they never run what it changed."""
    unseen: int = 0
    """Cases in which it runs and alerts, acts and asks exactly as the monitor does, of those looked at."""
    unjudged: int = 0
    """Cases that were played to no avail: something else than the monitor failed."""

    @property
    def tried(self) -> int:
        return len(self.kills) + len(self.survived)


def at_most_s(experiments: Sequence[Experiment]) -> float:
    """Wall time of one job of a mutant, some twenty times what it takes: one that is caught in a loop has crashed."""
    longest_ns = max(one.duration_ns for one in experiments)
    return _LEAST_S + _AT_MOST_EACH_HOUR_S * longest_ns / _NS_PER_HOUR


class Campaign:
    """Plays mutants. ``baseline`` holds the verdicts without a mutant, of the cases that were needed."""

    def __init__(self, hunt: Hunt) -> None:
        self._hunt = hunt
        self._memory = Memory(hunt.out, hunt.package)
        self.code = self._memory.code
        self._looks: tuple[Footprints, Showings] | None = None
        self.baseline: dict[CaseName, Played] = {}
        self.troubles: dict[str, None] = {}
        """What went wrong in the laboratory itself, each once."""
        self.plays = 0
        self.simulated_ns = 0

    def run(self, mutants: Sequence[Mutant], done: Callable[[Standing], None]) -> None:
        """Play every mutant; ``done`` is told of each as soon as it is decided, in whatever order that is.

        Raises:
            RunDirectoryError: a directory cannot be used.
        """
        changed = [mutant for mutant in mutants if not isinstance(mutant.edit, SourceEdit)]
        for start in range(0, len(changed), _AT_ONCE):
            group = [self._standing(mutant) for mutant in changed[start : start + _AT_ONCE]]
            self._decide(group, None, done)
        for mutant in mutants:
            if isinstance(mutant.edit, SourceEdit):
                self._decide([self._standing(mutant)], mutant.edit, done)

    def _standing(self, mutant: Mutant) -> Standing:
        """The mutant with the cases that it is to be held against."""
        standing = Standing(mutant)
        limit = self._hunt.cases_each or len(self._hunt.catalogue.experiments)
        candidates = self._hunt.catalogue.candidates(mutant)
        if isinstance(mutant.edit, SourceEdit):
            standing.left = self._showing(standing, candidates, limit)
            return standing
        able: list[tuple[Experiment, Experiment]] = []
        for experiment in candidates:
            if len(able) >= limit:
                standing.untried += 1
            elif (changed := applied(mutant, experiment)) is not None:
                able.append((experiment, changed))
        standing.left = iter(able)
        return standing

    def _showing(
        self, standing: Standing, candidates: Iterator[Experiment], limit: int
    ) -> Iterator[tuple[Experiment, Experiment]]:
        """Of a mutant of the code, cases in which it shows: those first in which it alerts otherwise, as soon as one is
        found; where it only behaves otherwise, after all that were looked at."""
        footprints, showings = self._looking()
        quiet: list[Experiment] = []
        looked = given = 0
        while looked < limit * _LOOKED_AT_EACH and (batch := list(islice(candidates, _LOOKED_AT_ONCE))):
            footprints.record(batch)
            met = [one for one in batch if footprints.is_met(one, standing.mutant)]
            standing.unmet += len(batch) - len(met)
            for place, (experiment, showing) in enumerate(showings.of(standing.mutant, met), start=1):
                looked += 1
                if showing in UNSEEN:
                    standing.unseen += 1
                elif showing != "alerts":
                    quiet.append(experiment)
                else:
                    yield experiment, experiment
                    given += 1
                    if given == limit:
                        standing.untried += len(met) - place
                        break
            if given == limit:
                break
        standing.untried += len(quiet[limit - given :])
        standing.untried += sum(footprints.is_met(one, standing.mutant) for one in candidates)
        for experiment in quiet[: limit - given]:
            yield experiment, experiment

    def _looking(self) -> tuple[Footprints, Showings]:
        if self._looks is None:
            hunt, key = self._hunt, self._memory.key
            footprints = Footprints(Probes(hunt.package), hunt.out, lambda one: key(one, _FOOTPRINT), hunt.jobs)
            showings = Showings(hunt.package, footprints, hunt.out, key)
            self._looks = footprints, showings
        return self._looks

    def _decide(self, group: list[Standing], edit: SourceEdit | None, done: Callable[[Standing], None]) -> None:
        """Play the next case of each that is alive, until none is."""
        alive = group
        step = 2 if self._hunt.all_kills else 1
        while alive:
            waiting: list[tuple[Standing, Experiment, Experiment]] = []
            playing: list[Standing] = []
            for standing in alive:
                pairs = [] if standing.kills and not self._hunt.all_kills else list(islice(standing.left, step))
                if pairs:
                    waiting += [(standing, *pair) for pair in pairs]
                    playing.append(standing)
                else:
                    done(standing)
            alive = playing
            if waiting:
                self._play_baseline([experiment for _, experiment, _ in waiting])
                outcomes = self._play_mutants(waiting, edit)
                for standing, experiment, _ in waiting:
                    self._judge(standing, experiment, outcomes[standing.mutant.id, name_of(experiment)])

    def _judge(self, standing: Standing, experiment: Experiment, after: Played) -> None:
        before = self.baseline[name_of(experiment)]
        for played in (before, after):
            if played.is_unjudged:
                self.troubles[played.reason] = None
                standing.unjudged += 1
                return
        if before.crashed:  # a case that does not run without a mutant either says nothing of it
            self.troubles[f"{'/'.join(name_of(experiment)[:2])} without a mutant: {before.reason}"] = None
            standing.unjudged += 1
            return
        if _BADNESS[after.verdict] <= _BADNESS[before.verdict] and not after.crashed:
            standing.survived.append(experiment)
            return
        standing.kills.append(
            Kill(
                scenario=experiment.scenario,
                case=experiment.case,
                seed=experiment.seed,
                before=before.verdict,
                after=after.verdict,
                crashed=after.crashed,
                reason=after.reason,
            )
        )

    def _play_baseline(self, experiments: list[Experiment]) -> None:
        missing = {
            name_of(experiment): experiment for experiment in experiments if name_of(experiment) not in self.baseline
        }
        unplayed: dict[CaseName, Experiment] = {}
        for name, experiment in missing.items():
            known = self._memory.recall(self._memory.key(experiment, ""))
            if known is None:
                unplayed[name] = experiment
            else:
                self.baseline[name] = known
        if not unplayed:
            return
        for trial in self._play(list(unplayed.values()), self._hunt.out / "baseline", self._hunt.monitor):
            played = _played(trial)
            self.baseline[name_of(trial.experiment)] = played
            self._memory.remember(self._memory.key(trial.experiment, ""), played)

    def _play_mutants(
        self, waiting: list[tuple[Standing, Experiment, Experiment]], edit: SourceEdit | None
    ) -> dict[tuple[str, CaseName], Played]:
        outcomes: dict[tuple[str, CaseName], Played] = {}
        unplayed: dict[CaseName, tuple[str, Experiment, str]] = {}
        renamed: list[Experiment] = []
        for number, (standing, experiment, changed) in enumerate(waiting):
            key = self._memory.key(changed, standing.mutant.id)
            known = self._memory.recall(key)
            if known is not None:
                outcomes[standing.mutant.id, name_of(experiment)] = known
                continue
            # Two mutants may be held against one case at once, and each run needs a directory of its own.
            one = msgspec.structs.replace(changed, case=f"{experiment.case}-{number}")
            unplayed[name_of(one)] = (standing.mutant.id, experiment, key)
            renamed.append(one)
        if not renamed:
            return outcomes
        monitor = self._hunt.monitor
        if edit is not None:
            monitor = build(edit, self._hunt.package, self._hunt.out / "mutated")
        for trial in self._play(renamed, self._hunt.out / "mutant", monitor):
            mutant, experiment, key = unplayed[name_of(trial.experiment)]
            played = _played(trial)
            outcomes[mutant, name_of(experiment)] = played
            self._memory.remember(key, played)
        return outcomes

    def _play(self, experiments: list[Experiment], out: Path, monitor: Path | None) -> Iterator[Trial]:
        keep: Keep = "all" if self._hunt.keep else "verdicts"
        jobs = self._hunt.jobs
        played = play(experiments, out, jobs=jobs, keep=keep, monitor=monitor, at_most_s=at_most_s(experiments))
        with closing(played) as trials:
            for trial in trials:
                self.plays += 1
                self.simulated_ns += trial.experiment.duration_ns
                yield trial
                if not self._hunt.keep:
                    shutil.rmtree(trial.directory.path, ignore_errors=True)


def _played(trial: Trial) -> Played:
    """What came of a trial. Where the laboratory was in trouble, only what is proven all the same is the monitor's."""
    judgement = trial.judgement
    if judgement is None:
        one = trial.experiment
        ours = (f"{one.scenario}/{one.case}/verdict: ", NO_JOURNAL, OUT_OF_MEMORY)
        is_unjudged = any(words in trial.trouble for words in ours)
        return Played("unknown", trial.trouble[:_REASON_SIGNS], not is_unjudged, is_unjudged)
    if trial.trouble and judgement.verdict == "unknown":  # an arm to compare with is missing
        return Played("unknown", trial.trouble[:_REASON_SIGNS], False, True)
    reason = judgement.reasons[0] if judgement.reasons else ""
    return Played(judgement.verdict, reason[:_REASON_SIGNS], judgement.ended.reason in ("failed", "killed"))
