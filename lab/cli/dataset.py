"""`lab dataset`: what monitors saw and said, with the truth beside it, as parquet."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "dataset",
        help="write labelled ground truth as parquet",
        description="Write what the monitor saw and said in stored runs, with windows of harm and the moments at which "
        "alerts were owed, as five parquet tables: for people who build detectors. The tables are described in "
        "docs/reference/dataset.md. Exit code 0: written; 2: the command is wrong.",
    )
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUNS", help="a directory that `lab run` wrote, or one above such"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    import sys

    import msgspec

    from lab.cli import PASSED, WRONG
    from lab.cli.last_line import last_line
    from lab.cli.left_out import left_out_lines
    from lab.dataset.build import build
    from lab.evidence.gather import EvidenceError

    try:
        with last_line(quiet=args.json) as hear:
            built = build(args.runs, args.out, hear)
    except EvidenceError as error:
        print(error, file=sys.stderr)
        return WRONG
    if args.json:
        print(msgspec.json.format(msgspec.json.encode(built), indent=2).decode())
        return PASSED
    for line in left_out_lines(built.left_out):
        print(line)
    for name, rows in built.rows.items():
        print(f"wrote {args.out / f'{name}.parquet'}: {rows:,} rows")
    print("times are nanoseconds since the start of the run, which `runs` gives; split by `world`, never by row")
    return PASSED
