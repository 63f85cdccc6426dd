"""Journal: the totally ordered history of a run, read back frame by frame in constant memory.

The reader trusts nothing: every frame's chain is checked before its content is used, so that a changed, lost or
swapped frame is named rather than believed. A file that simply stops (the process was killed) is no damage: the
history is good up to the last whole batch, and ``Journal.cut_off`` says so once it has been read.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec
import zstandard

from correlator.header import End, Header
from correlator.records import AUDIT_DECODER, WIRE_DECODER, AuditRecord, WireRecord

MAGIC = b"RISKPROOF-JOURNAL/1\n"
_FAMILY = b"RISKPROOF-JOURNAL/"
_HEAD = struct.Struct("<BIIIQQ16s")
_UNCHAINED_BYTES = _HEAD.size - 16
_END_SEARCH_BYTES = 1 << 16
_LARGEST_FRAME_BYTES = 1 << 30  # a head that announces more is damaged, and must not make us reserve the memory


R = TypeVar("R")


class Plane(IntEnum):
    HEADER = 0
    AUDIT = 1
    WIRE = 2
    END = 3


class JournalError(Exception):
    """A file that cannot be judged: which, where in it, and why."""

    def __init__(self, path: Path, message: str, frame: int | None = None, offset: int | None = None) -> None:
        place = "" if frame is None else f": frame {frame} at byte {offset}"
        super().__init__(f"{path}{place}: {message}")
        self.path = path
        self.frame = frame
        self.offset = offset


class ForeignFile(JournalError):
    """The file is no journal at all."""


class WrongVersion(JournalError):
    """A journal of another version of the format."""


class DamagedJournal(JournalError):
    """The content of a frame, or its place in the chain, is not what was written."""


class FrameHead(msgspec.Struct, frozen=True, gc=False):
    """What a frame says of itself before its content. ``number`` counts from 0, the header's frame."""

    number: int
    offset: int
    plane: int
    records: int
    packed_bytes: int
    raw_bytes: int
    first_ns: int
    last_ns: int


class Seal(msgspec.Struct, frozen=True):
    """What a journal that was read whole is known by: equal for the same bytes only.

    The last frame's chain vouches for every byte up to it, the size for what a killed process left behind it.
    """

    size_bytes: int
    chain: bytes


class JournalFrame:
    """One frame: its head, and its content once it is asked for."""

    __slots__ = ("_journal", "_raw", "head", "packed")

    def __init__(self, journal: Journal, head: FrameHead, packed: bytes) -> None:
        self._journal = journal
        self.head = head
        self.packed = packed
        self._raw: bytes | None = None

    def raw(self) -> bytes:
        """The content, unpacked. DamagedJournal if it is not what the head promises."""
        if self._raw is not None:
            return self._raw
        try:
            raw = self._journal.unpack(self.packed, self.head.raw_bytes)
        except zstandard.ZstdError as error:
            raise self._damaged(f"its content does not unpack ({error})") from None
        if len(raw) != self.head.raw_bytes:
            raise self._damaged(f"unpacks to {len(raw)} bytes where its head says {self.head.raw_bytes}")
        self._raw = raw
        return raw

    def audit(self) -> list[AuditRecord]:
        """The records of an audit frame."""
        try:
            return self._counted(AUDIT_DECODER.decode(self.raw()))
        except msgspec.MsgspecError as error:
            raise self._damaged(f"holds a record that this correlator does not know ({error})") from None

    def wire(self) -> list[WireRecord]:
        """The records of a wire frame."""
        try:
            return self._counted(WIRE_DECODER.decode(self.raw()))
        except msgspec.MsgspecError as error:
            raise self._damaged(f"holds a record that this correlator does not know ({error})") from None

    def _counted(self, records: list[R]) -> list[R]:
        if len(records) != self.head.records:
            raise self._damaged(f"holds {len(records)} records where its head says {self.head.records}")
        return records

    def _damaged(self, message: str) -> DamagedJournal:
        return DamagedJournal(self._journal.path, message, self.head.number, self.head.offset)


