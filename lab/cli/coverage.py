"""`lab coverage`: what stored runs found of each mandate, fault, control, severity, document and article."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from lab.coverage.outcomes import Coverage


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "coverage",
        help="say what stored runs found of each mandate, fault, control and article",
        description="Count, per mandate, fault, control, severity, document and RTS 6 article, what was detected, "
        "late, missed, false and unknown, out of how many, and name what was not run. Exit code 0: told; 2: the "
        "command is wrong; with --require: 1 if anything was late, missed, false or not followed, 3 if anything is "
        "unknown or without a run.",
    )
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUNS", help="run directories, directories above them, suite.json files"
    )
    parser.add_argument(
        "--scenarios", type=Path, metavar="DIR", help="tell what was not run from what no scenario here exercises"
    )
    parser.add_argument("--require", action="store_true", help="exit with 1 or 3 where something is not covered")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables as markdown")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    import sys

    import msgspec

    from lab.cli import PASSED, WRONG
    from lab.cli.console import open_console
    from lab.coverage.outcomes import exercised_by, outcomes
    from lab.coverage.reading import FactsError, read_facts
    from lab.coverage.telling import markdown
    from lab.playing.run_directory import RunDirectoryError, write_whole

    try:
        exercised = None if args.scenarios is None else exercised_by(_experiments(args.scenarios))
        coverage = outcomes(read_facts(args.runs), exercised)
        if args.markdown is not None:
            write_whole(args.markdown, markdown(coverage).encode())
    except (FactsError, RunDirectoryError) as error:
        print(error, file=sys.stderr)
        return WRONG
    if args.json:
        print(msgspec.json.format(msgspec.json.encode(coverage), indent=2).decode())
    else:
        _show(open_console(), coverage, knows_scenarios=exercised is not None)
        if args.markdown is not None:
            print(f"wrote {args.markdown}")
    return required(coverage) if args.require else PASSED


def required(coverage: Coverage) -> int:
    """The exit code where all must be covered: a proven fail outranks whatever is unknown or was not run."""
    from lab.cli import FAILED, PASSED, UNKNOWN

    if coverage.runs["fail"] or any(row.late or row.missed or row.false or row.not_followed for row in coverage.rows):
        return FAILED
    if coverage.runs["unknown"] or any(row.unknown or row.state != "run" for row in coverage.rows):
        return UNKNOWN
    return PASSED


def _experiments(directory: Path) -> list[Any]:
    """Every experiment in a directory. Raises ScenarioError with the mistakes of all files."""
    from lab.scenario.errors import Mark, Problem, ScenarioError, problem
    from lab.scenario.model import Experiment
    from lab.scenario.resolve import load_scenario, scenario_files

    if not directory.is_dir():
        raise problem(Mark(f"--scenarios {directory}", 0, 0), "", "is no directory", "a directory with scenarios")
    found: list[Experiment] = []
    problems: list[Problem] = []
    for path in scenario_files(directory):
        try:
            found += load_scenario(path).experiments
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return found


def _show(console: Console, coverage: Coverage, *, knows_scenarios: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from lab.cli.console import wrapped
    from lab.coverage.telling import HEADS, absent, cells, headline, notes, sections, summary

    for section, rows in sections(coverage):
        console.print(Text(f"\n{section}", style="bold"))
        run = [row for row in rows if row.state == "run"]
        if run:
            table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
            table.add_column("", overflow="fold")
            for head in HEADS[1:]:
                table.add_column(head, justify="right", no_wrap=True)
            for row in run:
                bad = row.late or row.missed or row.false or row.not_followed
                style = "red" if bad else "yellow" if row.unknown else ""
                name, *figures = cells(row)
                table.add_row(Text(name, style=style), *figures)
            console.print(table)
        told = [note for row in run for note in notes(row)]
        for label, text in [
            *(("", note) for note in told),
            *((f"{state}: ", ", ".join(names)) for state, names in absent(rows)),
            ("", summary(rows)),
        ]:
            for line in wrapped(label, text, console.width):
                console.print(line)
    console.print()
    for line in wrapped("", headline(coverage), console.width):
        console.print(line)
    if not knows_scenarios and any(row.state != "run" for row in coverage.rows):
        console.print("next: --scenarios scenarios tells which of what is not in these runs has a scenario")
