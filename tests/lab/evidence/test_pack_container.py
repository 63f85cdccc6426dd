"""A pack's container: ordinary zip to everybody else, and not one byte of it free."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.evidence import container
from lab.evidence.container import Part, parts
from lab.evidence.manifest import FORMAT, Manifest, chained
from lab.evidence.pack import Plan, Source, measure, write
from lab.evidence.verify import examine
from lab.journal.writer import JournalWriter
from lab.laboratory.kernel import Kernel

_TEXTS = {"summary.html": b"<p>all is well</p>" * 9, "runs/a/b/seed-1/verdict.json": b'{"verdict": "pass"}'}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of two texts and a journal of four frames, some three thousand bytes."""
    place = tmp_path_factory.mktemp("small")
    journal = JournalWriter(place / "run.journal", Kernel(0), {"format": "none"})
    journal.record("asset", "world", 0, "BTC", 8)
    journal.record_wire("request", "monitor>apex", 0, 1, "GET", "/", b"", 5)
    journal.close("completed")
    sources = [Source(name, text=text) for name, text in _TEXTS.items()]
    sources.append(Source("runs/a/b/seed-1/run.journal", place / "run.journal"))
    manifest = chained(Manifest(FORMAT, "", "", {}, [], [], [], [measure(source) for source in sources]))
    write(Plan(sources, [], [], [], manifest), place / "small.zip")
    return place / "small.zip"


def test_everybodys_zip_reads_it(small: Path) -> None:
    with zipfile.ZipFile(small) as pack:
        assert pack.testzip() is None
        assert pack.namelist() == ["manifest.json", *_TEXTS, "runs/a/b/seed-1/run.journal"]
        assert {name: pack.read(name) for name in _TEXTS} == _TEXTS


def test_an_untouched_pack_raises_nothing(small: Path) -> None:
    examined = examine(small, None)
    assert (examined.findings, examined.damaged, examined.size) == ([], [], small.stat().st_size)


def test_a_flipped_bit_of_any_byte_is_found_and_named(small: Path, tmp_path: Path) -> None:
    whole = small.read_bytes()
    changed = tmp_path / "changed.zip"
    names = {"manifest.json", *_TEXTS, "runs/a/b/seed-1/run.journal"}
    journal_at = whole.index(b"RISKPROOF-JOURNAL/1\n")
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 1 << place % 8
        changed.write_bytes(data)
        findings = examine(changed, None).findings
        assert findings, f"byte {place} was not found"
        said = " ".join(f"{finding.place}: {finding.what}" for finding in findings)
        assert "the end of the directory" in said or any(name in said for name in names), (place, said)
        if journal_at <= place < journal_at + 20:
            assert f"byte {place - journal_at} of the journal, in the words it begins with" in said


def test_a_damaged_frame_is_told_by_its_number(small: Path, tmp_path: Path) -> None:
    whole = bytearray(small.read_bytes())
    journal_at = whole.index(b"RISKPROOF-JOURNAL/1\n")
    journal = bytes(whole[journal_at : whole.index(b"PK\x01\x02")])
    starts = [20]
    while (start := starts[-1]) < len(journal):
        starts.append(start + 45 + int.from_bytes(journal[start + 5 : start + 9], "little"))
    assert len(starts) == 5, "header, audit, wire, end, and where it ends"
    for number, start in enumerate(starts[:-1]):
        for within in (0, 5, 29, 45):  # plane, length, chain, content
            data = bytearray(whole)
            data[journal_at + start + within] ^= 0x40
            (tmp_path / "changed.zip").write_bytes(data)
            (finding,) = examine(tmp_path / "changed.zip", None).findings
            assert finding.place == "runs/a/b/seed-1/run.journal"
            assert f"frame {number}" in finding.what, finding


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 10**6), added=st.binary(min_size=1, max_size=9))
def test_bytes_added_or_taken_away_anywhere_are_found(small: Path, cut: int, added: bytes) -> None:
    whole = small.read_bytes()
    at = cut % (len(whole) + 1)
    changed = small.with_name("changed.zip")
    changed.write_bytes(whole[:at] + added + whole[at:])
    assert _is_found(changed)
    if at < len(whole):
        changed.write_bytes(whole[:at] + whole[at + len(added) :])
        assert _is_found(changed)


def _is_found(path: Path) -> bool:
    from lab.evidence.gather import EvidenceError

    try:
        return bool(examine(path, None).findings)
    except EvidenceError:
        return True  # no pack at all any more


def test_the_same_files_make_the_same_bytes(small: Path, tmp_path: Path) -> None:
    sources = [Source(name, text=text) for name, text in _TEXTS.items()]
    sources.append(Source("runs/a/b/seed-1/run.journal", small.with_name("run.journal")))
    manifest = chained(Manifest(FORMAT, "", "", {}, [], [], [], [measure(source) for source in sources]))
    assert write(Plan(sources, [], [], [], manifest), tmp_path / "again.zip") == small.stat().st_size
    assert (tmp_path / "again.zip").read_bytes() == small.read_bytes()


def test_parts_follow_one_another_without_a_gap(small: Path) -> None:
    manifest = examine(small, None).manifest
    assert manifest is not None
    end = 0
    for part in parts([entry.member for entry in manifest.entries]):
        assert part.offset == end
        end += part.length


def test_sizes_beyond_32_bits_are_written_as_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 32 bits made small: everybody's zip must find the wide fields where they belong."""
    monkeypatch.setattr(container, "_is_long", lambda member: member.raw_bytes > 10)
    contents = {"a.journal": b"short", "b.journal": b"longer than ten", "c.journal": b"another long one"}
    data = b"".join(
        _bytes_of(part, list(contents.values())) for part in parts([_member(*one) for one in contents.items()])
    )
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        assert {name: pack.read(name) for name in pack.namelist()} == contents


def test_a_far_directory_is_found_through_its_locator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "_MOST_16", 2)  # so many files need the wide end; the short one then says 2
    members = [_member(name, b"x") for name in ("a.journal", "b.journal", "c.journal")]
    last = list(parts(members))[-1]
    assert last.known is not None
    assert last.known[:4] == b"PK\x06\x06"
    assert last.known[56:60] == b"PK\x06\x07"
    assert int.from_bytes(last.known[32:40], "little") == 3
    assert int.from_bytes(last.known[64:72], "little") == last.offset


def _member(name: str, content: bytes) -> container.Member:
    import zlib

    return container.Member(name, container.STORED, len(content), len(content), zlib.crc32(content))


def _bytes_of(part: Part, contents: list[bytes]) -> bytes:
    return part.known if part.known is not None else contents[part.member or 0]
