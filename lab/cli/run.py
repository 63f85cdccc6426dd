"""`lab run`: play scenarios, judge them, and say what to think of the monitor."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.cli.parsing import whole_number

if TYPE_CHECKING:
    from lab.cli.watching import Watch
    from lab.scenario.model import Experiment


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "run",
        help="run scenarios and judge the monitor",
        description="Run scenarios, each with its control, and judge whether the monitor noticed in time. "
        "Exit code 0: all pass; 1: a proven fail; 3: unknown; 2: the scenario or the command is wrong; "
        "130: interrupted before anything was proven to fail; what was simulated so far stays readable.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a scenario file")
    parser.add_argument("--case", metavar="NAME", help="this case only, or those that fit a pattern (default: all)")
    parser.add_argument("--seed", metavar="N", help="another seed")
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="another value: --set timeline.slide.at=2h"
    )
    parser.add_argument(
        "--removals", choices=("none", "each", "all"), default="each",
        help="where several harms are injected, also run without each one, or without every subset of them, to find "
        "out which of them an alert depends on (default: each)",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", type=whole_number(), metavar="N", help="processes at once (default: one for each core)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR", help="where to write (default: runs)")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    from lab.cli import INTERRUPTED, UNKNOWN, WRONG, cut_short
    from lab.cli.console import open_console
    from lab.cli.verdict_report import print_document, print_judgements, show_runs, worst_code
    from lab.cli.watching import Lines, Live, Silence
    from lab.playing.pool import Team
    from lab.playing.run_directory import RunDirectoryError
    from lab.playing.runner import carry_out, plan
    from lab.playing.trials import TrialError, settled

    experiments = _load(args)
    console = open_console()
    watch: Watch = Silence() if args.json else Live(console) if console.is_terminal else Lines(console)
    interrupted = False
    with Team(args.jobs) as team:
        try:
            runs = plan(settled(experiments, sets=args.set, seed=args.seed, team=team), args.out, args.removals)
        except TrialError as error:
            print(error, file=sys.stderr)
            return UNKNOWN
        except KeyboardInterrupt:
            if args.json:
                print_judgements([])
            else:
                console.print("interrupted while markets were looked at: nothing was played or written")
            return INTERRUPTED
        try:
            with watch:
                for job, told in carry_out(runs, team=team):
                    watch.hear(job, told)
        except KeyboardInterrupt:
            interrupted = True
        except RunDirectoryError as error:
            print(error, file=sys.stderr)
            return WRONG
    code = worst_code(runs)
    try:
        if args.json:
            print_document(runs, interrupted=interrupted)
        else:
            show_runs(console, runs, interrupted=interrupted)
    except KeyboardInterrupt:
        interrupted = True
    return cut_short(code) if interrupted else code


def _load(args: argparse.Namespace) -> list[Experiment]:
    """Every experiment of every file. Raises one ScenarioError with the mistakes of all files."""
    from lab.scenario.errors import Problem, ScenarioError
    from lab.scenario.resolve import load_scenario

    experiments: list[Experiment] = []
    problems: list[Problem] = []
    for file in args.files:
        try:
            experiments += load_scenario(file, case=args.case, sets=args.set, seed=args.seed).experiments
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    names: dict[tuple[str, str, int], str] = {}
    for one in experiments:
        other = names.setdefault((one.scenario, one.case, one.seed), one.file)
        if other is not one.file:
            same = os.path.realpath(other) == os.path.realpath(one.file)
            message = "this file is named twice" if same else f"{one.scenario} is also the name of {other}"
            expected = "each file once" if same else "scenarios of different names"
            raise ScenarioError([Problem(one.file, 0, 0, "" if same else "scenario", message, expected)])
    return experiments
