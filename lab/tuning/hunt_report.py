"""What a hunt found: the document of ``--json``, and the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from lab.suite.wording import plural
from lab.tuning.hunt import Hunt, Tried, value_of
from lab.tuning.objective import Objective, Score

FORMAT = "riskproof-hunt/1"
_SHOWN = 8


class TriedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One variant; without settings it is the case as written."""

    case: str
    settings: list[str]
    score: Score | None


class CaseDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One case: what was searched, and how many points could be no experiments."""

    case: str
    ranges: list[str]
    runs: int
    refused: int
    as_written: Score | None


class HuntDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The document of ``lab hunt --json``. ``tried``: every variant, the worst first."""

    format: str = FORMAT
    objective: str
    unit: str
    meaning: str
    runs: int
    interrupted: bool
    left_out: int
    cases: list[CaseDocument]
    tried: list[TriedDocument]
    file: str | None


def document_of(
    hunts: Sequence[Hunt], objective: Objective, written: Path | None, left_out: int, interrupted: bool
) -> HuntDocument:
    """Everything that was tried. ``left_out``: cases that the budget did not reach."""
    tried = [(hunt.quarry.name, one) for hunt in hunts for one in hunt.tried]
    tried.sort(key=lambda one: -value_of(one[1]))
    return HuntDocument(
        objective=objective.name,
        unit=objective.unit,
        meaning=objective.doc,
        runs=len(tried),
        interrupted=interrupted,
        left_out=left_out,
        cases=[
            CaseDocument(
                case=hunt.quarry.name,
                ranges=[dial.axis.describe() for dial in hunt.quarry.dials],
                runs=len(hunt.tried),
                refused=hunt.refused,
                as_written=_as_written(hunt.tried),
            )
            for hunt in hunts
        ],
        tried=[TriedDocument(case=name, settings=list(one.settings), score=one.score) for name, one in tried],
        file=None if written is None else str(written),
    )


def lines_of(document: HuntDocument) -> list[str]:
    """The finding in words: the worst first, each with what makes it."""
    searched = [case for case in document.cases if case.runs > 1]
    lines = [
        f"{document.objective}:",
        f"  {document.meaning}",
        f"{plural(document.runs, 'run')} of {plural(len(document.cases), 'case')}",
    ]
    if not searched and document.runs and not document.interrupted:
        lines.append("nothing was varied: the runs do not suffice for a search (--budget)")
    if document.left_out:
        lines.append(f"{document.left_out} longer cases were left out: more runs reach them (--budget)")
    for case in searched or document.cases:
        refused = f", {case.refused} points could be no experiment" if case.refused else ""
        lines += [f"searched {case.case} with {case.runs} runs{refused}", *(f"  {text}" for text in case.ranges)]
        lines.append(f"  as written: {_score(case.as_written, document.unit)}")
    known = [one for one in document.tried if one.score is not None and one.score.value > 0.0]
    lines += ["", f"the worst found with {document.runs} runs, which need not be the worst there is:"]
    if not document.runs:
        lines.append("  nothing: no run was played to its end")
    elif not known:
        lines.append("  nothing: no variant did any harm before it was noticed")
    for place, one in enumerate(known[:_SHOWN], 1):
        lines.append(f"{place:>3}  {_score(one.score, document.unit)}")
        lines.append(f"     {one.case}" + ("" if one.settings else ", as written"))
        lines += [f"       {setting}" for setting in one.settings] if place <= 3 else []
    unknown = sum(one.score is None for one in document.tried)
    if unknown:
        lines.append(f"{unknown} runs could not be scored: they broke off, or equity was undefined")
    if document.file is not None:
        lines += ["", f"wrote {document.file}; next: lab run {document.file}"]
    if document.interrupted:
        lines.append("interrupted: this is what was found until then")
    return lines


def _as_written(tried: Sequence[Tried]) -> Score | None:
    return next((one.score for one in tried if not one.settings), None)


def _score(score: Score | None, unit: str) -> str:
    if score is None:
        return "unknown"
    noticed = (
        "never noticed"
        if score.noticed_at_s is None
        else f"noticed {score.noticed_at_s - score.harmed_at_s:.1f} s after"
    )
    what = f" ({score.what})" if score.what else ""
    failed = ", the run fails" if score.verdict == "fail" else ""
    return f"{score.value:,.6g} {unit}{what}, {noticed}{failed}"
