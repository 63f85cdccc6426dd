"""Which cases a suite plays, under which seeds, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.scenario.errors import ScenarioError
from lab.scenario.resolve import SHIPPED, load_scenario
from lab.suite.memory import (
    PASSES_TO_FORGET,
    SEEDS_LIMIT,
    FailedSeed,
    SeedsFileError,
    keep,
    recall,
    remember,
)
from lab.suite.selection import select

LOST_FILL = SHIPPED / "exchange" / "lost_fill.yaml"
CRASH = SHIPPED / "market_crash.yaml"


def test_the_seeds_are_the_scenarios_own_and_those_that_follow() -> None:
    selection = select([LOST_FILL], seeds=3, case="noticed")
    assert [(one.case, one.seed) for one in selection.experiments] == [
        ("noticed", 42),
        ("noticed", 43),
        ("noticed", 44),
    ]
    assert selection.remembered == frozenset()
    assert selection.narrowed


def test_a_seed_is_what_lab_run_would_play_under_it() -> None:
    for file in (LOST_FILL, CRASH):
        by_case = {(one.case, one.seed): one for one in select([file], seeds=2).experiments}
        for one in load_scenario(file, seed=43).experiments:
            assert by_case[one.case, 43] == one


def test_values_that_are_drawn_are_drawn_anew_for_every_seed(tmp_path: Path) -> None:
    file = tmp_path / "drawn.yaml"
    text = CRASH.read_text().replace("scenario: market_crash", "scenario: drawn")
    at = next(line for line in text.splitlines() if line.strip().startswith("at: "))
    file.write_text(text.replace(at, f"{at.partition('at: ')[0]}at: {{uniform: [10 min, 20 min]}}", 1))
    selection = select([file], seeds=3, case="noticed")
    assert len({one.timeline[0].at_ns for one in selection.experiments}) == 3
    for one in selection.experiments:
        assert load_scenario(file, case="noticed", seed=one.seed).experiments == (one,)


def test_a_file_is_played_once_however_often_it_is_named() -> None:
    once = select([LOST_FILL]).experiments
    assert select([LOST_FILL, LOST_FILL.parent / "lost_fill.yaml"]).experiments == once
    everything = select([LOST_FILL.parent, LOST_FILL]).experiments
    assert len({(one.scenario, one.case, one.seed) for one in everything}) == len(everything)


def test_cases_are_picked_by_name_by_pattern_and_by_tag() -> None:
    assert {one.case for one in select([LOST_FILL, CRASH], case="noticed").experiments} == {"noticed"}
    assert {one.case for one in select([LOST_FILL], case="look_*").experiments} == {"look_alike"}
    tag = load_scenario(LOST_FILL).experiments[0].tags[0]
    assert {one.scenario for one in select([LOST_FILL.parent], tags=[tag]).experiments} >= {"lost_fill"}


def test_what_is_set_need_make_sense_in_the_cases_asked_for_only() -> None:
    (one,) = select([CRASH], case="noticed", sets=["timeline.crash.at=10 min"]).experiments
    assert one.timeline[0].at_ns == 600 * 10**9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"case": "notised"}, "--case notised: fits no case; expected"),
        ({"tags": ["rts6-art-99"]}, "--tag rts6-art-99: no case bears it; expected"),
    ],
)
def test_what_leaves_nothing_to_play_is_named_with_the_nearest_valid_name(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(ScenarioError) as error:
        select([LOST_FILL], **options)  # type: ignore[arg-type]
    assert str(error.value).startswith(message)
    if "case" in options:
        assert str(error.value).endswith("did you mean noticed?")


def test_an_empty_directory_is_no_suite(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="holds no scenario"):
        select([tmp_path])


def test_two_scenarios_of_one_name_cannot_share_a_suite(tmp_path: Path) -> None:
    twin = tmp_path / "lost_fill.yaml"
    twin.write_text(f"schema: riskproof-scenario/1\nscenario: lost_fill\nextends: {LOST_FILL}\n")
    with pytest.raises(ScenarioError, match="lost_fill is also the name of"):
        select([LOST_FILL, twin])


def test_what_failed_before_runs_first_and_is_marked_where_nobody_asked_for_it() -> None:
    failed = [
        FailedSeed("lost_fill", "look_alike", 43),
        FailedSeed("lost_fill", "noticed", 4711),
        FailedSeed("x", "y", 1),
    ]
    selection = select([LOST_FILL], seeds=2, failed=failed)
    played = [(one.case, one.seed) for one in selection.experiments]
    assert sorted(played[:2]) == [("look_alike", 43), ("noticed", 4711)]
    assert len(played) == len(set(played)) == 3 * 2 + 1
    assert selection.remembered == {("lost_fill", "noticed", 4711)}
    assert not selection.narrowed


def test_a_failing_seed_is_forgotten_after_it_has_passed_often_enough() -> None:
    seeds = remember([], [("crash", "noticed", 7, "fail"), ("crash", "noticed", 8, "pass")])
    assert seeds == [FailedSeed("crash", "noticed", 7)]
    for passes in range(1, PASSES_TO_FORGET):
        seeds = remember(seeds, [("crash", "noticed", 7, "pass")])
        assert seeds == [FailedSeed("crash", "noticed", 7, passes)]
    assert remember(seeds, [("crash", "noticed", 7, "unknown")]) == seeds
    assert remember(seeds, [("crash", "noticed", 7, "fail")]) == [FailedSeed("crash", "noticed", 7)]
    assert remember(seeds, [("crash", "noticed", 7, "pass")]) == []


def test_the_memory_has_a_bound_at_which_the_oldest_goes() -> None:
    seeds = remember([FailedSeed("crash", "noticed", 0)], [("crash", "noticed", n, "fail") for n in range(1, 300)])
    assert len(seeds) == SEEDS_LIMIT
    assert seeds[0].seed == 300 - SEEDS_LIMIT


def test_the_memory_survives_its_file_and_leaves_none_where_there_is_nothing_to_remember(tmp_path: Path) -> None:
    file = tmp_path / ".lab" / "failing_seeds.json"
    keep(file, [])
    assert not file.parent.exists()
    assert recall(file) == []
    keep(file, [FailedSeed("crash", "noticed", 7, 1)])
    assert recall(file) == [FailedSeed("crash", "noticed", 7, 1)]
    keep(file, [])
    assert recall(file) == []


@pytest.mark.parametrize("content", ["", "{}", '{"format": "x", "seeds": []}', '{"format": 1}'])
def test_a_damaged_memory_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "seeds.json"
    file.write_text(content)
    with pytest.raises(SeedsFileError) as error:
        recall(file)
    assert str(error.value).startswith(f"{file}: ")
    assert "expected" in str(error.value)
