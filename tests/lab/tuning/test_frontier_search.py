"""Frontiers: found where they are, told where they are not, and never called monotone where they are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.tuning.drawing import PLAYED, grid, strip, told
from lab.tuning.frontier import Frontier, Point, frontier_of, trace
from lab.tuning.plane import explore
from lab.tuning.states import State, together
from lab.tuning.vary import Axis

AXIS = Axis(path="timeline.slide.intensity", least=0.001, most=0.1, dimension="share", scale="log")
ACROSS = Axis(path="timeline.slide.ramp", least=0.0, most=100.0, dimension="number")


def point(values: tuple[float, ...], state: State) -> Point:
    texts = tuple(f"{value:g}" for value in values)
    return Point(values=values, texts=texts, states=(state,), by_seed=((state,),), false_alarms=0)


class World:
    """Plays values of one axis by a rule; counts what was asked for."""

    def __init__(self, rule: Callable[[float], State]) -> None:
        self.rule = rule
        self.batches: list[list[float]] = []

    def __call__(self, values: Sequence[float]) -> list[Point]:
        self.batches.append(list(values))
        return [point((value,), self.rule(value)) for value in values]


def search(rule: Callable[[float], State], most: int = 60, tolerance: float = 0.02) -> tuple[list[Point], Frontier]:
    points = trace(AXIS, World(rule), most_points=most, at_once=3, tolerance=tolerance)
    return points, frontier_of(AXIS, points, 0, tolerance)


@settings(max_examples=60)
@given(owed=st.floats(0.0011, 0.09), gap=st.floats(1.0, 1.8))
def test_both_lines_are_found_as_finely_as_was_asked_for(owed: float, gap: float) -> None:
    noticed = min(owed * gap, 0.099)
    _, found = search(lambda value: "not_owed" if value < owed else "missed" if value < noticed else "noticed")
    assert found.narrow
    for line, true in ((found.owed, owed), (found.noticed, noticed)):
        assert line.course == "crossed"
        (crossing,) = line.crossings
        assert crossing.off < true <= crossing.on
        assert crossing.on / crossing.off - 1 <= 0.0201


@settings(max_examples=30)
@given(owed=st.floats(0.0011, 0.03), missed=st.floats(1.0, 1.6), late=st.floats(1.0, 1.6))
def test_what_is_missed_is_parted_from_what_is_late_as_finely(owed: float, missed: float, late: float) -> None:
    answered, noticed = owed * missed, owed * missed * late

    def rule(value: float) -> State:
        return (
            "not_owed" if value < owed else "missed" if value < answered else "late" if value < noticed else "noticed"
        )

    points, found = search(rule, most=90)
    assert found.narrow
    for line, true in ((found.owed, owed), (found.answered, answered), (found.noticed, noticed)):
        (crossing,) = line.crossings
        assert crossing.off < true <= crossing.on
        assert crossing.on / crossing.off - 1 <= 0.0201
    words = [line.split()[:2] for line in told(AXIS, found)]
    assert (["at", "all"] in words) == any(point.states == ("late",) for point in points)


def test_slow_ramps_are_a_frontier_the_other_way_round() -> None:
    _, found = search(lambda value: "noticed" if value <= 0.02 else "not_owed")
    (crossing,) = found.noticed.crossings
    assert found.noticed.course == "crossed"
    assert crossing.on <= 0.02 < crossing.off
    assert told(AXIS, found)[1].startswith("  noticed  up to 19")


def test_range_that_does_not_bracket_the_frontier_says_so() -> None:
    points, found = search(lambda value: "noticed")
    assert (found.owed.course, found.noticed.course, found.between) == ("everywhere", "everywhere", {})
    assert len(points) > 5  # and was spot-checked before it said so
    assert "not bracketed" in told(AXIS, found)[0]
    nowhere = search(lambda value: "missed")[1]
    assert (nowhere.owed.course, nowhere.noticed.course) == ("everywhere", "nowhere")


def test_hole_beyond_the_frontier_is_told_and_narrowed_on_both_sides() -> None:
    def rule(value: float) -> State:
        if value < 0.002:
            return "not_owed"
        return "late" if 0.02 <= value < 0.04 else "noticed"

    _, found = search(rule)
    assert found.owed.course == "crossed"
    assert found.noticed.course == "not_monotone"
    assert len(found.noticed.crossings) == 3
    assert found.narrow
    assert "NOT MONOTONE: from" in told(AXIS, found)[1]
    assert set(found.between) == {"late"}


def test_budget_is_kept_and_what_stayed_coarse_is_said() -> None:
    world = World(lambda value: "noticed" if value > 0.0137 else "not_owed")
    points = trace(AXIS, world, most_points=7, at_once=3, tolerance=0.001)
    assert len(points) == 7
    assert sum(map(len, world.batches)) == 7
    assert not frontier_of(AXIS, points, 0, 0.001).narrow


def test_steps_that_can_be_no_finer_end_the_search() -> None:
    axis = Axis(path="a", least=1.0, most=20.0, dimension="number", step=1.0)
    points = trace(
        axis, World(lambda value: "noticed" if value > 7 else "not_owed"), most_points=60, at_once=1, tolerance=0.001
    )
    found = frontier_of(axis, points, 0, 0.001)
    assert (found.noticed.crossings[0].off, found.noticed.crossings[0].on, found.narrow) == (7.0, 8.0, True)


def test_unknown_points_are_no_answer() -> None:
    _, found = search(lambda value: "unknown")
    assert (found.owed.course, found.noticed.course) == ("unknown", "unknown")
    assert search(lambda value: "unknown" if value > 0.05 else "noticed")[1].noticed.course == "everywhere"


def test_a_line_says_nothing_of_values_that_could_not_be_judged() -> None:
    points, found = search(lambda value: "unknown" if value > 0.05 else "noticed")
    unknown = sum(point.states == ("unknown",) for point in points)
    assert found.unknown == unknown > 0
    assert told(AXIS, found) == [
        "  owed     at every value that could be judged",
        "  noticed  at every value that could be judged",
        "  between  nothing: wherever it was owed it was noticed in time, as far as is known",
        f"  unknown  at {unknown} of the values played: nothing is said of these",
    ]


def test_several_seeds_are_as_bad_as_their_worst() -> None:
    assert together(["noticed", "not_owed"]) == "noticed"
    assert together(["noticed", "late", "missed"]) == "missed"
    assert together(["noticed", "unknown"]) == "unknown"
    assert together(["not_owed", "not_owed"]) == "not_owed"


def test_strip_fits_eighty_columns_and_marks_what_was_played() -> None:
    points, _ = search(lambda value: "not_owed" if value < 0.01 else "noticed")
    signs, marks, scale = strip(AXIS, points, 0)
    assert max(map(len, (signs, marks, scale))) <= 80
    assert set(signs.strip()) == {PLAYED["not_owed"], PLAYED["noticed"]}
    assert abs(signs.index("#") - (2 + 37)) <= 1
    assert scale.split() == ["10", "bp", "10", "%"]


def test_map_plays_the_boundary_and_infers_the_rest() -> None:
    def rule(values: tuple[float, ...]) -> State:
        return "noticed" if AXIS.position(values[0]) + values[1] / 100 > 0.9 else "missed"

    plane = explore(
        (AXIS, ACROSS), lambda asked: [point(values, rule(values)) for values in asked], levels=2, most_points=400
    )
    assert (plane.side, plane.is_whole) == (16, True)
    assert len(plane.played) < 17 * 17 * 0.6
    wrong = [
        (column, row)
        for column in range(17)
        for row in range(17)
        if plane.state((column, row), 0)[0] != rule((AXIS.value(column / 16), ACROSS.value(row / 16)))
    ]
    assert len(wrong) <= 5  # and those lie beside the boundary
    assert all(abs(column / 16 + row / 16 - 0.9) < 0.1 for column, row in wrong)
    lines = grid(plane, 0)
    assert max(map(len, lines)) <= 80
    assert sum(line.count("#") + line.count("X") for line in lines) == len(plane.played)


def test_map_keeps_its_budget_and_is_drawn_all_the_same() -> None:
    asked_for: list[tuple[float, ...]] = []

    def measure(asked: Sequence[tuple[float, ...]]) -> list[Point]:
        asked_for.extend(asked)
        return [point(values, "noticed" if values[1] > 40 else "not_owed") for values in asked]

    plane = explore((AXIS, ACROSS), measure, levels=3, most_points=30)
    assert len(asked_for) == len(set(asked_for)) == len(plane.played) == 30
    assert not plane.is_whole
    assert len(grid(plane, 0)) == 33 + 4
