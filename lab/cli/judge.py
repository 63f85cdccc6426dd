"""`lab judge`: judge stored runs again, without simulating, and if asked under other deadlines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from correlator.expectations import Resolved
    from lab.judging.rejudging import Rejudged
    from lab.judging.stored_run import StoredRun
    from lab.playing.run_directory import RunDirectory


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "judge",
        help="judge stored runs again, under other deadlines if asked",
        description="Judge stored runs again without simulating. As they are, their verdicts are written anew. Under "
        "other deadlines (--within, --deadlines) or the demands of another scenario of the same world (--scenario) "
        "it is told what that changes, and written only with --write. Exit codes are those of `lab run`.",
    )
    parser.add_argument("directories", nargs="+", type=Path, metavar="RUN_DIR", help="a directory that `lab run` wrote")
    parser.add_argument(
        "--within", action="append", default=[], metavar="NAME=TIME",
        help="another deadline: stablecoin_peg=10s, 'stablecoin_peg USDT high=10s', judge_all=1min",
    )  # fmt: skip
    parser.add_argument("--deadlines", metavar="xFACTOR", help="every deadline times a factor: x0.5")
    parser.add_argument("--scenario", metavar="FILE", help="what this scenario asks, of the world that was played")
    parser.add_argument("--case", metavar="NAME", help="its case (default: the one that was run)")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.add_argument("--write", action="store_true", help="write the verdict, also if other demands were made")
    parser.add_argument("--fresh", action="store_true", help="read the journals, even if what they hold is known")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    from correlator.journal import JournalError
    from lab.cli import WRONG
    from lab.cli.verdict_report import CODES, ORDER, print_judgements
    from lab.judging.rejudging import rejudge
    from lab.judging.rescoring import RescoringError
    from lab.judging.stored_run import StoredRun
    from lab.playing.run_directory import RunDirectory, RunDirectoryError

    directories = [RunDirectory(path) for path in args.directories]
    for directory in directories:
        if not directory.run_journal.is_file():
            print(directory.lacks("run.journal"), file=sys.stderr)
            return WRONG
    try:
        runs = [StoredRun(directory, fresh=args.fresh) for directory in directories]
        asked = _asked(args, runs)
        judged = [
            rejudge(run, resolved, told, write=args.write) for run, (resolved, told) in zip(runs, asked, strict=True)
        ]
    except (JournalError, RunDirectoryError, RescoringError) as error:
        print(error, file=sys.stderr)
        return WRONG
    if args.json:
        print_judgements([(run.directory, one.judgement) for run, one in zip(runs, judged, strict=True)])
    else:
        _show(directories, judged)
    return max((CODES[one.judgement.verdict] for one in judged), key=ORDER.index)


def _asked(args: argparse.Namespace, runs: Sequence[StoredRun]) -> list[tuple[Resolved | None, str]]:
    """What each run is held against, None for what its own scenario asks, and in words how that differs.

    Raises RescoringError, and ScenarioError for a scenario that is wrong.
    """
    from lab.judging.rescoring import (
        RescoringError,
        parse_factor,
        parse_within,
        refuse_unknown,
        scale,
        set_deadline,
        told_deadline,
        told_factor,
    )

    if args.case and not args.scenario:
        raise RescoringError("--case: which scenario's? expected --scenario FILE beside it")
    factor = parse_factor(args.deadlines) if args.deadlines else None
    deadlines = [parse_within(text) for text in args.within]
    asked = [_demands(run, args.scenario, args.case) for run in runs]
    told: list[list[str]] = [[f"what {args.scenario} asks"] if args.scenario else [] for _ in runs]
    for deadline in deadlines:
        if all(set_deadline(resolved, deadline) is None for resolved in asked):
            raise refuse_unknown(deadline, asked)
    for place, resolved in enumerate(asked):
        if factor is not None:
            resolved = scale(resolved, factor)
            told[place].append(told_factor(factor))
        for deadline in deadlines:
            changed = set_deadline(resolved, deadline)
            if changed is not None:
                resolved = changed
                told[place].append(told_deadline(deadline))
        asked[place] = resolved
    return [(resolved if words else None, "; ".join(words)) for resolved, words in zip(asked, told, strict=True)]


def _demands(run: StoredRun, file: str | None, case: str | None) -> Resolved:
    """What a run's own scenario asks, or the one in ``file``."""
    from lab.judging.rescoring import RescoringError, demands_of
    from lab.scenario.resolve import load_scenario

    header = run.findings.reading.header
    if file is None:
        return header.resolved
    experiments = load_scenario(file, case=case or header.case, seed=header.seed).experiments
    if len(experiments) > 1:
        raise RescoringError(f"--case {case or header.case}: {len(experiments)} cases of {file} fit; expected one")
    return demands_of(experiments[0], run.findings.journal)


def _show(directories: Sequence[RunDirectory], judged: Sequence[Rejudged]) -> None:
    from lab.cli.console import open_console
    from lab.cli.rejudged_view import show_changes
    from lab.cli.verdict_view import show_verdict

    console = open_console()
    for directory, one in zip(directories, judged, strict=True):
        show_verdict(console, one.judgement, directory, written=one.is_written)
        if one.before is not None:
            show_changes(console, one.before, one.judgement)
            if not one.is_written:
                console.print("nothing was written; --write writes this verdict and its report")
