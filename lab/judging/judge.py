"""Judging a run directory: the correlator's verdict, written beside its journal, with the page to read it."""

from __future__ import annotations

import time
import traceback
from pathlib import Path

import msgspec

from correlator.journal import Journal, JournalError
from correlator.judge import judge_findings
from correlator.reporting import to_json
from correlator.unread import unread
from correlator.verdict import Judgement, Verdict
from dashboards.run_page.page import render
from lab.judging.stored_run import StoredRun
from lab.playing.pool import Report
from lab.playing.progress import Failed, Judged
from lab.playing.run_directory import Keep, RunDirectory, RunDirectoryError, write_whole


def judge_job(report: Report, path: Path, keep: Keep = "all") -> None:
    """Job: ``judge_directory``; what is wrong with the files is told in one line."""
    began_s = time.perf_counter()
    try:
        verdict = judge_directory(path, keep)
    except (JournalError, RunDirectoryError) as error:
        report(Failed(str(error), ""))
    else:
        report(Judged(verdict, time.perf_counter() - began_s))


def judge_directory(path: Path, keep: Keep = "all") -> Verdict:
    """Judge a run and write ``verdict.json`` and ``report.html``; what was found is kept for the next time.

    Where ``keep`` says that nothing else is to stay, only the verdict is written, and the journals are removed. A sound
    journal that the correlator breaks over is unknown, with the traceback, and stays.

    Raises:
        JournalError: a journal is missing, foreign or damaged.
        RunDirectoryError: the verdict cannot be written.
        OSError: a journal cannot be read.
    """
    directory = RunDirectory(path)
    try:
        run = StoredRun(directory, fresh=True)
        judgement = judge_findings(run.findings)
    except (JournalError, OSError):
        raise
    except Exception:
        judgement = unread(Journal(directory.run_journal).header, traceback.format_exc())
        write_judgement(directory, judgement)
        return judgement.verdict
    if keep == "all" or (keep == "not_passed" and judgement.verdict != "pass"):
        write_judgement(run.directory, judgement)
        run.keep()
    else:
        write_whole(run.directory.verdict, to_json(judgement))
        run.directory.shed()
    return judgement.verdict


def write_judgement(directory: RunDirectory, judgement: Judgement) -> None:
    """Write ``verdict.json`` and ``report.html``. Raises RunDirectoryError."""
    document = to_json(judgement)
    write_whole(directory.verdict, document)
    write_whole(directory.report, render(document).encode())


def read_judgement(directory: RunDirectory) -> Judgement:
    """The verdict that was written for a run."""
    return msgspec.json.decode(directory.verdict.read_bytes(), type=Judgement)
