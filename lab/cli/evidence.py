"""`lab evidence`: pack runs into one file that anybody can verify."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.evidence.pack import Plan


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "evidence",
        help="pack runs into one file that anybody can verify",
        description="Pack runs (scenario, journals of all arms, limits, verdict, report) into one zip file, with a "
        "summary by article of RTS 6 and a manifest that chains every file's digest. Prints the pack's head: whoever "
        "keeps it can tell the pack from any other. Exit code 0: packed; 2: nothing could be packed.",
    )
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUNS", help="a directory that `lab run` wrote, or one above such"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.zip", help="the pack (default: none, with --summary only)")
    parser.add_argument("--summary", type=Path, metavar="FILE.html", help="write the summary to a file of its own too")
    parser.add_argument(
        "--scenarios", type=Path, action="append", default=[], metavar="PATH",
        help="a scenario file, or a directory with such, besides those that come with lab: to pack them as written",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    import sys
    from tempfile import TemporaryDirectory

    from lab.cli import PASSED, WRONG
    from lab.cli.last_line import last_line
    from lab.evidence.gather import EvidenceError
    from lab.evidence.pack import plan, write
    from lab.playing.run_directory import RunDirectoryError, write_whole

    if args.out is None and args.summary is None:
        print("lab evidence: nothing to write; expected --out FILE.zip, --summary FILE.html, or both", file=sys.stderr)
        return WRONG
    try:
        if args.out is not None and args.out.exists():
            raise EvidenceError(f"{args.out}: is there already; expected the name of a new file")
        with TemporaryDirectory(prefix="riskproof-evidence-") as scratch, last_line(quiet=args.json) as hear:
            planned = plan(args.runs, args.scenarios, Path(scratch), hear)
            size = write(planned, args.out) if args.out is not None else 0
        if args.summary is not None:
            write_whole(args.summary, planned.summary)
    except (EvidenceError, RunDirectoryError) as error:
        print(error, file=sys.stderr)
        return WRONG
    if args.json:
        _print_document(planned, args, size)
    else:
        _tell(planned, args, size)
    return PASSED


def _tell(planned: Plan, args: argparse.Namespace, size: int) -> None:
    from lab.cli.left_out import left_out_lines

    runs = planned.runs
    for run in runs:
        written = "" if run.as_written else "; scenario as written not known: the file has changed, or --set was used"
        print(f"{run.scenario} · {run.case} · seed {run.seed}: {run.verdict}{written}")
    for path in planned.restated:
        print(f"{path}: its verdict.json says otherwise than its journals; the pack holds what follows from them")
    for line in left_out_lines(planned.left_out):
        print(line)
    of = f" of {len(runs) + len(planned.left_out)} found" if planned.left_out else ""
    print(f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}{of}, {len(planned.sources)} files, {size:,} bytes")
    if args.summary is not None:
        print(f"wrote {args.summary}")
    if args.out is not None:
        print(f"wrote {args.out}")
        print(f"head {planned.manifest.head}")
        print("keep the head apart from the pack: without it a pack only proves that it agrees with itself")
        print(f"next: lab verify {args.out} --head {planned.manifest.head}")


def _print_document(planned: Plan, args: argparse.Namespace, size: int) -> None:
    import msgspec

    document = {
        "pack": None if args.out is None else str(args.out),
        "summary": None if args.summary is None else str(args.summary),
        "head": None if args.out is None else planned.manifest.head,
        "bytes": size,
        "runs": planned.runs,
        "restated": planned.restated,
        "left_out": planned.left_out,
    }
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