class Journal:
    """A journal on disk.

    Raises:
        ForeignFile: it does not begin as a journal does.
        WrongVersion: it is a journal of another version.
        DamagedJournal: the header's frame is changed or incomplete.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.end: End | None = None
        self.cut_off = False
        self.seal: Seal | None = None
        self._chain = bytes(16)  # of the frame read last
        self._unpacker = zstandard.ZstdDecompressor()
        with path.open("rb") as file:
            self._check_magic(file)
            frame = next(self._walk(file), None)
        if frame is None or frame.head.plane != Plane.HEADER:
            raise DamagedJournal(path, "expected the header's frame; the file was cut off or changed", 0, len(MAGIC))
        self.header_json = frame.raw()
        try:
            self.header = msgspec.json.decode(self.header_json, type=Header)
        except msgspec.MsgspecError as error:
            raise DamagedJournal(path, f"the header is not one ({error})", 0, len(MAGIC)) from None

    def unpack(self, packed: bytes, raw_bytes: int) -> bytes:
        """Decompress one frame's content; ZstdError if it is no such thing or larger than ``raw_bytes``."""
        return self._unpacker.decompress(packed, max_output_size=raw_bytes)

    def frames(self) -> Iterator[JournalFrame]:
        """Every audit and wire frame in order, chain checked, content still packed.

        Sets ``end``, or ``cut_off`` where the file stops without one, and at last ``seal``. A batch of which only the
        audit frame was written is dropped with its missing half: history is true up to the last *whole* batch.
        """
        self.end, self.cut_off, self.seal = None, False, None
        with self.path.open("rb") as file:
            self._check_magic(file)
            held: JournalFrame | None = None
            for frame in self._walk(file):
                plane = frame.head.plane
                if plane == Plane.HEADER:
                    if frame.head.number:
                        raise self._damaged(frame.head, "a second header")
                    continue
                if plane == Plane.WIRE:
                    if held is not None:
                        yield held
                        held = None
                    yield frame
                    continue
                if held is not None:
                    yield held
                    held = None
                if plane == Plane.AUDIT:
                    held = frame
                else:
                    self.end = self._read_end(frame)
                    if file.read(1):
                        raise self._damaged(frame.head, "bytes follow the end frame, where nothing is written")
            self.cut_off = self.end is None
            self.seal = Seal(os.fstat(file.fileno()).st_size, self._chain)
            if held is not None and not self.cut_off:
                yield held

    def audit(self) -> Iterator[AuditRecord]:
        """The audit plane's records in order."""
        for frame in self.frames():
            if frame.head.plane == Plane.AUDIT:
                yield from frame.audit()

    def wire(self) -> Iterator[WireRecord]:
        """The wire plane's records in order."""
        for frame in self.frames():
            if frame.head.plane == Plane.WIRE:
                yield from frame.wire()

    def records(self) -> Iterator[AuditRecord | WireRecord]:
        """Both planes merged by ``seq``: the total order."""
        audit: list[AuditRecord] = []
        for frame in self.frames():
            if frame.head.plane == Plane.AUDIT:
                yield from audit  # the batch before had no wire frame
                audit = frame.audit()
            else:
                yield from sorted([*audit, *frame.wire()], key=lambda record: record.seq)
                audit = []
        yield from audit

    def _check_magic(self, file: BinaryIO) -> None:
        magic = file.read(len(MAGIC))
        if magic == MAGIC:
            return
        if magic.startswith(_FAMILY):
            version = magic[len(_FAMILY) :].split(b"\n")[0].decode("ascii", "replace")
            raise WrongVersion(self.path, f"a journal of version {version}; this correlator reads version 1")
        raise ForeignFile(self.path, "not a journal: expected a file that lab run has written")

    def _walk(self, file: BinaryIO) -> Iterator[JournalFrame]:
        """Frames from the current position on, chain checked, until the file ends or stops in the middle of one."""
        chain = bytes(16)
        number = 0
        while (read := self._read_head(file, number)) is not None:
            head, head_bytes, written_chain = read
            packed = file.read(head.packed_bytes)
            if len(packed) < head.packed_bytes:
                if self._has_end_frame(file):
                    raise self._damaged(head, "its head announces more bytes than the file has, yet the run did end")
                return
            chain = hashlib.blake2b(chain + head_bytes + packed, digest_size=16).digest()
            if chain != written_chain:
                raise self._damaged(head, "the chain is broken: this frame or one before it was changed, lost or moved")
            if head.plane > Plane.END:
                raise self._damaged(head, f"plane {head.plane} is none of this version")
            self._chain = chain
            yield JournalFrame(self, head, packed)
            number += 1

    def _read_head(self, file: BinaryIO, number: int) -> tuple[FrameHead, bytes, bytes] | None:
        offset = file.tell()
        data = file.read(_HEAD.size)
        if len(data) < _HEAD.size:
            return None
        plane, records, packed_bytes, raw_bytes, first_ns, last_ns, chain = _HEAD.unpack(data)
        head = FrameHead(number, offset, plane, records, packed_bytes, raw_bytes, first_ns, last_ns)
        if packed_bytes > _LARGEST_FRAME_BYTES or raw_bytes > _LARGEST_FRAME_BYTES:
            raise self._damaged(
                head, f"its head announces {max(packed_bytes, raw_bytes)} bytes, more than any frame has"
            )
        return head, data[:_UNCHAINED_BYTES], chain

    def _has_end_frame(self, file: BinaryIO) -> bool:
        """Whether the file closes with an end frame: then an overlong frame in it is damaged, not cut off."""
        size = file.seek(0, 2)
        start = max(0, size - _END_SEARCH_BYTES)
        file.seek(start)
        tail = file.read()
        for place in range(len(tail) - _HEAD.size):
            if tail[place] == Plane.END:
                _, records, packed_bytes, raw_bytes, _, _, _ = _HEAD.unpack_from(tail, place)
                if records == 1 and place + _HEAD.size + packed_bytes == len(tail) and raw_bytes < _LARGEST_FRAME_BYTES:
                    return True
        return False

    def _read_end(self, frame: JournalFrame) -> End:
        try:
            return msgspec.json.decode(frame.raw(), type=End)
        except msgspec.MsgspecError as error:
            raise self._damaged(frame.head, f"the end frame is not one ({error})") from None

    def _damaged(self, head: FrameHead, message: str) -> DamagedJournal:
        return DamagedJournal(self.path, message, head.number, head.offset)
