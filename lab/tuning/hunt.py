"""Hunt: the worst harm found within a number of runs, by CMA-ES over what a scenario leaves to choose.

CMA-ES (Hansen, *The CMA Evolution Strategy: A Tutorial*, arXiv:1604.00772; the package ``cmaes``) asks for a
generation of points, all played together, and moves towards the worst of them. It proves nothing about what it did
not try.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from cmaes import CMA

from correlator.verdict import Verdict
from lab.scenario.errors import ScenarioError
from lab.scenario.model import Experiment
from lab.tuning.bench import Bench, Subject, renamed
from lab.tuning.objective import Objective, Score, score_of
from lab.tuning.space import Dial

_SPREAD = 0.25  # of each axis: the first generation covers most of it
MOST_CONFIRMED = 3
"""Of variants that are played once more to confirm what they prove."""

_TRIES = 20  # for a point that can be an experiment


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One variant that was played, its settings as ``--set`` takes them, and its score; None: it could not be told.

    ``seemed``: the verdict without arms that leave injections out. Of several injections it is none yet, for which of
    them acted is not known, and the score's own is unknown until the variant is confirmed.
    """

    experiment: Experiment
    settings: tuple[str, ...]
    score: Score | None
    seemed: Verdict = "unknown"

    @property
    def is_open(self) -> bool:
        """Whether only arms that leave injections out can tell its verdict."""
        return self.score is not None and len(self.experiment.timeline) > 1


class Quarry(msgspec.Struct, frozen=True, kw_only=True):
    """One case that is hunted, with its dials. ``name`` is scenario/case."""

    name: str
    subject: Subject
    dials: tuple[Dial, ...]


Told = Callable[[Tried], None]


class Hunt:
    """Hunts one case. ``tried`` holds every variant in the order of play, also after an interruption."""

    def __init__(self, quarry: Quarry, objective: Objective, bench: Bench, seed: int, told: Told) -> None:
        self.quarry = quarry
        self.tried: list[Tried] = []
        self.refused = 0  # points that could not be experiments
        self._objective = objective
        self._bench = bench
        self._told = told
        self._seed = _seed_of(quarry.name, seed)

    def play_as_written(self) -> None:
        """The case as it is: whatever is found must be worse."""
        self._play([self.quarry.subject.experiment()], [()])

    def search(self, most_runs: int) -> None:
        """Play up to ``most_runs`` variants."""
        dials = self.quarry.dials
        size = _generation(len(dials), self._bench.jobs, most_runs)
        if not dials or not size:
            return
        bounds = np.tile([0.0, 1.0], (max(len(dials), 2), 1))
        # The method needs two dimensions; of a single dial the second one moves nothing.
        written = [dial.axis.position(dial.written) for dial in dials] + [0.5] * (2 - len(dials))
        optimiser = CMA(
            mean=np.clip(np.array(written), 0.05, 0.95), sigma=_SPREAD, bounds=bounds, seed=self._seed,
            population_size=size,
        )  # fmt: skip
        left = most_runs
        while left > 0:
            points = [self._asked(optimiser) for _ in range(size)]
            now = points[:left]
            left -= len(now)
            scores = self._play([one for _, _, one in now], [settings for _, settings, _ in now])
            if len(now) < size:
                return
            least = min((score.value for score in scores if score is not None), default=0.0)
            optimiser.tell(
                [
                    (point, -(score.value if score is not None else least))
                    for (point, _, _), score in zip(now, scores, strict=True)
                ]
            )

    def confirm(self, tried: Tried) -> Verdict:
        """The verdict that `lab run` gives the variant: it is played again, with an arm without each injection."""
        verdict: Verdict = "unknown"
        again = renamed(tried.experiment, f"confirmed_{self.tried.index(tried)}")
        for _, trial in self._bench.play([again], removals="each"):
            verdict = trial.verdict
        if tried.score is not None:
            score = msgspec.structs.replace(tried.score, verdict=verdict)
            self.tried[self.tried.index(tried)] = msgspec.structs.replace(tried, score=score)
        return verdict

    @property
    def worst(self) -> Tried | None:
        """Of what was tried, what scored highest; the earlier of equals."""
        known = [one for one in self.tried if one.score is not None]
        return max(known, key=value_of, default=None)

    def _asked(
        self, optimiser: CMA
    ) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], tuple[str, ...], Experiment]:
        """A point that can be an experiment; as it is written where none was found."""
        for _ in range(_TRIES):
            point = optimiser.ask()
            settings = tuple(
                dial.axis.setting(dial.axis.value(float(place)))
                for dial, place in zip(self.quarry.dials, point, strict=False)
            )
            try:
                return point, settings, self.quarry.subject.experiment(settings)
            except ScenarioError:
                self.refused += 1
        return point, (), self.quarry.subject.experiment()

    def _play(self, experiments: Sequence[Experiment], settings: Sequence[tuple[str, ...]]) -> list[Score | None]:
        scores: list[Score | None] = [None] * len(experiments)
        named = [renamed(one, f"hunted_{len(self.tried) + place}") for place, one in enumerate(experiments)]
        found: dict[int, Tried] = {}
        try:
            for place, trial in self._bench.play(named):
                scores[place] = score_of(self._objective, trial)
                found[place] = _tried(experiments[place], settings[place], scores[place])
                self._told(found[place])
        finally:  # what was played before an interruption counts
            self.tried += [found[place] for place in sorted(found)]
        return scores


def _tried(experiment: Experiment, settings: tuple[str, ...], score: Score | None) -> Tried:
    one = Tried(experiment=experiment, settings=settings, score=score, seemed=score.verdict if score else "unknown")
    if score is None or not one.is_open:
        return one
    return msgspec.structs.replace(one, score=msgspec.structs.replace(score, verdict="unknown"))


def confirm_worst(hunts: Sequence[Hunt]) -> None:
    """Have the worst of all confirmed; and where nothing is proven to fail yet, what seemed to, the worst first, until
    something is or ``MOST_CONFIRMED`` were played."""
    ranked = sorted(((hunt, one) for hunt in hunts for one in hunt.tried), key=lambda each: -value_of(each[1]))
    is_proven = any(one.score is not None and one.score.verdict == "fail" for _, one in ranked)
    wanted = [each for place, each in enumerate(ranked) if each[1].is_open and (not place or each[1].seemed == "fail")]
    for hunt, one in wanted[:MOST_CONFIRMED]:
        if is_proven and one is not ranked[0][1]:
            return
        is_proven = hunt.confirm(one) == "fail" or is_proven


def value_of(tried: Tried) -> float:
    """Its score, or less than any where there is none."""
    return tried.score.value if tried.score is not None else -math.inf


def _generation(dimensions: int, jobs: int, most_runs: int) -> int:
    """The size of a generation: the method's own, rounded up so that no core idles, at least three generations."""
    if not dimensions or most_runs < 4:
        return 0
    own = 4 + math.floor(3 * math.log(max(dimensions, 2)))
    own = max(4, min(own, most_runs // 3))
    return min(most_runs, -(-own // jobs) * jobs)


def _seed_of(name: str, seed: int) -> int:
    """The optimiser's seed, of its own for each case."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {name}".encode(), digest_size=4).digest())
