"""Unread: a run whose journal is sound, but could not be read to its end by this correlator: unknown, and says why."""

from __future__ import annotations

from correlator.header import Header
from correlator.verdict import Check, Ending, Judgement


def unread(header: Header, broken: str) -> Judgement:
    """The judgement of a run of which only the header is known; ``broken`` is the traceback of what broke.

    Nothing is told of the monitor: neither what it got right nor what it got wrong.
    """
    reason = f"reading or judging the run broke:\n{broken}"
    return Judgement(
        verdict="unknown",
        reasons=[reason],
        scenario=header.scenario,
        case=header.case,
        seed=header.seed,
        description=header.resolved.description,
        tags=header.resolved.tags,
        start_ns=header.start_ns,
        ended=Ending("unread", 0.0, (header.end_ns - header.start_ns) / 1e9, "the journal could not be read"),
        versions=header.versions,
        code=header.code,
        checks=[Check("reading", "unknown", reason)],
        injections=[],
        expectations=[],
        forbids=[],
        alerts=[],
        false_alarms=[],
        unexpected=[],
        unalerted=[],
        rules=[],
        series=[],
        counts={},
    )
