"""`lab verify`: prove that a pack of evidence is what was packed, and that its verdicts follow from its journals."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.evidence.rederive import DerivedRun
    from lab.evidence.verification import Verification

_SHOWN = 20  # findings, and runs that differ; --json lists them all


def add_parser(subparsers: Any) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "verify",
        help="prove that a pack was not altered, and derive its verdicts again",
        description="Account for every byte of a pack that `lab evidence` wrote, and derive every verdict in it again "
        "from the journals. Exit code 0: nothing was altered and every verdict follows; 1: something was, or one does "
        "not; 3: unknown, because this is another version of the laboratory than made the pack; 2: no pack. "
        "The exit code is about the pack: a monitor that failed is as well proven as one that passed.",
    )
    parser.add_argument("pack", type=Path, metavar="FILE.zip", help="what `lab evidence` wrote")
    parser.add_argument("--head", metavar="DIGEST", help="the head that `lab evidence` printed")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output and nothing else")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    import re
    import sys

    import msgspec

    from lab.cli import WRONG
    from lab.cli.last_line import last_line
    from lab.cli.verdict_report import CODES
    from lab.evidence.gather import EvidenceError
    from lab.evidence.verification import verify

    if args.head is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", args.head.strip()):
        print(f"--head: found {args.head[:80]!r}; expected the 64 hexadecimal digits of a head", file=sys.stderr)
        return WRONG
    try:
        with last_line(quiet=args.json) as hear:
            found = verify(args.pack, args.head, hear)
    except EvidenceError as error:
        print(error, file=sys.stderr)
        return WRONG
    if args.json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        _tell(found)
    return CODES[found.verdict]


def _tell(found: Verification) -> None:
    print(
        f"{found.pack}: {found.bytes:,} bytes, {found.files} files, {found.journals} journals of {found.frames} frames"
    )
    for finding in found.findings[:_SHOWN]:
        at = "" if finding.offset is None else f", byte {finding.offset:,} of the pack"
        print(f"altered: {finding.place}{at}: {finding.what}")
    _tell_more(len(found.findings) - _SHOWN)
    if not found.findings:
        print("every byte is as it was packed")
    told = [run for run in found.runs if run.outcome != "same"]
    for run in told[:_SHOWN]:
        _tell_run(run)
    _tell_more(len(told) - _SHOWN)
    for difference in found.summary:
        print(f"{difference.file} {difference.field}: says {difference.stored!r}, follows {difference.derived!r}")
    same = len(found.runs) - len(told)
    print(f"{same} of {len(found.runs)} verdicts derived again from the journals and found the same{_verdicts(found)}")
    others = sorted({run.other_version for run in found.runs if run.other_version})
    for other in others[:_SHOWN]:
        print(f"derived by another version: {other}")
    foreign = sum(run.code != found.code for run in found.runs)
    if foreign:
        print(f"{foreign} of {len(found.runs)} runs were simulated by other code than the pack's, or another monitor")
    if found.head is not None:
        print(f"head {found.head}")
    _conclude(found)


def _conclude(found: Verification) -> None:
    if found.verdict == "fail":
        print("proven: this is not what was packed, or its verdicts do not follow from it")
    elif found.verdict == "unknown":
        print("unknown: for a proof, verify it with the version of the laboratory that made it")
    elif found.head_given:
        print("proven: this is the pack of that head, and every verdict in it follows from its journals")
    else:
        print("proven: the pack agrees with itself, and every verdict in it follows from its journals")
        print("next: compare the head with the one printed when it was packed: lab verify --head DIGEST")


def _tell_run(run: DerivedRun) -> None:
    if run.outcome == "not derived":
        print(f"{run.path}: not derived again: {run.why}")
        return
    print(f"{run.path}: what is stored does not follow from the journals")
    for difference in run.differences:
        file = difference.file.removeprefix(f"{run.path}/")
        print(f"  {file} {difference.field}: says {difference.stored!r}, follows {difference.derived!r}")


def _verdicts(found: Verification) -> str:
    """What the verdicts are: of the monitor, not of the pack."""
    counts: dict[str, int] = {}
    for run in found.runs:
        if run.outcome == "same" and run.verdict is not None:
            counts[run.verdict] = counts.get(run.verdict, 0) + 1
    return ": " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())) if counts else ""


def _tell_more(left: int) -> None:
    if left > 0:
        print(f"… and {left} more; --json lists them all")
