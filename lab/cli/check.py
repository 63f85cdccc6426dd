"""`lab check`: whether files are what they should be, with nothing simulated."""

from __future__ import annotations

import argparse
import sys
from typing import Any


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "check",
        help="check scenario, firm, market, limits, controls and template files",
        description="Check scenario, firm, market, limits, controls and template files. "
        "Exit code 0: all are sound; 2: not all are.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a YAML file")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    from lab.scenario.any_file import check_file
    from lab.scenario.errors import ScenarioError

    wrong = 0
    for file in args.files:
        try:
            print(f"{file}: ok: {check_file(file)}")
        except ScenarioError as error:
            wrong += 1
            print("\n".join(error.lines()), file=sys.stderr)
    if wrong and len(args.files) > 1:
        print(f"{wrong} of {len(args.files)} files are wrong", file=sys.stderr)
    return 2 if wrong else 0
