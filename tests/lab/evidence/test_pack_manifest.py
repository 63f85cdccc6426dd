"""The manifest: a chain that no entry can leave, and names and sizes that nothing is believed of."""

from __future__ import annotations

import zlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.evidence.container import DEFLATED, parts
from lab.evidence.gather import EvidenceError
from lab.evidence.manifest import (
    FORMAT,
    NAME,
    Entry,
    Manifest,
    ManifestError,
    broken_links,
    chained,
    check_entries,
    decode,
    encode,
    method_of,
)
from lab.evidence.pack import Plan, Source, measure, write
from lab.evidence.verify import examine, unpacked


def manifest_of(*entries: Entry) -> Manifest:
    return chained(Manifest(FORMAT, "", "", {}, [], [], [], list(entries)))


def entry(name: str, raw_bytes: int = 100, packed_bytes: int = 50) -> Entry:
    return Entry(name, raw_bytes, packed_bytes, "00000000", "0" * 64, "0" * 64)


def test_a_manifest_reads_as_it_was_written() -> None:
    manifest = manifest_of(entry("a"), entry("b/c.json"))
    assert decode(encode(manifest)) == manifest
    assert broken_links(manifest) == []
    check_entries(manifest)


@given(st.permutations(["a", "b", "c", "d"]))
def test_no_entry_can_change_its_place(order: list[str]) -> None:
    manifest = manifest_of(*map(entry, "abcd"))
    by_name = {one.name: one for one in manifest.entries}
    moved = msgspec.structs.replace(manifest, entries=[by_name[name] for name in order])
    assert bool(broken_links(moved)) == (order != ["a", "b", "c", "d"])


@pytest.mark.parametrize("left_out", [0, 1, 2, 3])
def test_no_entry_can_be_left_out(left_out: int) -> None:
    manifest = manifest_of(*map(entry, "abcd"))
    kept = [one for at, one in enumerate(manifest.entries) if at != left_out]
    assert broken_links(msgspec.structs.replace(manifest, entries=kept))


def test_a_changed_entry_is_the_one_that_is_named() -> None:
    manifest = manifest_of(*map(entry, "abcd"))
    manifest.entries[2] = msgspec.structs.replace(manifest.entries[2], raw_bytes=99)
    assert broken_links(manifest) == ["the entry of 'c' was changed, moved, or one before it was left out"]


def test_what_stands_before_the_entries_is_chained_too() -> None:
    manifest = msgspec.structs.replace(manifest_of(entry("a")), versions={"python": "2.7"})
    assert broken_links(manifest) == [
        "what stands before the first entry, or the entry of 'a' was changed, moved, or one before it was left out"
    ]


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/passwd",
        "a/../../b",
        "a//b",
        "",
        "a/",
        ".",
        "C:\\x",
        "a\\b",
        "a\nb",
        "a\x00b",
        "c:d",
        "x" * 1025,
    ],
)
def test_names_that_leave_the_pack_are_refused(name: str) -> None:
    with pytest.raises(ManifestError, match="expected a path within the pack"):
        check_entries(manifest_of(entry(name)))


@pytest.mark.parametrize("twin", ["a", "A", NAME])
def test_names_that_come_twice_are_refused(twin: str) -> None:
    with pytest.raises(ManifestError, match="twice"):
        check_entries(manifest_of(entry("a"), entry(twin)))


@pytest.mark.parametrize(
    ("name", "raw_bytes", "packed_bytes"),
    [
        ("bomb.json", 10**9, 10**6),  # more than deflate can gain
        ("bomb.json", 1 << 40, 1 << 39),  # more than anybody reads whole
        ("run.journal", 100, 50),  # stored, yet of two sizes
        ("a", -1, 5),
        ("run.journal", 1 << 62, 1 << 62),
    ],
)
def test_sizes_that_nothing_can_have_are_refused(name: str, raw_bytes: int, packed_bytes: int) -> None:
    with pytest.raises(ManifestError):
        check_entries(manifest_of(entry(name, raw_bytes, packed_bytes)))


