"""Rejudging: a stored run judged again, by what its own scenario asks or by other demands on the same world."""

from __future__ import annotations

import msgspec

from correlator.expectations import Resolved
from correlator.judge import judge_findings
from correlator.verdict import Judgement
from lab.judging.judge import write_judgement
from lab.judging.stored_run import StoredRun


class Rejudged(msgspec.Struct, frozen=True):
    """A new judgement. ``before`` is the one by the run's own scenario, None if that is what this one is by."""

    judgement: Judgement
    before: Judgement | None
    is_written: bool


def rejudge(run: StoredRun, resolved: Resolved | None, judged_under: str, *, write: bool) -> Rejudged:
    """Judge a run by ``resolved``, None: by its own scenario, whose verdict is then written; else only with ``write``.

    Raises:
        JournalError: the journals had to be read again, and are damaged by now.
        RunDirectoryError: the verdict cannot be written.
        OSError: a journal cannot be read.
    """
    own = judge_findings(run.findings)
    judgement = own
    if resolved is not None:
        judgement = judge_findings(run.asserting(resolved.assertions), resolved, judged_under)
    run.keep()
    is_written = write or resolved is None
    if is_written:
        write_judgement(run.directory, judgement)
    return Rejudged(judgement, None if resolved is None else own, is_written)
