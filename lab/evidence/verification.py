"""Verification: a whole pack, its bytes and its verdicts, and what is to be thought of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from correlator.verdict import Verdict
from lab.evidence.manifest import NAME, is_journal
from lab.evidence.rederive import (
    DerivedRun,
    Difference,
    Pack,
    check_summary,
    derive,
    misplaced,
    miswritten,
    strays,
    underived,
)
from lab.evidence.summary import SUMMARY
from lab.evidence.verify import Examined, Finding, examine


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a pack.

    ``verdict`` is of the pack, not of the monitor: ``pass`` if nothing was altered and every verdict follows from the
    journals; ``fail`` if something was, or one does not; ``unknown`` if all that speaks against it was found by another
    version of the laboratory, or nothing does but the version is another. ``head_given``: the head was compared with
    one that was kept apart. ``code``: of the laboratory that made the pack.
    """

    verdict: Verdict
    pack: str
    bytes: int
    head: str | None
    head_given: bool
    code: str | None
    files: int
    journals: int
    frames: int
    findings: list[Finding]
    runs: list[DerivedRun]
    summary: list[Difference]


def verify(path: Path, head: str | None, hear: Callable[[str], None]) -> Verification:
    """Account for every byte of a pack and derive every verdict again. ``hear`` is told what is being looked at.

    Raises:
        EvidenceError: this is no pack.
        OSError: it cannot be read, or there is no room to unpack a run's journals.
    """
    hear("bytes")
    seen = examine(path, head)
    findings = list(seen.findings)
    runs: list[DerivedRun] = []
    summary: list[Difference] = []
    if seen.manifest is not None:
        findings += [Finding(name, None, "is no part of a pack") for name in strays(seen.manifest)]
        findings += [Finding(place, None, "is no run's place, or stands twice") for place in misplaced(seen.manifest)]
        findings += [Finding(place, None, why) for place, why in miswritten(seen.manifest)]
        if not seen.manifest.runs:
            findings.append(Finding(NAME, None, "names no run; expected one at least"))
        runs, summary = _derived(path, seen, hear)
    entries = seen.manifest.entries if seen.manifest is not None else []
    ends = [entry.journal for entry in entries if is_journal(entry.name) and entry.journal is not None]
    return Verification(
        verdict=_verdict(findings, runs, summary),
        pack=str(path),
        bytes=seen.size,
        head=seen.manifest.head if seen.manifest is not None else None,
        head_given=head is not None,
        code=seen.manifest.code if seen.manifest is not None else None,
        files=len(entries),
        journals=len(ends),
        frames=sum(end.frames for end in ends),
        findings=findings,
        runs=runs,
        summary=summary,
    )


def _derived(path: Path, seen: Examined, hear: Callable[[str], None]) -> tuple[list[DerivedRun], list[Difference]]:
    assert seen.manifest is not None
    runs, views = [], []
    with path.open("rb") as file:
        pack = Pack(file, seen.manifest, seen.offsets)
        for run in seen.manifest.runs:
            hear(run.path)
            altered = [name for name in seen.damaged if name.startswith(f"{run.path}/")]
            if altered:
                runs.append(underived(seen.manifest, run, f"{altered[0]} is not what was packed"))
                continue
            derived, view = derive(pack, run)
            runs.append(derived)
            if view is not None:
                views.append(view)
        if len(views) < len(runs) or SUMMARY in seen.damaged:
            return runs, []  # told already, and what the page should show is not known
        return runs, check_summary(pack, views)


def _verdict(findings: list[Finding], runs: list[DerivedRun], summary: list[Difference]) -> Verdict:
    is_other = any(run.other_version for run in runs)
    doubtful = [run for run in runs if run.outcome != "same"]
    if findings or any(not run.other_version for run in doubtful) or (summary and not is_other):
        return "fail"
    return "unknown" if is_other or doubtful or summary else "pass"
