"""Building: run after run into the five tables of a data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from correlator.journal import Journal, JournalError, Plane
from correlator.records import Action, Listing, Signal
from lab.dataset.columns import TABLES
from lab.dataset.features import Features
from lab.dataset.labels import Labels
from lab.dataset.seen import Sight
from lab.dataset.table import TableWriter
from lab.evidence.gather import EvidenceError, FoundRun, find_runs
from lab.evidence.manifest import LeftOut
from lab.judging.judge import read_judgement

_PARTIAL = ".partial"


class Built(msgspec.Struct, frozen=True):
    """What was written: rows of each table by its name, and runs that were found but left out."""

    out: str
    rows: dict[str, int]
    left_out: list[LeftOut]


def build(roots: Sequence[Path], out: Path, hear: Callable[[str], None]) -> Built:
    """Write the data set of all runs below ``roots`` into ``out``, whose older data set makes way once it is done.

    Raises:
        EvidenceError: no run has journals and verdict, a journal is damaged, or ``out`` holds other files.
        OSError: something cannot be read or written; the older data set is then as it was.
    """
    found, left_out = find_runs(roots)
    if not found:
        raise EvidenceError(f"{roots[0]}: none of {len(left_out)} runs can be used: {left_out[0].why}")
    _make(out)
    files = {name: out / f"{name}.parquet" for name in TABLES}
    partial = {name: path.with_name(path.name + _PARTIAL) for name, path in files.items()}
    with ExitStack() as stack:
        for path in partial.values():
            stack.callback(path.unlink, missing_ok=True)
        tables = {}
        for name, columns in TABLES.items():
            tables[name] = TableWriter(partial[name], columns)
            stack.callback(tables[name].abandon)
        for number, run in enumerate(found):
            hear(run.path)
            try:
                _add(number, run, tables)
            except (JournalError, ValueError) as error:
                raise EvidenceError(f"{run.directory.path}: {error}") from error
        for table in tables.values():
            table.close()
        for name, path in files.items():
            partial[name].replace(path)
    return Built(str(out), {name: table.rows for name, table in tables.items()}, left_out)


def _add(number: int, run: FoundRun, tables: dict[str, TableWriter]) -> None:
    journal = Journal(run.directory.run_journal)
    header = journal.header
    labels = Labels(number, header, read_judgement(run.directory), run.directory.scenario.read_bytes())
    features, sight = Features(number, header), Sight(header)
    tables["runs"].add(labels.run())
    for row in labels.windows():
        tables["windows"].add(row)
    for row in labels.due():
        tables["due"].add(row)
    said, saw = tables["outputs"], tables["features"]
    for frame in journal.frames():
        if frame.head.plane == Plane.AUDIT:
            for record in frame.audit():
                if isinstance(record, Listing):
                    features.list_pair(record)
                elif isinstance(record, Signal | Action):
                    said.add(labels.output(record))
        else:
            for seen in sight.take(frame.wire()):
                for row in features.rows(seen):
                    saw.add(row)
    for seen in sight.until(journal.end.at_ns if journal.end is not None else 0):
        for row in features.rows(seen):
            saw.add(row)


def _make(out: Path) -> None:
    ours = {f"{name}.parquet{ending}" for name in TABLES for ending in ("", _PARTIAL)}
    out.mkdir(parents=True, exist_ok=True)
    strangers = sorted(entry.name for entry in out.iterdir() if entry.name not in ours)
    if strangers:
        raise EvidenceError(f"{out}: holds {strangers[0]!r}, which is no table of a data set; expected a new directory")
