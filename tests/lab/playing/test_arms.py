"""Arms: what is left out of a timeline, and which arms are the same world."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.playing.arms import CONTROL, RUN, as_played, removals_of, without, world_of
from lab.scenario.errors import ScenarioError
from lab.scenario.model import Experiment
from lab.scenario.resolve import load_scenario

SCENARIO = """
schema: riskproof-scenario/1
scenario: {name}
seed: 1
duration: 10 min
market: {{source: calm_2023_02_kucoin_1m, start: 2023-02-26T00:00:00Z}}
firm: bitcoin_desk
limits: bitcoin_desk
timeline: [{timeline}]
stop_when: [{{quantity: equity, below: 1 USD}}]
forbid: [{{alert: {forbidden}}}]
"""


def outage(name: str) -> str:
    return f"{{inject: {name}, fault: exchange_outage, at: 2 min, for: 1 min, scope: {{venue: apex}}}}"


def load(directory: Path, *names: str, scenario: str = "harms", forbidden: str = "any") -> Experiment:
    timeline = ", ".join(outage(name) for name in names)
    path = directory / f"{scenario}.yaml"
    path.write_text(SCENARIO.format(name=scenario, timeline=timeline, forbidden=forbidden))
    (experiment,) = load_scenario(path).experiments
    return experiment


def test_each_injection_is_left_out_once_where_there_are_several(tmp_path: Path) -> None:
    three = load(tmp_path, "c", "a", "b")
    assert removals_of(three, "each") == [("c",), ("a",), ("b",)]
    assert removals_of(three, "all") == [("c",), ("a",), ("b",), ("c", "a"), ("c", "b"), ("a", "b")]
    assert removals_of(three, "none") == []
    for how in ("each", "all"):
        assert removals_of(load(tmp_path, "a"), how) == []  # the control is its removal
        assert removals_of(load(tmp_path), how) == []


def test_every_subset_of_too_many_injections_is_refused(tmp_path: Path) -> None:
    seven = load(tmp_path, *"abcdefg")
    assert len(removals_of(seven, "each")) == 7
    with pytest.raises(ScenarioError, match="default has 7 injections, too many") as told:
        removals_of(seven, "all")
    assert "expected at most 6, or --removals each" in str(told.value)


def test_an_arm_for_comparison_plays_what_is_left_and_asks_for_nothing(tmp_path: Path) -> None:
    experiment = load(tmp_path, "a", "b", "c")
    assert as_played(experiment, RUN) is experiment
    played = as_played(experiment, without(("a", "c")))
    assert [one.name for one in played.timeline] == ["b"]
    assert (played.scenario, played.case, played.expect, played.forbid, played.stop_when) == ("harms", "", (), (), ())
    assert as_played(experiment, CONTROL).timeline == ()
    with pytest.raises(ValueError, match="no such arm: 'shadow'"):
        as_played(experiment, "shadow")


def test_worlds_are_the_same_whatever_they_are_called_and_asked(tmp_path: Path) -> None:
    both = load(tmp_path, "a", "b")
    alone = load(tmp_path, "a", scenario="other", forbidden="drawdown")
    assert world_of(both, CONTROL) == world_of(alone, CONTROL)
    assert world_of(both, without(("b",))) != world_of(both, CONTROL)
    worlds = [world_of(both, arm) for arm in (RUN, CONTROL, without(("a",)), without(("b",)))]
    assert len(set(worlds)) == 4


def test_a_condition_that_may_stop_the_run_parts_it_from_the_arms_that_go_on(tmp_path: Path) -> None:
    both, alone = load(tmp_path, "a", "b"), load(tmp_path, "a")
    assert world_of(alone, RUN) != world_of(both, without(("b",)))
