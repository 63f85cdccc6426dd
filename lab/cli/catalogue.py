"""`lab catalogue`: everything that was asked for, and the scenarios that exercise each."""

from __future__ import annotations

import argparse
from typing import Any

_SHOWN = 6  # scenarios named in a line; --json names them all


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "catalogue",
        help="list what was asked for, with the scenarios that exercise each",
        description="List mandates, controls, faults, strategies, price sources, RTS 6 articles, failure scenarios and "
        "documents, with the scenarios that exercise each. With --gaps: only those without one, and exit code 1 if "
        "there is any.",
    )
    parser.add_argument("directory", nargs="?", metavar="DIR", help="where to look (default: those that come with lab)")
    parser.add_argument("--gaps", action="store_true", help="only what no scenario exercises")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    from pathlib import Path

    import msgspec

    from lab.catalogue.coverage import cover
    from lab.cli import FAILED, PASSED
    from lab.cli.console import open_console, wrapped
    from lab.scenario.errors import Mark, Problem, ScenarioError, problem
    from lab.scenario.model import Experiment
    from lab.scenario.resolve import SHIPPED, load_scenario, scenario_files

    directory = Path(args.directory) if args.directory else SHIPPED
    if not directory.is_dir():
        raise problem(Mark(str(directory), 0, 0), "", "is no directory", "a directory with scenarios")
    experiments: list[Experiment] = []
    problems: list[Problem] = []
    files = scenario_files(directory)
    for path in files:
        try:
            experiments += load_scenario(path).experiments
        except ScenarioError as error:
            problems += error.problems
    if problems:  # a scenario that cannot be read exercises nothing, and that must not pass for a gap
        raise ScenarioError(problems)
    covered = cover(experiments)
    gaps = [one for one in covered if not one.scenarios]
    shown = gaps if args.gaps else covered
    if args.json:
        document = {"rows": msgspec.to_builtins(shown), "gaps": len(gaps)}
        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
        return FAILED if args.gaps and gaps else PASSED
    section = ""
    edge = open_console().width
    width = max((len(one.name) for one in covered), default=0)
    for one in shown:
        if one.section != section:
            print(f"\n{one.section}" if section else one.section)
            section = one.section
        named = ", ".join(one.scenarios[:_SHOWN]) or "no scenario"
        more = f" and {len(one.scenarios) - _SHOWN} more" if len(one.scenarios) > _SHOWN else ""
        for line in wrapped(f"  {one.name.ljust(width)}  ", f"{named}{more}", edge):
            print(line)
    count = f"{len(covered)} rows, {len(files)} scenarios"
    print(f"\n{count}: {f'{len(gaps)} rows have no scenario' if gaps else 'each row has a scenario'}")
    if gaps and not args.gaps:
        print("next: lab catalogue --gaps")
    return FAILED if args.gaps and gaps else PASSED
