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
    from lab.cli.evidence import ignore, show
    from lab.dataset.build import build
    from lab.evidence.gather import EvidenceError

    hear = show if sys.stderr.isatty() and not args.json else ignore
    try:
        built = build(args.runs, args.out, hear)
    except EvidenceError as error:
        print(error, file=sys.stderr)
        return WRONG
    finally:
        hear("")
    if args.json:
        print(msgspec.json.format(msgspec.json.encode(built), indent=2).decode())
        return PASSED
    for one in built.left_out:
        print(f"left out: {one.run}: {one.why}")
    for name, rows in built.rows.items():
        print(f"wrote {args.out / f'{name}.parquet'}: {rows:,} rows")
    print("times are nanoseconds since the start of the run, which `runs` gives; split by `world`, never by row")
    return PASSED
