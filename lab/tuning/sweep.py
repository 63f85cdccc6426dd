"""Sweep: plays points of one or two axes over one or several seeds, and keeps what became of each expectation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from lab.playing.trials import Trial
from lab.scenario.errors import Mark, ScenarioError, one_of, problem, shortened
from lab.scenario.model import Experiment
from lab.tuning.bench import Bench, Subject, renamed
from lab.tuning.frontier import Point
from lab.tuning.states import State, describe_asked, states_in, together
from lab.tuning.vary import Axis

Told = Callable[[Point], None]


class Sweep:
    """``points`` holds every point that was played, by its values, also when the search was interrupted."""

    def __init__(
        self,
        subject: Subject,
        axes: Sequence[Axis],
        chosen: Sequence[int],
        bench: Bench,
        seeds: Sequence[int],
        told: Told,
    ) -> None:
        self.points: dict[tuple[float, ...], Point] = {}
        self._subject = subject
        self._axes = tuple(axes)
        self._chosen = tuple(chosen)
        self._bench = bench
        self._seeds = tuple(seeds)
        self._told = told

    def measure(self, asked: Sequence[tuple[float, ...]]) -> list[Point]:
        """Play these points together. One that cannot be an experiment (a ramp longer than its injection) is kept as
        unknown, with the reason as its trouble."""
        found: dict[tuple[float, ...], Point] = {}
        experiments: list[Experiment] = []
        owners: list[tuple[float, ...]] = []
        for values in asked:
            settings = [axis.setting(value) for axis, value in zip(self._axes, values, strict=True)]
            words = [f"{axis.name}_{axis.text(value)}" for axis, value in zip(self._axes, values, strict=True)]
            try:
                variants = [renamed(self._subject.experiment(settings, seed), *words) for seed in self._seeds]
            except ScenarioError as error:
                found[values] = self._keep(self._point(values, {}, str(error.problems[0])))
                continue
            experiments += variants
            owners += [values] * len(variants)
        played: dict[tuple[float, ...], dict[int, Trial]] = {}
        for place, trial in self._bench.play(experiments) if experiments else ():
            values = owners[place]
            played.setdefault(values, {})[trial.experiment.seed] = trial
            if len(played[values]) == len(self._seeds):
                trouble = "; ".join(one.trouble for one in played[values].values() if one.trouble)
                found[values] = self._keep(self._point(values, played[values], trouble))
        return [found[values] for values in asked if values in found]

    def _point(self, values: tuple[float, ...], trials: dict[int, Trial], trouble: str) -> Point:
        judgements = [trials[seed].judgement if seed in trials else None for seed in self._seeds]
        by_seed = tuple(states_in(judgement, self._chosen) for judgement in judgements)
        states: tuple[State, ...] = tuple(together(states) for states in zip(*by_seed, strict=True))
        return Point(
            values=values,
            texts=tuple(axis.text(value) for axis, value in zip(self._axes, values, strict=True)),
            states=states,
            by_seed=by_seed,
            false_alarms=sum(len(judgement.false_alarms) for judgement in judgements if judgement is not None),
            trouble=trouble,
        )

    def _keep(self, point: Point) -> Point:
        self.points[point.values] = point
        self._told(point)
        return point


def chosen_expectations(experiment: Experiment, words: str | None) -> list[int]:
    """The places of the expectations that a search looks at: all, or those that ``words`` all occur in.

    Raises ScenarioError: there is none.
    """
    named = [describe_asked(one) for one in experiment.expect]
    if not named:
        message = f"the case {experiment.case} expects nothing that could be noticed"
        raise problem(Mark(experiment.file, 0, 0), "expect", message, "a case with expectations")
    wanted = (words or "").split()
    found = [place for place, name in enumerate(named) if all(word in name.split() for word in wanted)]
    if not found:
        shown = shortened(f"--only {words}", 80)
        raise problem(Mark(shown, 0, 0), "", "fits no expectation of the case", f"words of: {one_of(named)}")
    return found


def lattice(axes: Sequence[Axis], positions: Sequence[Sequence[float]]) -> list[tuple[float, ...]]:
    """Every combination of positions on the axes, as values."""
    lists = [[axis.value(one) for one in listed] for axis, listed in zip(axes, positions, strict=True)]
    return list(product(*lists))
