"""The journal's reader: what was written is read, and what was changed is refused by name."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from correlator.journal import DamagedJournal, ForeignFile, Journal, WrongVersion
from correlator.records import Push, Quote, Record

HEAD_BYTES = 45
MAGIC_BYTES = 20


@pytest.fixture
def path(new_story, tmp_path: Path) -> Path:
    story = new_story().found_world().alive()
    for at_s in range(0, 600, 5):
        story.quote(at_s, 0, 1.0)
    return story.write(tmp_path / "run.journal", batch=40)


def frame_offsets(path: Path) -> list[int]:
    data, offset, offsets = path.read_bytes(), MAGIC_BYTES, []
    while offset < len(data):
        offsets.append(offset)
        offset += HEAD_BYTES + struct.unpack_from("<BIIIQQ", data, offset)[2]
    return offsets


def read_all(path: Path) -> list[Record]:
    return list(Journal(path).records())


def damage_of(path: Path) -> DamagedJournal | None:
    try:
        read_all(path)
    except DamagedJournal as error:
        return error
    return None


def test_merged_records_come_in_their_total_order(path: Path) -> None:
    records = read_all(path)
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert [record.at_ns for record in records] == sorted(record.at_ns for record in records)


def test_each_plane_alone_is_that_part_of_the_whole(path: Path) -> None:
    journal = Journal(path)
    together = [*journal.audit(), *journal.wire()]
    assert sorted(together, key=lambda record: record.seq) == read_all(path)
    assert sum(isinstance(record, Quote) for record in journal.audit()) == 120
    assert sum(isinstance(record, Push) for record in journal.wire()) == 122


def test_end_frame_tells_how_the_run_ended(path: Path) -> None:
    journal = Journal(path)
    list(journal.frames())
    assert journal.end is not None
    assert (journal.end.reason, journal.cut_off) == ("completed", False)


def test_foreign_file_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "notes.txt"
    foreign.write_text("not a journal at all, but long enough")
    with pytest.raises(ForeignFile, match=r"notes.txt: not a journal: expected a file that lab run has written"):
        Journal(foreign)


def test_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(ForeignFile):
        Journal(tmp_path / "empty")


def test_other_version_is_named(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"JOURNAL/1\n", b"JOURNAL/2\n", 1))
    with pytest.raises(WrongVersion, match="a journal of version 2; this correlator reads version 1"):
        Journal(path)


def test_every_flipped_byte_is_found_in_its_frame(path: Path) -> None:
    data = path.read_bytes()
    offsets = frame_offsets(path)
    for number, offset in enumerate(offsets):
        end = offsets[number + 1] if number + 1 < len(offsets) else len(data)
        last_frame = number + 1 == len(offsets)
        # The head's every field, the chain, and the content's first, middle and last byte.
        for place in (0, 1, 5, 9, 13, 21, 29, 44, 45, (offset + end) // 2 - offset, end - offset - 1):
            damaged = bytearray(data)
            damaged[offset + place] ^= 0x10
            path.write_bytes(bytes(damaged))
            found = damage_of(path)
            if found is None:
                # An end frame whose length is changed cannot be told from one that was being written.
                assert last_frame and 5 <= place <= 8, (number, place)  # noqa: PT018
            else:
                assert (found.frame, found.offset) == (number, offset), (number, place)
                assert f"frame {number} at byte {offset}" in str(found)


def test_lost_and_swapped_frames_are_found(path: Path) -> None:
    data, offsets = path.read_bytes(), frame_offsets(path)
    first, second, third = offsets[2], offsets[3], offsets[4]
    path.write_bytes(data[:first] + data[second:])
    with pytest.raises(DamagedJournal, match=r"frame 2 .*the chain is broken"):
        read_all(path)
    path.write_bytes(data[:first] + data[second:third] + data[first:second] + data[third:])
    with pytest.raises(DamagedJournal, match=r"frame 2 .*the chain is broken"):
        read_all(path)


def test_killed_run_reads_up_to_its_last_whole_batch(path: Path) -> None:
    data, offsets = path.read_bytes(), frame_offsets(path)
    whole = read_all(path)
    planes = [data[offset] for offset in offsets]
    for cut in range(offsets[1], len(data), 37):
        path.write_bytes(data[:cut])
        journal = Journal(path)
        records = list(journal.records())
        assert journal.cut_off
        assert journal.end is None
        assert records == whole[: len(records)]
        complete = sum(offset <= cut for offset in offsets[1:])
        batches = sum(plane == 2 for plane in planes[1:complete])
        assert len(records) == min(batches * 40, len(whole)), cut


def test_cut_in_the_header_is_damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DamagedJournal, match="expected the header's frame"):
        Journal(path)
