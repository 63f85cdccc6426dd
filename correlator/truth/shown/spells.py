"""Spells: stretches of time in which something holds, as sorted ``(begins_ns, ends_ns)`` that do not touch."""

from __future__ import annotations

from collections.abc import Iterable

Spells = list[tuple[int, int]]


def unite(parts: Iterable[Spells]) -> Spells:
    """When any of them holds."""
    united: Spells = []
    for begins_ns, ends_ns in sorted(spell for part in parts for spell in part):
        if united and begins_ns <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], ends_ns))
        else:
            united.append((begins_ns, ends_ns))
    return united


def intersect(one: Spells, other: Spells) -> Spells:
    """When both hold."""
    common: Spells = []
    first = second = 0
    while first < len(one) and second < len(other):
        begins_ns = max(one[first][0], other[second][0])
        ends_ns = min(one[first][1], other[second][1])
        if begins_ns < ends_ns:
            common.append((begins_ns, ends_ns))
        if one[first][1] < other[second][1]:
            first += 1
        else:
            second += 1
    return common
