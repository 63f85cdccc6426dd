"""`lab list`: the scenarios that there are."""

from __future__ import annotations

import argparse
from typing import Any

_WIDE = 140  # columns that everything takes


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "list", help="list the scenarios", description="List the scenarios in a directory and those below it."
    )
    parser.add_argument("directory", nargs="?", metavar="DIR", help="where to look (default: those that come with lab)")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    import os
    from pathlib import Path

    from rich.table import Table

    from lab.cli.console import open_console
    from lab.scenario.errors import Mark, Problem, ScenarioError, problem
    from lab.scenario.resolve import SHIPPED, load_scenario, scenario_files
    from lab.scenario.units import format_duration

    directory = Path(args.directory) if args.directory else SHIPPED
    if not directory.is_dir():
        raise problem(Mark(str(directory), 0, 0), "", "is no directory", "a directory with scenarios")
    os.listdir(directory)  # one that cannot be read is not one without scenarios
    console = open_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    # A narrow terminal gets what is typed again, each on one line; a pipe gets everything, however long.
    is_wide = console.width >= _WIDE
    headings = ("scenario", "cases", "duration", "faults", "tags", "path") if is_wide else ("path", "duration", "cases")
    for heading in headings:
        table.add_column(heading, no_wrap=is_wide or heading == "path", overflow="fold")
    problems: list[Problem] = []
    for path in scenario_files(directory):
        try:
            loaded = load_scenario(path)
        except ScenarioError as error:
            problems.extend(error.problems)
            continue
        each = loaded.experiments
        faults = dict.fromkeys(injection.fault for one in each for injection in one.timeline)
        tags = dict.fromkeys(tag for one in each for tag in one.tags)
        durations = dict.fromkeys(format_duration(one.duration_ns) for one in each)
        cases = ", ".join(one.case for one in each)
        duration = ", ".join(durations)
        if is_wide:
            table.add_row(loaded.scenario, cases, duration, ", ".join(faults), ", ".join(tags), str(path))
        else:
            table.add_row(str(path), duration, cases)
    console.print(table if table.row_count else f"no scenarios in {directory}")
    if problems:
        raise ScenarioError(problems)
    return 0