def test_a_bomb_is_stopped_at_the_size_it_announced(tmp_path: Path) -> None:
    """A member that unpacks to a hundred times what its entry says, with every digest of the packed bytes right."""
    deflate = zlib.compressobj(9, DEFLATED, -15)
    packed = deflate.compress(bytes(50_000_000)) + deflate.flush()
    honest = measure(Source("a.json", text=b"x"))
    lying = msgspec.structs.replace(honest, raw_bytes=500_000, packed_bytes=len(packed))
    (tmp_path / "packed").write_bytes(packed)
    given_out: list[int] = []
    with (tmp_path / "packed").open("rb") as file, pytest.raises(EvidenceError, match="does not unpack to what"):
        given_out.extend(len(piece) for piece in unpacked(file, lying, 0))
    assert sum(given_out) <= 500_000


def test_a_forged_traversal_is_told_before_anything_is_read(tmp_path: Path) -> None:
    manifest = manifest_of(entry("../../home/user/.profile", 1, 1))
    data = encode(manifest)
    member = measure(Source(NAME, text=data)).member
    header = next(iter(parts([member]))).known
    assert header is not None
    (tmp_path / "evil.zip").write_bytes(header + data)
    examined = examine(tmp_path / "evil.zip", None)
    assert examined.manifest is None
    assert [finding.what for finding in examined.findings] == [
        "names a file '../../home/user/.profile'; expected a path within the pack"
    ]


def test_another_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"is of format 'riskproof-evidence/9'; this laboratory reads .*/1"):
        decode(b'{"format": "riskproof-evidence/9"}')


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06" + bytes(18), b"%PDF-1.7" * 40, b"{" * 5_000])
def test_what_is_no_pack_is_called_so(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "other.zip").write_bytes(content)
    with pytest.raises(EvidenceError, match="is no pack of evidence"):
        examine(tmp_path / "other.zip", None)


def test_a_pack_in_the_way_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "old.zip").write_bytes(b"precious")
    with pytest.raises(EvidenceError, match="is there already"):
        write(Plan([], [], [], [], manifest_of()), tmp_path / "old.zip")
    assert (tmp_path / "old.zip").read_bytes() == b"precious"


def test_a_file_that_changes_while_it_is_packed_leaves_nothing(tmp_path: Path) -> None:
    moving = tmp_path / "limits.yaml"
    moving.write_bytes(b"one")
    source = Source("limits.yaml", moving)
    manifest = manifest_of(measure(source))
    moving.write_bytes(b"two")
    with pytest.raises(EvidenceError, match="was changed while it was being packed"):
        write(Plan([source], [], [], [], manifest), tmp_path / "out.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["limits.yaml"]


def test_only_journals_and_the_manifest_lie_as_they_are() -> None:
    assert [method_of(name) for name in (NAME, "runs/a/b/seed-1/run.journal", "verdict.json")] == [0, 0, 8]


def test_a_full_disk_leaves_nothing_and_names_the_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Source) -> None:
        raise OSError(28, "No space left on device")

    source = Source("limits.yaml", text=b"one")
    manifest = manifest_of(measure(source))
    monkeypatch.setattr("lab.evidence.pack._packed", full)
    with pytest.raises(EvidenceError, match=r"out\.zip: cannot be written: No space left on device"):
        write(Plan([source], [], [], [], manifest), tmp_path / "out.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_pack_that_is_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Source) -> None:
        raise KeyboardInterrupt

    source = Source("limits.yaml", text=b"one")
    manifest = manifest_of(measure(source))
    monkeypatch.setattr("lab.evidence.pack._packed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(Plan([source], [], [], [], manifest), tmp_path / "out.zip")
    assert list(tmp_path.iterdir()) == []
