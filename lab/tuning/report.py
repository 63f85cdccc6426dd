"""What a frontier search found: the document of ``--json``, and the same in words."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from lab.scenario.model import Experiment
from lab.tuning.drawing import grid, legend, strip, told
from lab.tuning.frontier import Course, Line, Point, frontier_of
from lab.tuning.plane import Plane
from lab.tuning.vary import Axis

FORMAT = "riskproof-frontier/1"


class LineDocument(msgspec.Struct, frozen=True):
    """Where an answer changes: pairs of values, as a scenario says them, at which it is not and at which it is."""

    course: Course
    crossings: list[tuple[str, str]]


class ExpectationDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one expectation; the lines are None on a map. ``answered``: came at all, in time or late."""

    expectation: str
    owed: LineDocument | None
    noticed: LineDocument | None
    answered: LineDocument | None
    between: dict[str, int]
    narrow: bool | None
    unknown: int  # points that say nothing


class FrontierDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The document of ``lab frontier --json``."""

    format: str = FORMAT
    file: str
    scenario: str
    case: str
    axes: list[str]
    seeds: list[int]
    runs: int
    interrupted: bool
    expectations: list[ExpectationDocument]
    points: list[Point]


def document_of(
    experiment: Experiment,
    axes: Sequence[Axis],
    seeds: list[int],
    names: Sequence[str],
    points: list[Point],
    tolerance: float,
    runs: int,
    interrupted: bool,
) -> FrontierDocument:
    """Everything that was found. ``names``: of the expectations that the points' states are of."""
    expectations = []
    for place, name in enumerate(names):
        if len(axes) == 1 and points:
            found = frontier_of(axes[0], points, place, tolerance)
            expectations.append(
                ExpectationDocument(
                    expectation=name,
                    owed=_line(axes[0], found.owed),
                    noticed=_line(axes[0], found.noticed),
                    answered=_line(axes[0], found.answered),
                    between=found.between,
                    narrow=found.narrow,
                    unknown=found.unknown,
                )
            )
        else:
            between = {
                state: count
                for state in ("missed", "late", "doubtful")
                if (count := sum(point.states[place] == state for point in points))
            }
            expectations.append(
                ExpectationDocument(
                    expectation=name,
                    owed=None,
                    noticed=None,
                    answered=None,
                    between=between,
                    narrow=None,
                    unknown=sum(point.states[place] == "unknown" for point in points),
                )
            )
    return FrontierDocument(
        file=experiment.file,
        scenario=experiment.scenario,
        case=experiment.case,
        axes=[axis.describe() for axis in axes],
        seeds=seeds,
        runs=runs,
        interrupted=interrupted,
        expectations=expectations,
        points=points,
    )


def head_of(document: FrontierDocument) -> list[str]:
    """What was played."""
    seeds = ", ".join(map(str, document.seeds[:8])) + (", …" if len(document.seeds) > 8 else "")
    lines = [f"{document.scenario}/{document.case}: {len(document.points)} points, {document.runs} runs, seed {seeds}"]
    lines += [f"  {'and ' if number else 'vary '}{axis}" for number, axis in enumerate(document.axes)]
    return lines


def lines_of(
    document: FrontierDocument, axes: Sequence[Axis], points: Sequence[Point], plane: Plane | None
) -> list[str]:
    """The whole finding in words and signs."""
    lines = head_of(document)
    for place, one in enumerate(document.expectations):
        lines += ["", one.expectation]
        if len(axes) == 1:
            found = frontier_of(axes[0], points, place, 1.0)
            lines += strip(axes[0], points, place)
            lines += told(axes[0], msgspec.structs.replace(found, narrow=one.narrow is not False))
        elif plane is not None:
            lines += grid(plane, place)
            if one.between:
                counted = ", ".join(f"{count} {state}" for state, count in one.between.items())
                lines.append(f"  owed and not noticed: {counted} of {len(points)} points")
    if plane is not None and not plane.is_whole:
        lines += ["", "  coarser than was asked for: the runs were spent (--budget)"]
    lines += ["", *legend([state for point in points for state in point.states], inferred=plane is not None)]
    alarms = [point for point in points if point.false_alarms]
    if alarms:
        lines.append(f"  false alarms at {len(alarms)} points, first at {', '.join(alarms[0].texts)}")
    troubles = [point for point in points if point.trouble]
    if troubles:
        lines.append(
            f"  not played at {len(troubles)} points, first {', '.join(troubles[0].texts)}: {troubles[0].trouble}"
        )
    return lines


def _line(axis: Axis, line: Line) -> LineDocument:
    return LineDocument(line.course, [(axis.text(one.off), axis.text(one.on)) for one in line.crossings])
