"""Drawing frontiers and maps with plain characters, no line longer than 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from lab.tuning.frontier import Frontier, Line, Point
from lab.tuning.plane import Plane
from lab.tuning.states import State
from lab.tuning.vary import Axis

PLAYED: dict[State, str] = {
    "not_owed": ".", "doubtful": "?", "missed": "X", "late": "L", "noticed": "#", "unknown": "!",
}  # fmt: skip
INFERRED: dict[State, str] = {
    "not_owed": " ", "doubtful": "~", "missed": "x", "late": "l", "noticed": "+", "unknown": "-",
}  # fmt: skip
WORDS: dict[State, str] = {
    "noticed": "noticed in time",
    "late": "late",
    "missed": "missed",
    "doubtful": "too near its bound to be owed by every honest monitor",
    "not_owed": "not owed: the truth did not make it due",
    "unknown": "unknown",
}
_WIDTH = 80
_STRIP = 74
_LABEL = 10


def legend(states: Sequence[State], *, inferred: bool) -> list[str]:
    """What the signs mean, of those states that occur."""
    lines = []
    for state, words in WORDS.items():
        if state in states:
            other = f" {INFERRED[state]!r}" if inferred else ""
            lines.append(f"  {PLAYED[state]!r}{other}  {words}")
    if inferred:
        lines.append("  the first sign: played there; the second: as at the nearest place that was")
    return lines


def strip(axis: Axis, points: Sequence[Point], place: int) -> list[str]:
    """The axis as one line, lowest value first, with a mark under every value that was played."""
    cells = [" "] * _STRIP
    marks = [" "] * _STRIP
    at = [round(axis.position(point.values[0]) * (_STRIP - 1)) for point in points]
    for (left, here), (right, there) in pairwise(zip(at, points, strict=True)):
        for column in range(left, right + 1):
            nearer = here if column - left <= right - column else there
            cells[column] = PLAYED[nearer.states[place]]
    for column, point in zip(at, points, strict=True):
        marks[column] = "^"
        cells[column] = PLAYED[point.states[place]]
    least, most = axis.text(axis.least), axis.text(axis.most)
    scale = least + most.rjust(_STRIP - len(least))
    return [f"  {''.join(cells)}".rstrip(), f"  {''.join(marks)}".rstrip(), f"  {scale}"]


def told(axis: Axis, frontier: Frontier) -> list[str]:
    """The lines in words, and what lies between them; where something came late, also from where on it came at all."""
    lines = [
        f"  owed     {_line_in_words(axis, frontier.owed, frontier.unknown)}",
        f"  noticed  {_line_in_words(axis, frontier.noticed, frontier.unknown)}",
    ]
    if "late" in frontier.between:
        lines.append(f"  at all   {_line_in_words(axis, frontier.answered, frontier.unknown)}")
    if frontier.between:
        counted = ", ".join(f"{count} {state}" for state, count in frontier.between.items())
        lines.append(
            f"  between  owed and not noticed at {sum(frontier.between.values())} of the values played: {counted}"
        )
    elif frontier.noticed.course not in ("unknown", "nowhere"):
        known = ", as far as is known" if frontier.unknown else ""
        lines.append(f"  between  nothing: wherever it was owed it was noticed in time{known}")
    if frontier.unknown:
        lines.append(f"  unknown  at {frontier.unknown} of the values played: nothing is said of these")
    if not frontier.narrow:
        lines.append("  not as fine as asked for: more runs are needed (--budget)")
    return lines


def grid(plane: Plane, place: int) -> list[str]:
    """The map: the first axis to the right, the second upwards."""
    cell = max(1, min(3, (_WIDTH - _LABEL - 3) // (plane.side + 1)))
    lines = []
    for row in range(plane.side, -1, -1):
        signs = []
        for column in range(plane.side + 1):
            state, is_played = plane.state((column, row), place)
            signs.append((PLAYED if is_played else INFERRED)[state].center(cell))
        label = plane.text(1, row) if row % 4 == 0 else ""
        lines.append(f"{label:>{_LABEL}} |{''.join(signs)}".rstrip())
    width = cell * (plane.side + 1)
    least, most = plane.text(0, 0), plane.text(0, plane.side)
    middle = plane.text(0, plane.side // 2)
    lines.append(f"{'':>{_LABEL}} +{'-' * width}")
    scale = f"{least}{middle:^{max(0, width - len(least) - len(most))}}{most}"
    lines.append(f"{'':>{_LABEL}}  {scale}")
    lines.append(f"{'':>{_LABEL}}  to the right: {plane.axes[0].path} ({plane.axes[0].scale})")
    lines.append(f"{'':>{_LABEL}}  upwards: {plane.axes[1].path} ({plane.axes[1].scale})")
    return lines


def _line_in_words(axis: Axis, line: Line, unknown: int) -> str:
    match line.course:
        case "everywhere" if unknown:
            return "at every value that could be judged"
        case "nowhere" if unknown:
            return "at no value that could be judged"
        case "everywhere":
            return "in the whole range: it is not bracketed, begin lower or end higher"
        case "nowhere":
            return "nowhere in the range"
        case "unknown":
            return "not known: no run could be judged"
    places = [
        f"{'from' if one.on > one.off else 'up to'} {axis.text(one.on)} (not at {axis.text(one.off)})"
        for one in line.crossings
    ]
    if line.course == "crossed":
        return places[0]
    return "NOT MONOTONE: " + "; ".join(places)
