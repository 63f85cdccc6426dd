"""Trial: one experiment played and judged. Whoever needs many of them (suites, mutants, searches) plays them here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

import msgspec

from correlator.verdict import Judgement, Verdict
from lab.judging import read_judgement
from lab.pool import Job, run_jobs
from lab.progress import Failed, Finished, Judged, Progress, Refused, Settled
from lab.refusals import problem_of
from lab.run_directory import RunDirectory
from lab.runner import Run, carry_out, plan, settle
from lab.scenario.errors import ScenarioError
from lab.scenario.model import Experiment

Keep = Literal["all", "not_passed", "verdicts"]
"""What stays on the disk once a trial is judged: everything; journals and report only where it is no pass; nothing but
``verdict.json``, ``scenario.json`` and ``limits.yaml``."""


class TrialError(Exception):
    """The market's data could not be looked at: which job failed, and how."""


class Trial(msgspec.Struct, frozen=True):
    """One experiment played and judged.

    ``judgement`` is None where there is none; ``trouble`` says why (a crash, a full disk). ``wall_s`` is the time that
    simulating and judging took, the control's excluded.
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
    experiments: Sequence[Experiment], *, sets: Sequence[str] = (), seed: str | None = None
) -> list[Experiment]:
    """The experiments with their starts fixed.

    ``sets`` and ``seed`` are what was set from outside when they were loaded, so that a refusal can name it.

    Raises:
        ScenarioError: a market cannot be played.
        TrialError: the data could not be looked at.
    """
    if not experiments:
        return []
    with closing(run_jobs([Job("market", settle, (list(experiments),))])) as reports:
        for job, told in reports:
            match told:
                case Settled(starts_ns):
                    return [
                        msgspec.structs.replace(one, start_ns=start_ns)
                        for one, start_ns in zip(experiments, starts_ns, strict=True)
                    ]
                case Refused(number):
                    raise ScenarioError([problem_of(told, experiments[number], sets, seed)])
                case Failed():
                    raise TrialError(f"{job.name}: {told.message}\n{told.traceback}".rstrip())
    raise TrialError("market: neither settled nor refused")


def play(
    experiments: Sequence[Experiment],
    out: Path,
    *,
    jobs: int | None = None,
    keep: Keep = "all",
    hear: Callable[[Job, Progress], None] = silent,
    monitor: Path | None = None,
) -> Iterator[Trial]:
    """Play settled experiments; yields each trial as soon as it is judged, in whatever order they end.

    Args:
        experiments: no two with the same scenario, case and seed: their directory is ``out``/scenario/case/seed-N.
        out: where to write.
        jobs: how many processes at once; as many as there are cores if None.
        keep: what stays on the disk.
        hear: told what the jobs tell, as it happens.
        monitor: a directory with another ``risk_monitor`` package, which is then tested instead of ours.

    Controls are shared; an experiment without a timeline is its own. Closing the iterator ends what is running.

    Raises:
        RunDirectoryError: a directory cannot be used.
    """
    waiting = plan(list(experiments), out)
    wall_s: dict[Job, float] = {}
    trouble: dict[Job, str] = {}
    with closing(carry_out(waiting, jobs, monitor)) as reports:
        for job, told in reports:
            hear(job, told)
            match told:
                case Finished():
                    wall_s[job] = told.wall_s
                case Judged():
                    wall_s[job] = told.wall_s
                    run = next(one for one in waiting if one.judging is job)
                    waiting.remove(run)
                    yield _trial(run, wall_s, trouble, keep)
                case Failed():
                    trouble[job] = told.message
    for run in waiting:
        yield _trial(run, wall_s, trouble, keep)


def _trial(run: Run, wall_s: dict[Job, float], trouble: dict[Job, str], keep: Keep) -> Trial:
    judgement = read_judgement(run.directory) if run.directory.verdict.exists() else None
    passed = judgement is not None and judgement.verdict == "pass"
    if keep == "verdicts" or (keep == "not_passed" and passed):
        run.directory.shed()
    jobs = [job for job in (run.simulation, run.control, run.judging) if job is not None]
    why = "; ".join(f"{job.name}: {trouble[job]}" for job in jobs if job in trouble)
    took_s = wall_s.get(run.simulation, 0.0) + wall_s.get(run.judging, 0.0)
    return Trial(run.experiment, run.directory, judgement, "" if judgement is not None else why, took_s)
