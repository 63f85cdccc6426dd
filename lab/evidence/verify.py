"""Verifying: every byte of a pack accounted for, and what is not as it was packed named by its place.

The manifest says what the pack holds; everything around the members' own bytes follows from it (``container``), and
each member's bytes from its digest. Nothing is unpacked before that is so, and nothing is believed of sizes or names.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from lab.evidence.container import LOCAL_SIGNATURE, STORED, Member, Part, parts
from lab.evidence.frames import BrokenChain, pieces, walk_frames
from lab.evidence.gather import EvidenceError
from lab.evidence.manifest import (
    LARGEST_MANIFEST_BYTES,
    NAME,
    Entry,
    Manifest,
    ManifestError,
    broken_links,
    check_entries,
    decode,
    encode,
    is_journal,
    method_of,
)

_MANIFEST_AT = 30 + len(NAME)  # after a local header without extra fields
_MOST_FINDINGS = 1_000


class Finding(msgspec.Struct, frozen=True):
    """Something that is not as it was packed. ``offset``: the byte of the pack, null where a digest alone tells it."""

    place: str
    offset: int | None
    what: str


class Examined(msgspec.Struct, frozen=True):
    """A pack looked at from outside. ``manifest`` is None where it cannot be read; ``offsets``: where each of its
    entries lies; ``damaged``: the names of those that are not what was packed."""

    findings: list[Finding]
    manifest: Manifest | None
    offsets: list[int]
    damaged: list[str]
    size: int


def examine(path: Path, head: str | None) -> Examined:
    """Account for every byte of a pack. ``head``: the digest that was printed when it was packed.

    Raises:
        EvidenceError: this is no pack at all.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        data = _manifest_bytes(file, size)
        if data is None:
            raise EvidenceError(f"{path}: is no pack of evidence; expected a file that `lab evidence` wrote")
        try:
            manifest = decode(data)
            check_entries(manifest)
        except ManifestError as error:
            return Examined([Finding(NAME, _MANIFEST_AT, str(error))], None, [], [], size)
        findings = [*_said(data, manifest), *_head(manifest, head)]
        front = Member(NAME, method_of(NAME), len(data), len(data), zlib.crc32(data))
        layout = list(parts([front, *(entry.member for entry in manifest.entries)]))
        damaged: list[str] = []
        for finding in _compare(file, size, layout, manifest, damaged):
            findings.append(finding)
            if len(findings) >= _MOST_FINDINGS:
                findings.append(Finding("the pack", None, "and more that is not listed"))
                break
    offsets = [part.offset for part in layout if part.member]  # the manifest itself is member 0
    return Examined(findings, manifest, offsets, damaged, size)


def unpacked(file: BinaryIO, entry: Entry, offset: int) -> Iterator[bytes]:
    """The content of a member whose bytes have been found to be what was packed. Never more than was announced.

    Raises:
        EvidenceError: it does not unpack to what the manifest says.
    """
    file.seek(offset)
    digest, left = hashlib.blake2b(digest_size=32), entry.raw_bytes
    packed = pieces(file, entry.packed_bytes)
    for piece in packed if method_of(entry.name) == STORED else _inflated(packed, entry):
        digest.update(piece)
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left or digest.hexdigest() != entry.blake2b:
        raise EvidenceError(f"{entry.name}: does not unpack to what the manifest says")


def _inflated(packed: Iterator[bytes], entry: Entry) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in packed:
            rest = piece
            while rest:
                if inflate.eof:
                    raise EvidenceError(f"{entry.name}: has bytes behind its end that belong to no file")
                yield inflate.decompress(rest, 1 << 20)
                rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
        yield inflate.flush()
    except zlib.error as error:
        raise EvidenceError(f"{entry.name}: does not unpack ({error})") from None
    if not inflate.eof:
        raise EvidenceError(f"{entry.name}: does not unpack (it is cut off)")


def _manifest_bytes(file: BinaryIO, size: int) -> bytes | None:
    """The manifest, wherever it ends; None if the file does not begin as a pack does.

    Its end is where the next header begins, which no JSON text contains; what its own header says of its size is
    compared later, like every other byte.
    """
    file.seek(0)
    header = file.read(_MANIFEST_AT)
    data = file.read(min(size, LARGEST_MANIFEST_BYTES))
    announced = int.from_bytes(header[18:22], "little")
    known = sum(is_ == meant for is_, meant in zip(header, LOCAL_SIGNATURE + b"\0" * 26 + NAME.encode(), strict=False))
    if not header.startswith(b"PK") and not header.endswith(NAME.encode()) and known < len(NAME):
        return None
    end = data.find(b"\n" + LOCAL_SIGNATURE) + 1
    found = data[: end or announced]
    return found if found.lstrip().startswith(b"{") or header.endswith(NAME.encode()) else None


