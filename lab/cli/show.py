"""`lab show`: one scenario with everything filled in, its timeline drawn in text."""

from __future__ import annotations

import argparse
import shlex
from typing import Any


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "show",
        help="show a resolved scenario and its timeline",
        description="Show a scenario with everything filled in, and its timeline as a picture in text.",
    )
    parser.add_argument("file", metavar="FILE", help="a scenario file")
    parser.add_argument("--case", metavar="NAME", help="this case only, or those that fit a pattern (default: all)")
    parser.add_argument("--seed", metavar="N", help="another seed")
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="another value, as in lab run")
    parser.add_argument("--json", action="store_true", help="the resolved experiments as one JSON document")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    from lab.scenario.resolve import load_scenario

    loaded = load_scenario(args.file, case=args.case, sets=args.set, seed=args.seed)
    if args.json:
        import json

        print(json.dumps({"experiments": [each.to_resolved() for each in loaded.experiments]}, indent=2))
        return 0

    from lab.cli.console import open_console, picture_width, speaks_unicode
    from lab.scenario.picture import Picture

    console = open_console()
    width, unicode = picture_width(console), speaks_unicode(console)
    for number, experiment in enumerate(loaded.experiments):
        if number:
            print(f"\n{('─' if unicode else '-') * width}\n")
        for line in Picture(experiment, width, unicode=unicode).lines():
            print(line)
    chosen = f" --case {shlex.quote(args.case)}" if args.case else ""
    print(f"\nnext: lab run {args.file}{chosen}")
    return 0
