"""Plane: two axes at once. A coarse grid first; then only cells whose corners answer differently are parted further.

This is marching through a quadtree: cost grows with the length of the boundary and not with the area. What lies in a
cell whose corners agree is inferred, and drawn as such; a hole smaller than the coarse grid can be missed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lab.tuning.frontier import Point
from lab.tuning.states import State
from lab.tuning.vary import Axis

COARSE = 4  # cells a side of the first grid
_MOST_LEVELS = 3

Node = tuple[int, int]
Measure = Callable[[Sequence[tuple[float, ...]]], list[Point]]


class Plane(NamedTuple):
    """A lattice of ``side + 1`` nodes a side, of which some were played. A node is (column, row), from the least.

    ``is_whole``: the boundary was parted as often as was asked for.
    """

    axes: tuple[Axis, Axis]
    side: int
    played: dict[Node, Point]
    is_whole: bool = True

    def state(self, node: Node, place: int) -> tuple[State, bool]:
        """The state at a node, and whether it was played there; else it is that of the nearest node that was."""
        here = self.played.get(node)
        if here is not None:
            return here.states[place], True
        nearest = min(self.played, key=lambda other: (*_distance(node, other), other))
        return self.played[nearest].states[place], False

    def text(self, axis: int, index: int) -> str:
        """The value of an axis at a column (axis 0) or row (axis 1)."""
        return self.axes[axis].text(self.axes[axis].value(index / self.side))


def explore(axes: tuple[Axis, Axis], measure: Measure, *, levels: int, most_points: int) -> Plane:
    """Play the first grid and part the boundary ``levels`` times, or until ``most_points`` are played."""
    levels = min(levels, _MOST_LEVELS)
    side = COARSE << levels
    plane = Plane(axes, side, {})

    def play(nodes: Sequence[Node]) -> bool:
        new = [node for node in dict.fromkeys(nodes) if node not in plane.played]
        cut = new[: most_points - len(plane.played)]
        values = {node: tuple(axis.value(at / side) for axis, at in zip(axes, node, strict=True)) for node in cut}
        by_values = {point.values: point for point in measure(list(dict.fromkeys(values.values())))} if cut else {}
        plane.played.update((node, by_values[values[node]]) for node in cut if values[node] in by_values)
        return len(cut) == len(new)

    width = side // COARSE
    cells = [(column, row) for row in range(0, side, width) for column in range(0, side, width)]
    goes_on = play([(column, row) for row in range(0, side + 1, width) for column in range(0, side + 1, width)])
    while goes_on and width > 1 and cells:
        mixed = [cell for cell in cells if _is_mixed(plane, cell, width)]
        half = width // 2
        goes_on = play([node for cell in mixed for node in _parting(cell, half)])
        # A cell beside a parted one has a new node on its edge: where that answers otherwise, it is parted too.
        beside = [cell for cell in cells if cell not in mixed and _is_mixed(plane, cell, width)]
        goes_on = goes_on and play([node for cell in beside for node in _parting(cell, half)])
        cells = [
            (column + right, row + up) for column, row in (*mixed, *beside) for up in (0, half) for right in (0, half)
        ]
        width = half
    return plane._replace(is_whole=goes_on)


def _is_mixed(plane: Plane, cell: Node, width: int) -> bool:
    """Whether the nodes that were played on the border of a cell answer differently."""
    column, row = cell
    around = [plane.played[node] for node in _border(column, row, width) if node in plane.played]
    return len({point.states for point in around}) > 1


def _border(column: int, row: int, width: int) -> list[Node]:
    half = max(1, width // 2)
    offsets = range(0, width + 1, half)
    return [
        (column + right, row + up) for up in offsets for right in offsets if 0 in (right, up) or width in (right, up)
    ]


def _parting(cell: Node, half: int) -> list[Node]:
    """The five nodes that part a cell into four."""
    column, row = cell
    steps = ((half, 0), (0, half), (half, half), (2 * half, half), (half, 2 * half))
    return [(column + right, row + up) for right, up in steps]


def _distance(one: Node, other: Node) -> tuple[int, int]:
    across, along = abs(one[0] - other[0]), abs(one[1] - other[1])
    return max(across, along), across + along