def _said(data: bytes, manifest: Manifest) -> Iterator[Finding]:
    """What the manifest does not agree about with itself."""
    written = encode(manifest)
    if written != data:
        place = first_difference(data, written)
        yield Finding(NAME, _MANIFEST_AT + place, "is not written as a manifest is written")
    for broken in broken_links(manifest):
        yield Finding(NAME, None, f"its chain is broken: {broken}")


def _head(manifest: Manifest, head: str | None) -> Iterator[Finding]:
    if head is not None and head.strip().lower() != manifest.head:
        yield Finding(NAME, None, f"the pack's head is {manifest.head}; expected {head.strip().lower()}: another pack")


def _compare(
    file: BinaryIO, size: int, layout: list[Part], manifest: Manifest, damaged: list[str]
) -> Iterator[Finding]:
    """Every part in order. Where the pack is longer or shorter than it was, what follows the first damage is not told:
    nothing stands there where it should."""
    meant = layout[-1].offset + layout[-1].length
    is_moved = size != meant
    if is_moved:
        yield Finding("the pack", min(size, meant), f"has {size:,} bytes; its manifest makes it {meant:,}")
    for part in layout:
        file.seek(part.offset)
        finding = None
        if part.known is not None:
            is_ = file.read(part.length)
            if is_ != part.known:
                at = first_difference(is_, part.known)
                finding = Finding(part.what, part.offset + at, _told(is_, part.known, at))
        elif part.member:  # the manifest, member 0, has been read already
            entry = manifest.entries[part.member - 1]
            finding = _member(file, part, entry)
            if finding is not None or is_moved:
                damaged.append(entry.name)
        if finding is not None:
            yield finding
            if is_moved:
                damaged.extend(entry.name for entry in manifest.entries if entry.name not in damaged)
                return


def _member(file: BinaryIO, part: Part, entry: Entry) -> Finding | None:
    digest, length = hashlib.blake2b(digest_size=32), 0
    for piece in pieces(file, part.length):
        digest.update(piece)
        length += len(piece)
    if digest.hexdigest() == entry.packed_blake2b:
        return _misstated(file, part, entry)
    if length < part.length:
        return Finding(entry.name, part.offset + length, "ends before its end")
    if entry.journal is None:
        return Finding(entry.name, None, "is not what was packed: its digest is another")
    file.seek(part.offset)
    try:
        end = walk_frames(file, part.length)
    except BrokenChain as error:
        return Finding(entry.name, None, f"is not what was packed: {error}")
    if end == entry.journal:
        return Finding(entry.name, None, f"is not what was packed: what follows its last frame, {end.frames - 1}")
    if end.frames < entry.journal.frames:
        return Finding(entry.name, None, f"is not what was packed: frame {end.frames} announces another length")
    return Finding(entry.name, None, "is another journal, whole in itself: not the one that was packed")


def _misstated(file: BinaryIO, part: Part, entry: Entry) -> Finding | None:
    """What the manifest says of a member besides the bytes that it lies in. Only one forged as a whole can lie here."""
    crc32 = 0
    try:
        for piece in unpacked(file, entry, part.offset):
            crc32 = zlib.crc32(piece, crc32)
    except EvidenceError as error:
        return Finding(entry.name, None, str(error).removeprefix(f"{entry.name}: "))
    if f"{crc32:08x}" != entry.crc32:
        return Finding(entry.name, None, f"has the CRC-32 {crc32:08x}; the manifest says {entry.crc32}")
    end = None
    if is_journal(entry.name):
        file.seek(part.offset)
        try:
            end = walk_frames(file, part.length)
        except BrokenChain as error:
            return Finding(entry.name, None, str(error))
    if end != entry.journal:
        return Finding(entry.name, None, "its chain does not end where the manifest says")
    return None


def first_difference(is_: bytes, meant: bytes) -> int:
    """The place of the first byte that differs; where one only goes on, its end."""
    short = min(len(is_), len(meant))
    return next((at for at in range(short) if is_[at] != meant[at]), short)


def _told(is_: bytes, meant: bytes, at: int) -> str:
    if at >= len(is_):
        return "is cut off"
    return f"byte {at} of it is {is_[at]:#04x}; expected {meant[at]:#04x}"
