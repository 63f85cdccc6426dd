"""The runner: turns experiments into runs, controls and judgements, each a job in a process of its own.

A control is the same world without injections, so cases of one scenario that differ only in what they inject or expect
share one control, simulated once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lab.judging import judge_job
from lab.market import settle_times
from lab.pool import Job, Report, run_jobs
from lab.progress import Failed, Progress, Refused, Settled
from lab.run_directory import RunDirectory, RunDirectoryError, write_whole
from lab.scenario.model import Experiment
from lab.simulate import simulate
from simulators.market_data.world.errors import MarketError


@dataclass(frozen=True, slots=True)
class Run:
    """One experiment on its way to a verdict."""

    experiment: Experiment
    directory: RunDirectory
    simulation: Job
    judging: Job
    control: Job | None  # shared with other runs of the same world; None: nothing is injected


def settle(report: Report, experiments: list[Experiment]) -> None:
    """Job: check each market's data and fix the starts; in a process of its own, because the data weighs much."""
    starts_ns: list[int] = []
    for number, experiment in enumerate(experiments):
        try:
            starts_ns.append(settle_times(experiment).start_ns or 0)
        except MarketError as error:
            report(Refused(number, error.file, error.row or 0, error.field, error.expected, error.found))
            return
    report(Settled(tuple(starts_ns)))


def simulate_control(report: Report, experiment: Experiment, directories: list[Path]) -> None:
    """Job: the control of one or several runs, in the first one's directory; the others adopt it."""
    first = RunDirectory(directories[0])
    simulate(report, experiment, "control", first.control_journal)
    for other in directories[1:]:
        try:
            RunDirectory(other).adopt_control(first.control_journal)
        except RunDirectoryError as error:
            report(Failed(str(error), ""))


def plan(experiments: list[Experiment], out: Path) -> list[Run]:
    """The runs of these experiments, under ``out``/scenario/case/seed-N. Their starts are fixed; nothing is written."""
    directories = [RunDirectory(out / one.scenario / one.case / f"seed-{one.seed}") for one in experiments]
    sharing: dict[str, list[Path]] = {}  # the directories that one control serves
    controls: dict[str, Job] = {}
    for experiment, directory in zip(experiments, directories, strict=True):
        if experiment.timeline:
            key = _control_key(experiment)
            served = sharing.setdefault(key, [])
            served.append(directory.path)
            if key not in controls:
                controls[key] = Job(f"{experiment.scenario}/control", simulate_control, (experiment, served))
    runs = []
    for experiment, directory in zip(experiments, directories, strict=True):
        name = f"{experiment.scenario}/{experiment.case}"
        simulation = Job(name, simulate, (experiment, "run", directory.run_journal))
        control = controls[_control_key(experiment)] if experiment.timeline else None
        after = (simulation,) if control is None else (simulation, control)
        judging = Job(f"{name}/verdict", judge_job, (directory.path,), after=after)
        runs.append(Run(experiment, directory, simulation, judging, control))
    return runs


def carry_out(
    runs: list[Run], workers: int | None = None, monitor: Path | None = None
) -> Generator[tuple[Job, Progress]]:
    """Prepare the directories and run everything; yields what the jobs tell.

    Raises:
        RunDirectoryError: a directory cannot be used; nothing has been simulated.
    """
    for run in runs:
        run.directory.refuse_strangers()
    for run in runs:
        run.directory.prepare()
        write_whole(run.directory.limits, run.experiment.limits_text.encode())
        write_whole(run.directory.scenario, msgspec.json.format(msgspec.json.encode(run.experiment.to_resolved())))
    jobs: dict[Job, None] = {}
    for run in runs:
        jobs[run.simulation] = None
        if run.control is not None:
            jobs[run.control] = None
    # Judgements last in the list, yet each starts as soon as its own two arms are done.
    jobs.update(dict.fromkeys(run.judging for run in runs))
    yield from run_jobs(list(jobs), workers, monitor)


def _control_key(experiment: Experiment) -> str:
    """Equal for experiments whose worlds are the same but for their injections."""
    return hashlib.blake2b(
        msgspec.json.encode(experiment.as_control(), order="deterministic"), digest_size=16
    ).hexdigest()
