"""`lab baseline`: say that what a suite found is how it should be, or compare a stored result with that."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

FORMAT = "riskproof-comparison/1"


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "baseline",
        help="write a suite's baseline, or compare a stored result with it",
        description="A baseline is what a suite found when somebody said that this is how it should be. Nothing but "
        "`lab baseline update` writes it.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    update = actions.add_parser("update", help="write it", description="Write a stored result as the baseline.")
    compare = actions.add_parser(
        "compare",
        help="compare a stored result with it, without playing",
        description="Compare a stored result with a baseline. Exit code 1: a regression, or a proven fail, which no "
        "baseline excuses; 3: something is gone or unknown; 0: neither.",
    )
    for action in (update, compare):
        action.add_argument("result", type=Path, metavar="RESULT", help="suite.json, or the directory that holds it")
        action.add_argument("baseline", type=Path, metavar="FILE", help="the baseline")
    compare.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    update.set_defaults(execute=execute_update)
    compare.set_defaults(execute=execute_compare)


def execute_update(args: argparse.Namespace) -> int:
    import sys

    import msgspec

    from lab.cli import PASSED, WRONG
    from lab.cli.console import open_console
    from lab.playing.run_directory import RunDirectoryError
    from lab.suite.baseline import BaselineError, baseline_of, read_baseline, read_result, write_baseline
    from lab.suite.closing import show_comparison
    from lab.suite.comparison import compare
    from lab.suite.wording import headline, otherwise, plural

    console = open_console()
    try:
        result = read_result(args.result)
        if result.interrupted:
            raise BaselineError(f"{args.result}: the suite was interrupted; expected one that was played to its end")
        before = read_baseline(args.baseline) if args.baseline.exists() else None
        baseline = baseline_of(result, before.rule if before is not None else None)
        write_baseline(args.baseline, baseline)
    except (BaselineError, RunDirectoryError) as error:
        print(error, file=sys.stderr)
        return WRONG
    if before is not None:
        # Everything that the old one knew is replaced, so that what is missing now is gone.
        whole = msgspec.structs.replace(result, narrowed=False)
        show_comparison(console, compare(whole, before, name=f"{args.baseline} as it was", selected=[Path()]))
    seeds = sum(len(case.seeds) for case in baseline.cases.values())
    told = f"{plural(len(baseline.cases), 'case')}, {plural(seeds, 'run')}"
    console.print(f"wrote {args.baseline}: {told}, code {baseline.code[:12]}")
    if result.verdict != "pass":
        console.print(f"this baseline holds what is no pass: {headline(result)}")
    if how := otherwise(result):
        console.print(f"it holds what was found with {how}; give the same to what is compared with it")
    if result.narrowed:
        console.print("it holds no more than was played: --case or --tag chose a part of the suite")
    console.print(f"next: commit it, then lab suite … --baseline {args.baseline}")
    return PASSED


def execute_compare(args: argparse.Namespace) -> int:
    import sys

    import msgspec

    from lab.cli import WRONG
    from lab.cli.console import open_console
    from lab.cli.verdict_report import CODES
    from lab.suite.baseline import BaselineError, read_baseline, read_result
    from lab.suite.closing import show_comparison
    from lab.suite.comparison import compare, decisive
    from lab.suite.wording import gated, headline

    try:
        result, baseline = read_result(args.result), read_baseline(args.baseline)
    except BaselineError as error:
        print(error, file=sys.stderr)
        return WRONG
    selected = [Path(path) for path in result.paths or [case.file for case in result.cases]]
    comparison = compare(result, baseline, name=str(args.baseline), selected=selected)
    verdict = decisive(msgspec.structs.replace(result, comparison=comparison))
    if args.json:
        document = {"format": FORMAT, "verdict": verdict, **msgspec.structs.asdict(comparison)}
        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    else:
        console = open_console()
        show_comparison(console, comparison)
        for line in (headline(result), gated(comparison)):
            if line:
                console.print(line)
    return CODES[verdict]
