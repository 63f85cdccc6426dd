"""What a command says of finished runs: the exit code, the JSON document, the closing words."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.console import Console

from correlator.verdict import (
    ActionOutcome,
    AlertOutcome,
    AssertionOutcome,
    ExpectationOutcome,
    ForbidOutcome,
    InjectionOutcome,
    Judgement,
    MissOutcome,
    Verdict,
)
from lab.cli import FAILED, PASSED, UNKNOWN
from lab.cli.verdict_view import show_verdict
from lab.judging.judge import read_judgement
from lab.playing.run_directory import RunDirectory
from lab.playing.runner import Run
from lab.suite.wording import plural

CODES = {"pass": PASSED, "unknown": UNKNOWN, "fail": FAILED}
ORDER = (PASSED, UNKNOWN, FAILED)  # from best to worst: a proven fail is never hidden by an unknown


class RunDocument(msgspec.Struct, frozen=True):
    """One run in the document of ``--json``. Times are seconds since the run's start."""

    scenario: str
    case: str
    seed: int
    verdict: str
    reasons: list[str]
    expectations: list[ExpectationOutcome]
    misses: list[MissOutcome]
    forbids: list[ForbidOutcome]
    assertions: list[AssertionOutcome]
    actions: list[ActionOutcome]
    false_alarms: list[AlertOutcome]
    injections: list[InjectionOutcome]
    run_dir: str
    judged_under: str = ""


class Document(msgspec.Struct, frozen=True):
    """The document of ``--json``."""

    runs: list[RunDocument]


def worst_code(runs: Sequence[Run]) -> int:
    """The exit code of several runs; one without a verdict counts as unknown."""
    codes = [CODES[judgement.verdict] if judgement else UNKNOWN for judgement in map(_judgement, runs)]
    return max(codes, key=ORDER.index)


def print_document(runs: Sequence[Run], *, interrupted: bool) -> None:
    """The JSON document of the runs, on standard output."""
    why = "the run was interrupted" if interrupted else "the run could not be judged; see standard error"
    print_judgements([(run.directory, _judgement(run) or _without_verdict(run, why)) for run in runs])


def print_judgements(judged: Sequence[tuple[RunDirectory, Judgement | RunDocument]]) -> None:
    """The JSON document of judged run directories, on standard output."""
    documents = [
        judgement
        if isinstance(judgement, RunDocument)
        else RunDocument(
            judgement.scenario,
            judgement.case,
            judgement.seed,
            judgement.verdict,
            judgement.reasons,
            judgement.expectations,
            judgement.misses,
            judgement.forbids,
            judgement.assertions,
            judgement.actions,
            judgement.false_alarms,
            judgement.injections,
            str(directory.path),
            judgement.judged_under,
        )
        for directory, judgement in judged
    ]
    print(msgspec.json.format(msgspec.json.encode(Document(documents)), indent=2).decode())


def show_runs(console: Console, runs: Sequence[Run], *, interrupted: bool) -> None:
    """Each verdict, and what to do next."""
    for run in runs:
        judgement = _judgement(run)
        if judgement is not None:
            show_verdict(console, judgement, run.directory)
        elif run.directory.run_journal.exists():
            console.print(f"\n{run.name}: no verdict; what was simulated is in {run.directory.run_journal}")
            console.print(f"next: lab judge {run.directory.path}")
        else:
            console.print(f"\n{run.name}: not simulated")
    if interrupted:
        verdicts = [judgement.verdict for run in runs if (judgement := _judgement(run)) is not None]
        console.print(f"\n{told_of_interruption(verdicts, len(runs))}")


def told_of_interruption(verdicts: Sequence[Verdict], wanted: int) -> str:
    """What was judged and what is left of the ``wanted`` runs; and that what is proven stays proven."""
    told = f"interrupted: {len(verdicts):,} of {plural(wanted, 'run')} judged, {wanted - len(verdicts):,} left"
    failed = verdicts.count("fail")
    return f"{told}; {failed:,} proven to fail, and that stands" if failed else told


def _judgement(run: Run) -> Judgement | None:
    return read_judgement(run.directory) if run.judging.over and run.directory.verdict.exists() else None


def _without_verdict(run: Run, why: str) -> RunDocument:
    experiment = run.experiment
    reason = f"unknown: no verdict: {why}"
    return RunDocument(
        experiment.scenario, experiment.case, experiment.seed, "unknown", [reason], [], [], [], [], [], [], [],
        str(run.directory.path),
    )  # fmt: skip
