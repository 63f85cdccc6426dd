"""`lab schema`: the languages of the files as JSON Schema, for editors and other programs."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "schema",
        help="print the JSON Schema of scenario files",
        description="Print the JSON Schema (2020-12) of scenario, template, firm or market files, for editors.",
    )
    kinds = ("scenario", "template", "firm", "market")
    parser.add_argument("of", nargs="?", choices=kinds, default="scenario", help="which files")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    import json

    from lab.scenario.schema import schema_of

    print(json.dumps(schema_of(args.of), indent=2, ensure_ascii=False))
    return 0
