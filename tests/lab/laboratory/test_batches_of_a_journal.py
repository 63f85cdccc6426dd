"""However a history is cut into batches, the same truth is found in it: none is taken in bulk that must not be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from correlator import reading
from correlator.journal import Journal
from correlator.records import WireRecord
from correlator.truth.kept import keep


def truth(journal: Path) -> bytes:
    read = reading.read_run(Journal(journal))
    assert read.failures == {}
    gauges = sorted(keep(read.board), key=lambda gauge: (gauge.mandate, gauge.subject))
    # What is blind in the first moments is drawn as far as a batch reaches; when it is a breach does not hang on that.
    gauges = [msgspec.structs.replace(one, envelope=b"") if one.mandate == "visibility" else one for one in gauges]
    return msgspec.msgpack.encode([gauges, read.last_request_ns, read.said.episodes.episodes, read.counts])


@pytest.mark.parametrize("size", [1, 61, 4_000])
def test_the_truth_does_not_hang_on_how_a_history_is_cut(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    journal = next((tiny / "runs").glob("*/*/seed-7/run.journal"))
    as_written = truth(journal)
    wire = tuple(WireRecord.__args__)

    def batches(journal: Journal, *, with_wire: bool) -> Iterator[tuple[list[Any], list[Any], int]]:
        assert with_wire
        records = list(journal.records())
        for start in range(0, len(records), size):
            part = records[start : start + size]
            messages = [record for record in part if isinstance(record, wire)]
            yield [record for record in part if not isinstance(record, wire)], messages, part[-1].at_ns

    monkeypatch.setattr(reading, "_batches", batches)
    assert truth(journal) == as_written
