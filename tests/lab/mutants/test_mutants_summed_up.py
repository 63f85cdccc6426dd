"""What a campaign says of all the mutants that it did not run."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from lab.mutants.campaign import Campaign, Hunt, Standing
from lab.mutants.choosing import Choice
from lab.mutants.equivalent import Equivalent
from lab.mutants.findings import find
from lab.mutants.mutant import Mutant, SourceEdit
from lab.mutants.result import Kill, MutantsResult
from lab.mutants.selection import Catalogue
from lab.mutants.tables import text_lines
from lab.scenario.model import Experiment
from lab.scenario.resolve import load_scenario

EVENT_GAP = Path(__file__).parents[3] / "scenarios" / "exchange" / "event_gap.yaml"
KILL = Kill(scenario="s", case="c", seed=1, before="pass", after="fail", crashed=False, reason="missed")
MUTANTS = tuple(
    Mutant(
        id=f"source/m:f/constant/{number}",
        level="source",
        operator="constant",
        what="m.py:1: `1` becomes `2`",
        edit=SourceEdit("m.py", 1, 0, 1, "1", "2"),
        mandates=(),
        missing="",
    )
    for number in range(4)
)


@pytest.fixture(scope="module")
def experiments() -> list[Experiment]:
    return list(load_scenario(EVENT_GAP).experiments)


def summed_up(
    experiments: list[Experiment], out: Path, *, killed: int, stated: str = "", finished: bool = True
) -> MutantsResult:
    hunt = Hunt(catalogue=Catalogue(experiments), package={}, monitor=None, out=out, cases_each=4, all_kills=False)
    standings = [
        Standing(mutant, kills=[KILL]) if number < killed else Standing(mutant, survived=experiments[:1])
        for number, mutant in enumerate(MUTANTS)
    ]
    choice = Choice(possible=MUTANTS, chosen=MUTANTS, lacking=(), ids=tuple(one.id for one in MUTANTS), is_drawn=True)
    equivalents = [Equivalent(id=stated, reason="for a test")] if stated else []
    return find(Campaign(hunt), hunt, standings, choice, equivalents, seed=1, finished=finished)


def test_an_equivalent_that_was_killed_is_among_the_killed(experiments: list[Experiment], tmp_path: Path) -> None:
    plain = summed_up(experiments, tmp_path, killed=3)
    stated = summed_up(experiments, tmp_path, killed=3, stated=MUTANTS[0].id)
    assert [one.fate for one in stated.mutants] == ["not_equivalent", "killed", "killed", "survived"]
    assert stated.source_kill_rate == plain.source_kill_rate == pytest.approx((0.194, 0.994), abs=0.001)


def test_what_an_interrupted_campaign_came_to_is_no_sample(experiments: list[Experiment], tmp_path: Path) -> None:
    assert summed_up(experiments, tmp_path, killed=3, finished=False).source_kill_rate is None


def test_the_share_is_told_rounded_outwards_and_of_what(experiments: list[Experiment], tmp_path: Path) -> None:
    lines = list(text_lines(summed_up(experiments, tmp_path, killed=3), 200))
    assert (
        "Of all 4 source mutants but the equivalent ones, 19 to 100 % would be killed in the same way "
        "(95 % interval from those drawn with seed 1)."
    ) in lines


def test_the_table_fits_a_terminal_and_tells_what_was_not_tried(experiments: list[Experiment], tmp_path: Path) -> None:
    result = summed_up(experiments, tmp_path, killed=3)
    untried = msgspec.structs.replace(result.counts[0], survived=0, not_tried=1)
    lines = list(text_lines(msgspec.structs.replace(result, counts=[untried]), 80))
    heading = next(number for number, line in enumerate(lines) if line.startswith("level"))
    assert max(map(len, lines)) <= 80
    assert [line.split() for line in lines[heading : heading + 2]] == [
        ["level", "possible", "run", "killed", "crash", "equivalent", "survived", "unreached", "unshown", "untried"],
        ["source", "4", "4", "3", "0", "0", "0", "0", "0", "1"],
    ]
