"""Figures: what a benchmark measured, and the table they are printed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. ``per_simpy`` is its multiple of bare simpy's timeouts/s, 0 where that says nothing."""

    name: str
    value: str
    per_simpy: float = 0.0


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table with aligned columns."""
    rows = [("figure", "measured", "× simpy")]
    rows += [(one.name, one.value, f"{one.per_simpy:.2f}" if one.per_simpy else "") for one in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    rule = (":" + "-" * (widths[0] - 1), "-" * (widths[1] - 1) + ":", "-" * (widths[2] - 1) + ":")
    lines = (rows[0], rule, *rows[1:])
    return "\n".join(
        f"| {name:<{widths[0]}} | {value:>{widths[1]}} | {ratio:>{widths[2]}} |" for name, value, ratio in lines
    )
