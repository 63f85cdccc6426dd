"""Which cases a mutant of the code is played in, once it is known where it shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from lab.mutants.campaign import Campaign, Hunt, Standing, at_most_s
from lab.mutants.mutant import Mutant, SourceEdit
from lab.mutants.replay import Showing
from lab.mutants.selection import Catalogue
from lab.scenario.model import Experiment
from lab.scenario.resolve import SHIPPED, load_scenario

ONE = load_scenario(SHIPPED / "exchange" / "event_gap.yaml", case="noticed").experiments[0]
MUTANT = Mutant(id="source/x", level="source", operator="x", what="", edit=SourceEdit("x.py", 1, 0, 1, "a", "b"))


class Looks:
    """Footprints and showings that are known beforehand, by case; a case that is not named never gets to the place."""

    def __init__(self, shown: dict[str, Showing]) -> None:
        self._shown = shown
        self.looked: list[str] = []

    def record(self, experiments: Sequence[Experiment]) -> None:
        pass

    def is_met(self, experiment: Experiment, mutant: Mutant) -> bool:
        return experiment.case in self._shown

    def of(self, mutant: Mutant, experiments: Sequence[Experiment]) -> Iterator[tuple[Experiment, Showing]]:
        for one in experiments:
            self.looked.append(one.case)
            yield one, self._shown[one.case]


def played(shown: dict[str, Showing], names: str, limit: int, out: Path) -> tuple[list[str], Standing, list[str]]:
    cases = [msgspec.structs.replace(ONE, case=name) for name in names]
    campaign = Campaign(cast(Any, Hunt(Catalogue(cases), {}, None, out, limit, all_kills=False, jobs=1)))
    looks = Looks(shown)
    campaign._looks = cast(Any, (looks, looks))
    standing = Standing(MUTANT)
    chosen = [one.case for one, _ in campaign._showing(standing, iter(cases), limit)]
    return chosen, standing, looks.looked


def test_cases_in_which_it_alerts_otherwise_come_first_and_those_in_which_it_does_the_same_never(
    tmp_path: Path,
) -> None:
    shown: dict[str, Showing] = {"b": "conduct", "c": "nowhere", "d": "alerts", "e": "words", "f": "unknown"}
    chosen, standing, _ = played(shown, "abcdef", 4, tmp_path)
    assert chosen == ["d", "b", "f"]
    assert (standing.unmet, standing.unseen, standing.untried) == (1, 2, 0)


def test_nothing_more_is_looked_at_once_enough_cases_are_found(tmp_path: Path) -> None:
    chosen, standing, looked = played(dict.fromkeys("abcdefgh", "alerts"), "abcdefgh", 2, tmp_path)
    assert (chosen, looked) == (["a", "b"], ["a", "b"])
    assert standing.untried == 6


def test_the_time_that_a_play_may_take_grows_with_what_it_simulates() -> None:
    day = msgspec.structs.replace(ONE, duration_ns=24 * 3_600 * 10**9)
    assert at_most_s([ONE]) < 400
    assert at_most_s([ONE, day]) > 3_000
