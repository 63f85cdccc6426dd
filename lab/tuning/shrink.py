"""Shrink: the smallest scenario, of those tried, that still shows the same finding.

Every candidate is written, read back and played: what is kept is what runs. A search of this kind ends at a scenario
from which none of the reductions tried can be taken alone, and not at the smallest there is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from lab.scenario.errors import ScenarioError
from lab.scenario.model import Experiment, MonitorSetup
from lab.scenario.resolve import load_scenario
from lab.tuning import reductions
from lab.tuning.bench import Bench
from lab.tuning.draft import Draft
from lab.tuning.finding import Finding, shown
from lab.tuning.yaml_text import yaml_text


class Shrunk(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest draft so far, the finding as it shows there, and what was taken away to get to it."""

    draft: Draft
    finding: Finding
    steps: tuple[str, ...] = ()
    seeds_tried: int = 0
    seeds_showing: int = 0


class BudgetSpent(Exception):
    """No more runs may be played; what was found so far stands."""


Kept = Callable[[Shrunk], None]


class Shrinker:
    """Tries reductions one after another. ``kept`` hears of every smaller scenario at once; ``best`` is the last."""

    def __init__(
        self,
        draft: Draft,
        finding: Finding,
        bench: Bench,
        *,
        target: Path,
        stem: str,
        setup: MonitorSetup,
        most_runs: int,
        kept: Kept,
    ) -> None:
        self.best = Shrunk(draft=draft, finding=finding)
        self._bench = bench
        self._target = target
        self._stem = stem
        self._setup = setup
        self._most_runs = most_runs
        self._kept = kept
        self._known: dict[str, Finding | None] = {}

    def is_reproduced(self) -> bool:
        """Whether the run shows its finding when it is played again as it was; asks for nothing else if it can."""
        as_it_was = self.best.draft
        asking = reductions.asking_only(as_it_was, self.best.finding)
        first, second = self._try([as_it_was, asking])
        if first is None and second is None:
            return False
        if second is not None:
            self._take(asking, second, "every other demand")
        return True

    def shrink(self) -> None:
        """Reduce until nothing more can be taken away, or the runs are spent."""
        try:
            before: Draft | None = None
            while before != self.best.draft:
                before = self.best.draft
                self._fewer_injections()
                self._fewer_extras()
                self._first_of(reductions.shorter_run(self.best.draft, self.best.finding), "the end of the run")
                self._first_of(reductions.later_start(self.best.draft), "the time before the first injection")
                for place in range(len(self.best.draft.timeline)):
                    name = self.best.draft.timeline[place].name
                    self._first_of(reductions.weaker(self.best.draft, place), f"intensity of {name}")
                    self._first_of(reductions.briefer(self.best.draft, place), f"duration of {name}")
        except BudgetSpent:
            return

    def count_seeds(self, others: int) -> None:
        """Play the result under its own seed and ``others`` more, and count how many show it."""
        draft = self.best.draft
        drafts = [msgspec.structs.replace(draft, seed=draft.seed + number) for number in range(others + 1)]
        self._known.pop(self._text(draft), None)  # its own is played once more, from what was written
        found = self._play(drafts)
        self.best = msgspec.structs.replace(
            self.best, seeds_tried=len(drafts), seeds_showing=sum(one is not None for one in found)
        )
        self._kept(self.best)

    def _fewer_injections(self) -> None:
        """Delta debugging over the timeline: ddmin."""
        names = tuple(one.name for one in self.best.draft.timeline)
        nothing = reductions.fewer_injections(self.best.draft, ())
        if self.best.finding.what == "false_alarm" and names and self._first_of([nothing], "every injection"):
            return
        parts = 2
        while len(names) > 1:
            choices = list(reductions.subsets(names, parts))
            drafts = [reductions.fewer_injections(self.best.draft, choice) for choice in choices]
            taken = self._first_of(drafts, "injections")
            if taken is not None:
                names = tuple(one.name for one in self.best.draft.timeline)
                parts = max(2, parts - 1)
            elif parts >= len(names):
                return
            else:
                parts = min(len(names), 2 * parts)

    def _fewer_extras(self) -> None:
        """Each extra alone, then all that could go alone together, then those one by one."""
        extras = reductions.fewer_extras(self.best.draft)
        alone = self._try([without(self.best.draft) for _, without in extras])
        able = [extra for extra, found in zip(extras, alone, strict=True) if found is not None]
        if not able:
            return
        together = self.best.draft
        for _, without in able:
            together = without(together)
        names = ", ".join(name for name, _ in able)
        if self._first_of([together], names) is None:
            for name, without in able:
                self._first_of([without(self.best.draft)], name)

    def _first_of(self, drafts: Sequence[Draft], what: str) -> Draft | None:
        """Take the first of these, smallest first, that shows the finding; None if none does."""
        at_once = max(1, 2 * self._bench.jobs - 1)
        for at in range(0, len(drafts), at_once):
            batch = drafts[at : at + at_once]
            for draft, found in zip(batch, self._try(batch), strict=True):
                if found is not None and draft != self.best.draft:
                    self._take(draft, found, what)
                    return draft
        return None

    def _take(self, draft: Draft, found: Finding, what: str) -> None:
        self.best = msgspec.structs.replace(self.best, draft=draft, finding=found, steps=(*self.best.steps, what))
        self._kept(self.best)

    def _try(self, drafts: Sequence[Draft]) -> list[Finding | None]:
        """The finding as each draft shows it. Raises BudgetSpent before more is played than may be."""
        new = {text: draft for draft in drafts if (text := self._text(draft)) not in self._known}
        if self._bench.runs + len(new) > self._most_runs:
            raise BudgetSpent
        for text, found in zip(new, self._play(list(new.values())), strict=True):
            self._known[text] = found
        return [self._known[self._text(draft)] for draft in drafts]

    def _play(self, drafts: Sequence[Draft]) -> list[Finding | None]:
        found: list[Finding | None] = [None] * len(drafts)
        experiments: list[Experiment] = []
        places: list[int] = []
        for place, draft in enumerate(drafts):
            try:
                one = self._load(draft)
            except ScenarioError:
                continue  # what is left cannot be an experiment: an expectation of an injection that is gone
            case = f"try_{self._bench.runs + place}"
            experiments.append(msgspec.structs.replace(one, case=case, monitor_setup=self._setup))
            places.append(place)
        for number, trial in self._bench.play(experiments) if experiments else ():
            found[places[number]] = shown(trial.judgement, self.best.finding)
        return found

    def _load(self, draft: Draft) -> Experiment:
        """The draft as its file says it. A file beside the result, because of what it names by relative paths."""
        path = self._target / f".shrink-{os.getpid()}.yaml"
        try:
            path.write_text(self._text(draft), encoding="utf-8")
            (experiment,) = load_scenario(path).experiments
            return experiment
        finally:
            path.unlink(missing_ok=True)

    def _text(self, draft: Draft) -> str:
        return yaml_text(draft.written(self._stem))
