"""Frontier: the smallest harm that is noticed, found by narrowing every place of an axis where the answer changes.

Three lines are looked for, for each expectation: where harm becomes *owed* (the truth made it due), where it is
*noticed* by its deadline, and where it is *answered* at all, in time or late. What lies between the first two is what
the monitor lets pass; the third parts what it misses from what it tells too late. Nothing is taken to be monotone: the
range is sampled before it is narrowed and spot-checked afterwards, and every change that shows is narrowed and told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import msgspec

from lab.tuning.states import State, is_answered, is_noticed, is_owed
from lab.tuning.vary import Axis

_FIRST = (0.0, 0.25, 0.5, 0.75, 1.0)
_SPOT_CHECKS = 2
_ANSWERS = (is_owed, is_noticed, is_answered)


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One value of each axis that was played. ``states``: one for each expectation that is looked at, over all seeds;
    ``by_seed`` the same for each seed."""

    values: tuple[float, ...]
    texts: tuple[str, ...]
    states: tuple[State, ...]
    by_seed: tuple[tuple[State, ...], ...]
    false_alarms: int
    trouble: str = ""


class Crossing(msgspec.Struct, frozen=True):
    """A place where the answer changes: no at ``off``, yes at ``on``, the nearest two values that were played."""

    off: float
    on: float


Course = Literal["crossed", "everywhere", "nowhere", "not_monotone", "unknown"]


class Line(msgspec.Struct, frozen=True):
    """Where one question turns from no to yes along the axis."""

    course: Course
    crossings: tuple[Crossing, ...]


class Frontier(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one expectation. ``between``: states of the points that were owed and not noticed, counted;
    ``unknown``: how many points say nothing, of which neither line says anything."""

    owed: Line
    noticed: Line
    answered: Line
    between: dict[str, int]
    narrow: bool  # every crossing is told as finely as was asked for
    unknown: int = 0


Measure = Callable[[Sequence[float]], list[Point]]
"""Plays values, in any order, and returns their points; fewer than asked where nothing more may be played."""


def trace(axis: Axis, measure: Measure, *, most_points: int, at_once: int, tolerance: float) -> list[Point]:
    """Play the axis until every crossing is narrowed to ``tolerance`` (see ``Axis.width``) or ``most_points`` are
    played, ``at_once`` or a little more in each batch. Returns the points by their value."""
    points: dict[float, Point] = {}
    spot_checks = _SPOT_CHECKS

    def play(values: Sequence[float]) -> bool:
        new = [value for value in dict.fromkeys(values) if value not in points][: most_points - len(points)]
        found = measure(new) if new else []
        points.update((point.values[0], point) for point in found)
        return bool(found) and len(found) == len(new)

    goes_on = play([axis.value(position) for position in _FIRST])
    while goes_on and len(points) < most_points:
        ordered = [points[value] for value in sorted(points)]
        brackets = _open_brackets(axis, ordered, tolerance)
        if brackets:
            inside = max(1, at_once // len(brackets))
            goes_on = play([value for one in brackets for value in _inside(axis, one, inside)])
        elif spot_checks:
            spot_checks -= 1
            gaps = sorted(pairwise(ordered), key=lambda gap: axis.position(gap[0].values[0]) - _position(axis, gap[1]))
            goes_on = play([value for gap in gaps[:at_once] for value in _inside(axis, (gap[0], gap[1]), 1)])
        else:
            break
    return [points[value] for value in sorted(points)]


def frontier_of(axis: Axis, points: Sequence[Point], place: int, tolerance: float) -> Frontier:
    """What the points, in order of their values, say of the expectation at ``place``."""
    states = [point.states[place] for point in points]
    values = [point.values[0] for point in points]
    owed, noticed, answered = (_line(values, states, answer) for answer in _ANSWERS)
    between: dict[str, int] = {}
    for state in ("missed", "late", "doubtful"):
        if state in states:
            between[state] = states.count(state)
    crossings = (*owed.crossings, *noticed.crossings, *answered.crossings)
    return Frontier(
        owed=owed,
        noticed=noticed,
        answered=answered,
        between=between,
        narrow=all(_is_narrow(axis, one.off, one.on, tolerance) for one in crossings),
        unknown=states.count("unknown"),
    )


def _open_brackets(axis: Axis, points: Sequence[Point], tolerance: float) -> list[tuple[Point, Point]]:
    """Neighbours between which an answer changes, and which lie farther apart than is asked for."""
    found: dict[tuple[float, float], tuple[Point, Point]] = {}
    for place in range(len(points[0].states)):
        for answer in _ANSWERS:
            known = [point for point in points if answer(point.states[place]) is not None]
            for low, high in pairwise(known):
                if answer(low.states[place]) == answer(high.states[place]):
                    continue
                ends = (low.values[0], high.values[0])
                if not _is_narrow(axis, *ends, tolerance) and _inside(axis, (low, high), 1):
                    found[ends] = (low, high)
    return [found[ends] for ends in sorted(found)]


def _inside(axis: Axis, bracket: tuple[Point, Point], count: int) -> list[float]:
    """``count`` values that part a bracket evenly, fewer where its steps are too coarse."""
    low, high = (_position(axis, point) for point in bracket)
    values = [axis.value(low + (high - low) * number / (count + 1)) for number in range(1, count + 1)]
    return [value for value in values if bracket[0].values[0] < value < bracket[1].values[0]]


def _position(axis: Axis, point: Point) -> float:
    return axis.position(point.values[0])


def _is_narrow(axis: Axis, one: float, other: float, tolerance: float) -> bool:
    # Rounding to what is written may leave a hair more than the tolerance.
    return axis.width(one, other) <= tolerance * 1.001 or abs(one - other) <= axis.step * 1.001


def _line(values: Sequence[float], states: Sequence[State], answer: Callable[[State], bool | None]) -> Line:
    known = [
        (value, answered)
        for value, state in zip(values, states, strict=True)
        if (answered := answer(state)) is not None
    ]
    if not known:
        return Line("unknown", ())
    crossings = tuple(
        Crossing(high[0], low[0]) if low[1] else Crossing(low[0], high[0])
        for low, high in pairwise(known)
        if low[1] != high[1]
    )
    if not crossings:
        return Line("everywhere" if known[0][1] else "nowhere", ())
    return Line("crossed" if len(crossings) == 1 else "not_monotone", crossings)
