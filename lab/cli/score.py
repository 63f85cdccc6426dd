"""`lab score`: the protection score and the NAB-compatible score of stored runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

_SHOWN = 12  # mandates that lose most; --json has them all


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "score",
        help="say in one figure how well stored runs were guarded",
        description="The protection score of stored runs, zero for a monitor that never alerts and for one that always "
        "does, and their NAB-compatible score; docs/explanation/scores.md says what they mean and what they hide. "
        "Exit code 0: told, whatever the score; 2: the command is wrong.",
    )
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUNS", help="run directories, directories above them, suite.json files"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    import sys

    import msgspec
    from rich.table import Table

    from lab.cli import PASSED, WRONG
    from lab.cli.console import open_console, wrapped
    from lab.coverage.reading import FactsError, read_facts
    from lab.scores.scoring import score, score_lines
    from lab.suite.wording import plural

    try:
        scores = score(read_facts(args.runs, remembered=False))
    except FactsError as error:
        print(error, file=sys.stderr)
        return WRONG
    if args.json:
        print(msgspec.json.format(msgspec.json.encode(scores), indent=2).decode())
        return PASSED
    console = open_console()
    parts = sorted(scores.protection.mandates, key=lambda part: (part.caught * part.quiet, part.mandate))
    if parts:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("mandate, worst first", overflow="fold")
        for head in ("passed", "unknown", "caught", "quiet", "score"):
            table.add_column(head, justify="right", no_wrap=True)
        for part in parts[:_SHOWN]:
            table.add_row(
                part.mandate, f"{part.passed}/{part.demands}", str(part.unknown), f"{part.caught:.3f}",
                f"{part.quiet_runs}/{part.runs}", f"{100 * part.caught * part.quiet:.1f}",
            )  # fmt: skip
        console.print(table)
        if len(parts) > _SHOWN:
            console.print(f"… and {len(parts) - _SHOWN} more, that lose less")
        console.print()
    told = f", {scores.unjudged} of them without a verdict" if scores.unjudged else ""
    for label, text in [*score_lines(scores), ("", f"{plural(scores.runs, 'run')}{told}")]:
        for line in wrapped(label, text, console.width):
            console.print(line)
    return PASSED
