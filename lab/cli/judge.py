"""`lab judge`: judge stored runs again, without simulating."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "judge",
        help="judge stored runs again",
        description="Judge stored runs again from their journals. Exit codes are those of `lab run`.",
    )
    parser.add_argument("directories", nargs="+", type=Path, metavar="RUN_DIR", help="a directory that `lab run` wrote")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    import sys

    from correlator.journal import JournalError
    from lab.cli import WRONG
    from lab.cli.console import open_console
    from lab.cli.verdict_report import CODES, ORDER, print_judgements
    from lab.cli.verdict_view import show_verdict
    from lab.judging import judge_directory, read_judgement
    from lab.run_directory import RunDirectory, RunDirectoryError

    judged = []
    for path in args.directories:
        directory = RunDirectory(path)
        if not directory.run_journal.is_file():
            print(f"{path}: holds no run.journal; expected a directory that `lab run` wrote", file=sys.stderr)
            return WRONG
        try:
            judge_directory(path)
        except (JournalError, RunDirectoryError) as error:
            print(error, file=sys.stderr)
            return WRONG
        judged.append((directory, read_judgement(directory)))
    if args.json:
        print_judgements(judged)
    else:
        console = open_console()
        for directory, judgement in judged:
            show_verdict(console, judgement, directory)
    return max((CODES[judgement.verdict] for _, judgement in judged), key=ORDER.index)
