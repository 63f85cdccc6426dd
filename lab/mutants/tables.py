"""The result of a campaign as text for a terminal and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from lab.cli.console import wrapped
from lab.mutants.mutant import LEVELS
from lab.mutants.result import SURVIVING, LevelCount, MutantResult, MutantsResult

_SCENARIOS_SHOWN = 20
_FATES = {
    "killed": 7, "crash": 6, "equivalent": 11, "survived": 9, "unreached": 10, "unshown": 8, "untried": 8,
}  # fmt: skip
"""The columns of fates, and how wide each is. Those killed by a crash are among the killed."""


def line_of(result: MutantResult) -> str:
    """One mutant's fate in a line."""
    match result.fate:
        case "killed" | "not_equivalent":
            kill = result.killed_by[0]
            how = "crashed" if kill.crashed else f"{kill.before} → {kill.after}"
            more = f" and {len(result.killed_by) - 1} more" if len(result.killed_by) > 1 else ""
            text = f"killed by {kill.name} ({how}){more}"
            return f"{text}, though stated to be equivalent" if result.fate == "not_equivalent" else text
        case "survived":
            left = f", {result.untried} not tried" if result.untried else ""
            same = f", does as the monitor does in {result.unseen}" if result.unseen else ""
            return f"SURVIVED {len(result.survived)} {_cases(len(result.survived))}{same}{left}"
        case "unshown":
            left = f", {result.untried} not looked at" if result.untried else ""
            return f"UNSHOWN: does as the monitor does in {result.unseen} {_cases(result.unseen)} that run it{left}"
        case "unreached":
            met = "brings its two sides to equality" if result.operator == "boundary" else "gets to it"
            return f"UNREACHED: none of {result.unmet} {_cases(result.unmet)} {met}"
        case "equivalent":
            return f"equivalent: {result.why}"
        case "not_tried":
            return "NOT TRIED: no case that could be played has it"


def text_lines(result: MutantsResult, width: int) -> Iterator[str]:
    """What a terminal shows after the mutants themselves."""
    survivors = [one for one in result.mutants if one.fate in SURVIVING]
    if survivors:
        yield ""
        yield "Survivors, and the scenario that each is missing:"
    for one in survivors:
        yield from wrapped("  ", f"{one.id} {f'({one.place}) ' if one.place else ''}{one.what}", width)
        yield from wrapped("      missing: ", one.missing or "-", width)
        if one.survived:
            yield from wrapped("      survived: ", _shortened(one.survived, 4), width)
    wrong = [one for one in result.mutants if one.fate == "not_equivalent"]
    for one in wrong:
        yield from wrapped("  ", f"{one.id} is stated to be equivalent and was killed: {line_of(one)}", width)
    yield ""
    yield f"{'level':7}{'possible':>9}{'run':>5}" + "".join(f"{title:>{wide}}" for title, wide in _FATES.items())
    for level in LEVELS:
        rows = [row for row in result.counts if row.level == level]
        if sum(row.run for row in rows):
            fates = [sum(column) for column in zip(*(_fates(row) for row in rows), strict=True)]
            told = "".join(f"{number:>{wide}}" for number, wide in zip(fates, _FATES.values(), strict=True))
            yield f"{level:7}{sum(row.possible for row in rows):>9}{sum(row.run for row in rows):>5}{told}"
    yield from _remarks(result, width)
    if result.scenarios:
        yield ""
        yield f"{'scenario':38}{'tried against':>14}{'killed':>8}{'alone':>7}"
        for row in result.scenarios[:_SCENARIOS_SHOWN]:
            yield f"{row.scenario:38}{row.tried:>14}{row.killed:>8}{row.alone:>7}"
        if len(result.scenarios) > _SCENARIOS_SHOWN:
            yield f"and {len(result.scenarios) - _SCENARIOS_SHOWN} more: --json and --markdown name them all"


def _remarks(result: MutantsResult, width: int) -> Iterator[str]:
    yield ""
    if result.source_kill_rate is not None:
        low, high = result.source_kill_rate
        text = (
            f"Of all {result.possible['source']} source mutants but the equivalent ones, {math.floor(100 * low)} to "
            f"{math.ceil(100 * high)} % would be killed in the same way (95 % interval from those drawn with seed "
            f"{result.seed})."
        )
        yield from wrapped("", text, width)
    each = "every case" if not result.cases_each else f"at most {result.cases_each} {_cases(result.cases_each)}"
    text = f"Each mutant was held against {each}"
    text += ", to the end." if result.all_kills else " until one killed it."
    played = f" {result.plays} plays, {result.simulated_s / 3600:.1f} simulated hours."
    yield from wrapped("", f"{text}{played if result.plays else ' Nothing had to be played anew.'}", width)
    if result.all_kills:
        nothing = _shortened(result.adds_nothing, 12) if result.adds_nothing else "none"
        text = f"Scenarios that killed nothing which another did not kill, of those tried: {nothing}."
        yield from wrapped("", text, width)
    if result.baseline_not_passing:
        text = f"Not passing even without a mutant: {_shortened(result.baseline_not_passing, 8)}."
        yield from wrapped("", text, width)
    for one in result.troubles:
        yield from wrapped("", f"Could not be judged, and counts for nothing: {one}", width)
    for one in result.lacking:
        yield from wrapped("", f"Not built: {one}", width)
    if result.unused_equivalents:
        text = f"Stated equivalents that no mutant is meant by: {_shortened(result.unused_equivalents, 8)}."
        yield from wrapped("", text, width)
    if not result.finished:
        yield "Interrupted: the same command goes on where this one stopped."


def markdown(result: MutantsResult) -> str:
    """The whole result as Markdown tables."""
    lines = ["# Mutants of the monitor", ""]
    lines += [
        f"| level | operator | possible | run | {' | '.join(_FATES)} |",
        "|---|---" + "|---:" * (2 + len(_FATES)) + "|",
    ]
    for row in result.counts:
        if row.run:
            counted = " | ".join(str(number) for number in _fates(row))
            lines.append(f"| {row.level} | {row.operator} | {row.possible} | {row.run} | {counted} |")
    lines += ["", *(line for line in _remarks(result, 10_000) if line)]
    for title, fates in (
        ("Survivors", SURVIVING),
        ("Stated to be equivalent, and killed", ("not_equivalent",)),
        ("Equivalent", ("equivalent",)),
        ("Killed", ("killed",)),
    ):
        chosen = [one for one in result.mutants if one.fate in fates]
        if chosen:
            lines += ["", f"## {title}", "", "| mutant | change | what became of it | missing |", "|---|---|---|---|"]
            lines += [
                f"| {_cell(one.id)} | {_cell(one.what)} | {_cell(line_of(one))} | {_cell(one.missing)} |"
                for one in chosen
            ]
    lines += ["", "## Scenarios", "", "| scenario | tried against | killed | alone |", "|---|---:|---:|---:|"]
    lines += [f"| {row.scenario} | {row.tried} | {row.killed} | {row.alone} |" for row in result.scenarios]
    return "\n".join(lines) + "\n"


def _fates(row: LevelCount) -> tuple[int, ...]:
    return row.killed, row.crashed, row.equivalent, row.survived, row.unreached, row.unshown, row.not_tried


def _cases(number: int) -> str:
    return "case" if number == 1 else "cases"


def _shortened(names: Sequence[str], number: int) -> str:
    more = f" and {len(names) - number} more" if len(names) > number else ""
    return f"{', '.join(names[:number])}{more}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
