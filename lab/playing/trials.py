"""Trial: one experiment played and judged. Whoever needs many of them (suites, mutants, searches) plays them here."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from correlator.verdict import Judgement, Verdict
from lab.judging.judge import read_judgement
from lab.playing.arms import Removals
from lab.playing.pool import Job, Team, run_jobs
from lab.playing.progress import Failed, Finished, Judged, Progress, Refused, Settled
from lab.playing.refusals import problem_of
from lab.playing.run_directory import Keep as Keep
from lab.playing.run_directory import RunDirectory
from lab.playing.runner import Run, asked_of_market, carry_out, plan, settle
from lab.scenario.errors import Problem, ScenarioError
from lab.scenario.model import Experiment


class TrialError(Exception):
    """The market's data could not be looked at: which job failed, and how."""


class Trial(msgspec.Struct, frozen=True):
    """One experiment played and judged.

    ``judgement`` is None where there is none. ``trouble`` says what went wrong (a crash, a full disk); there may be a
    judgement all the same, if it was with an arm for comparison. ``wall_s`` is the time that simulating and judging
    took, without the arms for comparison.
    """

    experiment: Experiment
    directory: RunDirectory
    judgement: Judgement | None
    trouble: str
    wall_s: float

    @property
    def verdict(self) -> Verdict:
        """Of the judgement; unknown where there is none."""
        return "unknown" if self.judgement is None else self.judgement.verdict


def silent(job: Job, told: Progress) -> None:
    """Hear nothing."""


def settled(
    experiments: Sequence[Experiment], *, sets: Sequence[str] = (), seed: str | None = None, team: Team | None = None
) -> list[Experiment]:
    """The experiments with their starts fixed; what is asked of the same data is looked up once.

    ``sets`` and ``seed`` are what was set from outside when they were loaded, so that a refusal can name it. ``team``
    looks the data up, and stays.

    Raises:
        ScenarioError: some markets cannot be played.
        TrialError: the data could not be looked at.
    """
    keys = [asked_of_market(one) for one in experiments]
    first: dict[bytes, Experiment] = {}
    for key, one in zip(keys, experiments, strict=True):
        first.setdefault(key, one)
    asked = {Job(f"market {one.market.name}", settle, (one,)): key for key, one in first.items()}
    found: dict[bytes, Progress] = {}
    with closing(run_jobs(list(asked), team=team)) as reports:
        for job, told in reports:
            if isinstance(told, Failed):
                raise TrialError(f"{job.name}: {told.message}\n{told.traceback}".rstrip())
            found[asked[job]] = told
    starts_ns: dict[bytes, int] = {}
    problems: list[Problem] = []
    for key, one in first.items():
        match found.get(key):
            case Settled(start_ns):
                starts_ns[key] = start_ns
            case Refused() as refused:
                problems.append(problem_of(refused, one, sets, seed))
            case _:
                raise TrialError(f"market {one.market.name}: neither settled nor refused")
    if problems:
        raise ScenarioError(problems)
    return [msgspec.structs.replace(one, start_ns=starts_ns[key]) for key, one in zip(keys, experiments, strict=True)]


def play(
    experiments: Sequence[Experiment],
    out: Path,
    *,
    jobs: int | None = None,
    keep: Keep = "all",
    hear: Callable[[Job, Progress], None] = silent,
    monitor: Path | None = None,
    removals: Removals = "each",
    at_most_s: float | None = None,
    team: Team | None = None,
) -> Generator[Trial]:
    """Play settled experiments; yields each trial as soon as it is judged, in whatever order they end.

    Args:
        experiments: no two with the same scenario, case and seed: their directory is ``out``/scenario/case/seed-N.
        out: where to write.
        jobs: how many processes at once; as many as there are cores if None.
        keep: what stays on the disk.
        hear: told what the jobs tell, as it happens.
        monitor: a directory with another ``risk_monitor`` package, which is then tested instead of ours.
        removals: which injections are left out, where there are several, to find out what each of them causes.
        at_most_s: wall time after which a simulation or a judgement is ended and has failed.
        team: who plays, and stays for more; then ``jobs`` and ``monitor`` are what it was made for.

    Arms of the same world are simulated once. Closing the iterator ends what is running.

    Raises:
        RunDirectoryError: a directory cannot be used.
        ScenarioError: every subset of too many injections is to be left out.
    """
    waiting = {run.judging: run for run in plan(list(experiments), out, removals, keep)}
    wall_s: dict[Job, float] = {}
    trouble: dict[Job, str] = {}
    with closing(carry_out(list(waiting.values()), jobs, monitor, at_most_s, team)) as reports:
        for job, told in reports:
            hear(job, told)
            match told:
                case Finished():
                    wall_s[job] = told.wall_s
                case Judged():
                    wall_s[job] = told.wall_s
                    yield _trial(waiting.pop(job), wall_s, trouble)
                case Failed():
                    trouble[job] = told.message
    for run in waiting.values():
        yield _trial(run, wall_s, trouble)


def _trial(run: Run, wall_s: dict[Job, float], trouble: dict[Job, str]) -> Trial:
    judgement = read_judgement(run.directory) if run.directory.verdict.exists() else None
    jobs = [job for job in (run.simulation, run.control, *run.removals, run.judging) if job is not None]
    why = "; ".join(f"{job.name}: {trouble[job]}" for job in jobs if job in trouble)
    took_s = wall_s.get(run.simulation, 0.0) + wall_s.get(run.judging, 0.0)
    return Trial(run.experiment, run.directory, judgement, why, took_s)
