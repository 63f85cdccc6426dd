"""The journal's writer, read back by the correlator's own reader: the two ends share a page, not code."""

from pathlib import Path

import pytest

from correlator.journal import Journal
from correlator.records import Signal
from lab.journal.writer import BATCH_RECORDS, JournalError, JournalWriter
from lab.laboratory.kernel import Kernel

HEADER = {
    "format": "riskproof-journal/1",
    "arm": "run",
    "scenario": "s",
    "case": "c",
    "seed": 1,
    "start_ns": 5,
    "end_ns": 1_000_000,
    "resolved": {},
    "limits": "",
}
SIGNAL = ("a-1", "firing", "drawdown", "firm", "high", 0.2, 0.15, "%", 4, ["apex account at 3"])


def write(path: Path, records: int, *, close: bool = True) -> JournalWriter:
    kernel = Kernel(5)
    journal = JournalWriter(path, kernel, HEADER)
    for number in range(records):
        kernel.run_until(5 + number)
        if number % 3:
            journal.record_wire("push", "monitor>apex", number, 7, b'{"u":1}', 9 + number)
        else:
            journal.record("signal", "monitor", number, *SIGNAL)
    if close:
        journal.close("completed")
    return journal


def test_what_is_written_is_read_back_in_one_total_order(tmp_path: Path) -> None:
    count = BATCH_RECORDS * 2 + 11
    write(tmp_path / "run.journal", count)
    journal = Journal(tmp_path / "run.journal")
    records = list(journal.records())
    assert [record.seq for record in records] == list(range(1, count + 1))
    assert [record.at_ns for record in records] == list(range(5, 5 + count))
    first = records[0]
    assert isinstance(first, Signal)
    assert (first.mandate, first.subject, first.observed, first.evidence) == (
        "drawdown",
        "firm",
        0.2,
        ["apex account at 3"],
    )
    assert journal.header.scenario == "s"
    assert journal.end is not None
    assert (journal.end.reason, journal.end.records) == ("completed", count)


def test_a_killed_writer_leaves_every_whole_batch(tmp_path: Path) -> None:
    write(tmp_path / "run.journal", BATCH_RECORDS * 2 + 11, close=False)
    journal = Journal(tmp_path / "run.journal")
    assert sum(1 for _ in journal.records()) == BATCH_RECORDS * 2
    assert journal.end is None


def test_memory_holds_one_batch_at_the_most(tmp_path: Path) -> None:
    journal = write(tmp_path / "run.journal", BATCH_RECORDS * 3, close=False)
    assert len(journal._audit) + len(journal.wire) <= BATCH_RECORDS


def test_an_existing_journal_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "run.journal").write_bytes(b"precious")
    with pytest.raises(JournalError, match="cannot be begun: File exists"):
        write(tmp_path / "run.journal", 1)
    assert (tmp_path / "run.journal").read_bytes() == b"precious"


def test_a_full_disk_is_said_to_be_full() -> None:
    with pytest.raises(JournalError, match="cannot be begun"):
        write(Path("/dev/full"), 1)
