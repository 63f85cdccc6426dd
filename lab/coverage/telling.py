"""Telling: coverage as a table on a terminal and as markdown, no figure without the count that it is of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from lab.coverage.outcomes import Coverage, State, Tally
from lab.suite.wording import other_terms, plural

HEADS = ("", "asked", "detected", "late", "missed", "unknown", "false", "days", "cases")
_NOTHING = "–"
_DISJOINT = ("mandates", "controls", "severities")  # elsewhere one demand counts in several rows, so none are summed


def headline(coverage: Coverage) -> str:
    """``22 runs of 11 cases in 3 scenarios, 2.5 simulated days: 21 pass, 0 fail, 1 unknown``."""
    counts = ", ".join(f"{count} {verdict}" for verdict, count in coverage.runs.items())
    runs = plural(sum(coverage.runs.values()), "run")
    where = f"{plural(coverage.cases, 'case')} in {plural(coverage.scenarios, 'scenario')}"
    under = f"; {other_terms(coverage.rescored)}" if coverage.rescored else ""
    return f"{runs} of {where}, {coverage.simulated_days:.3g} simulated days: {counts}{under}"


def sections(coverage: Coverage) -> Iterator[tuple[str, list[Tally]]]:
    """The rows by section."""
    for section, rows in groupby(coverage.rows, key=lambda row: row.section):
        yield section, list(rows)


def summary(rows: list[Tally]) -> str:
    """``7 of 9 run, 6 of 9 asked for; of 12 demands 10 detected, 1 late, 0 missed, 1 unknown``."""
    run = sum(row.state == "run" for row in rows)
    asked = sum(row.demands > 0 for row in rows)
    counts = {word: sum(getattr(row, word) for row in rows) for word in ("late", "missed", "unknown")}
    demands = sum(row.demands for row in rows)
    told = ", ".join(f"{count} {word}" for word, count in counts.items())
    told_of = f"{run} of {len(rows)} run, {asked} of {len(rows)} asked for"
    if not demands or rows[0].section not in _DISJOINT:
        return told_of
    return f"{told_of}; of {plural(demands, 'demand')} {sum(row.detected for row in rows)} detected, {told}"


def cells(row: Tally) -> tuple[str, ...]:
    """The figures of a row, as ``HEADS`` names them."""
    counts = (row.demands, row.detected, row.late, row.missed, row.unknown)
    days = _NOTHING if row.watched_days is None else f"{row.watched_days:.3g}"
    false = _NOTHING if row.false is None else str(row.false)
    name = f"{row.name} {row.asked}" if row.section == "documents" else row.name
    return (name, *map(str, counts), false, days, str(row.cases))


def notes(row: Tally) -> list[str]:
    """What the figures leave out."""
    told = []
    if row.not_followed:
        told.append(f"{row.name}: after {row.not_followed} of {row.detected} detected, what had to follow did not")
    if row.blind:
        told.append(f"{row.name}: {plural(row.blind, 'time')} in breach as no production API shows")
    if row.state == "run" and not row.demands and not row.blind:
        told.append(f"{row.name}: {plural(row.cases, 'case')}, and no alert or action demanded because of it")
    return told


def absent(rows: Sequence[Tally]) -> list[tuple[str, list[str]]]:
    """The names of which nothing was run, by why."""
    states: tuple[State, ...] = ("not run", "no scenario", "not in these runs")
    found = [(state, [row.name for row in rows if row.state == state]) for state in states]
    return [(state, names) for state, names in found if names]


def markdown(coverage: Coverage) -> str:
    """The same as a page: a table for each section."""
    lines = ["## Coverage", "", headline(coverage), ""]
    for section, rows in sections(coverage):
        lines += [f"### {section}", "", f"{summary(rows)}.", ""]
        run = [row for row in rows if row.state == "run"]
        if run:
            lines.append("| " + " | ".join(HEADS) + " |")
            lines.append("| --- |" + " ---: |" * (len(HEADS) - 1))
            lines += ["| " + " | ".join(cells(row)) + " |" for row in run]
            lines.append("")
        lines += [f"- {note}" for row in run for note in notes(row)]
        lines += [f"- **{state}**: {', '.join(names)}" for state, names in absent(rows)]
        if lines[-1]:
            lines.append("")
    return "\n".join(lines)
