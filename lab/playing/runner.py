"""The runner: turns experiments into runs, controls, removals and judgements.

Arms of the same world are simulated once, whichever cases and scenarios they serve: the control of one case is the run
of another in which nothing happens. Each gets its journal under its own header.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lab.judging.judge import judge_job
from lab.laboratory.market import settle_times
from lab.playing.arms import CONTROL, RUN, Removals, removals_of, without, world_of
from lab.playing.pool import Job, Report, Team, run_jobs
from lab.playing.progress import Progress, Refused, Settled
from lab.playing.run_directory import Keep, RunDirectory, write_whole
from lab.playing.simulate import Title, simulate_world
from lab.scenario.model import Experiment
from simulators.market_data.world.errors import MarketError


@dataclass(frozen=True, slots=True)
class Run:
    """One experiment on its way to a verdict."""

    experiment: Experiment
    directory: RunDirectory
    simulation: Job  # may serve other runs too, as their control or removal
    control: Job | None  # None: nothing is injected
    removals: tuple[Job, ...]
    judging: Job

    @property
    def name(self) -> str:
        """For people: scenario and case."""
        return f"{self.experiment.scenario}/{self.experiment.case}"


def settle(report: Report, experiment: Experiment) -> None:
    """Job: check the market's data and fix the start; in a process of its own, because the data weighs much."""
    try:
        report(Settled(settle_times(experiment).start_ns or 0))
    except MarketError as error:
        report(Refused(error.file, error.row or 0, error.field, error.expected, error.found))


def asked_of_market(experiment: Experiment) -> bytes:
    """Equal for experiments of whose market's data the same is asked: it is little, and many share it."""
    market = experiment.market
    seed = 0 if market.config.synthetic is None else experiment.seed  # bars that were once recorded know no seed
    listings = [[listing.symbol for listing in exchange.config.listings] for exchange in experiment.firm.exchanges]
    exchanges = [exchange.name for exchange in experiment.firm.exchanges]
    return msgspec.json.encode(
        (market.config, market.directory, seed, experiment.start_ns, experiment.duration_ns, exchanges, listings),
        order="deterministic",
    )


def plan(experiments: list[Experiment], out: Path, removals: Removals = "each", keep: Keep = "all") -> list[Run]:
    """The runs of these experiments, under ``out``/scenario/case/seed-N. Their starts are fixed; nothing is written.

    Raises:
        ScenarioError: every subset of too many injections is to be left out.
    """
    worlds: dict[str, Job] = {}

    def simulated(experiment: Experiment, arm: str, journal: Path, name: str) -> Job:
        titles: list[Title] = worlds.setdefault(
            world_of(experiment, arm), Job(f"{experiment.scenario}/{name}", simulate_world, ([],))
        ).arguments[0]
        titles.append(Title(experiment, arm, journal))
        return worlds[world_of(experiment, arm)]

    runs = []
    for one in experiments:
        directory = RunDirectory(out / one.scenario / one.case / f"seed-{one.seed}")
        simulation = simulated(one, RUN, directory.run_journal, one.case)
        control = simulated(one, CONTROL, directory.control_journal, "control") if one.timeline else None
        left_out = removals_of(one, removals)
        removed = tuple(
            simulated(one, without(names), directory.removal(names), f"{one.case} without {', '.join(names)}")
            for names in left_out
        )
        # A comparison that failed proves nothing, but what the run itself proves must still be said.
        compared = removed if control is None else (control, *removed)
        judging = Job(
            f"{one.scenario}/{one.case}/verdict", judge_job, (directory.path, keep), (simulation,), once_over=compared
        )
        runs.append(Run(one, directory, simulation, control, removed, judging))
    return runs


def carry_out(
    runs: list[Run],
    workers: int | None = None,
    monitor: Path | None = None,
    at_most_s: float | None = None,
    team: Team | None = None,
) -> Generator[tuple[Job, Progress]]:
    """Prepare the directories and run everything; yields what the jobs tell. ``team``: as in ``run_jobs``.

    Raises:
        RunDirectoryError: a directory cannot be used; nothing has been simulated.
    """
    for run in runs:
        run.directory.refuse_strangers()
    for run in runs:
        run.directory.prepare()
        write_whole(run.directory.limits, run.experiment.limits_text.encode())
        write_whole(run.directory.scenario, msgspec.json.format(msgspec.json.encode(run.experiment.to_resolved())))
    yield from run_jobs(_in_order(runs), workers, monitor, at_most_s, team)


def _in_order(runs: list[Run]) -> list[Job]:
    """Judgements first: each waits for its arms, and then frees what they hold. Long simulations before short ones, so
    that no core is left alone with one in the end; those of one control side by side, so that few journals wait."""
    families: dict[Job, list[Run]] = {}
    for run in runs:
        families.setdefault(run.control or run.simulation, []).append(run)
    longest_first = sorted(families.values(), key=lambda family: -max(run.experiment.duration_ns for run in family))
    jobs: dict[Job, None] = dict.fromkeys(run.judging for run in runs)
    for family in longest_first:
        for run in family:
            jobs.update(dict.fromkeys((run.simulation, *([run.control] if run.control else []), *run.removals)))
    return list(jobs)
