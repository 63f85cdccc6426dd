"""The journal's writer: a totally ordered history, streamed to disk in batches while the run goes on.

The layout of the file and of every record is ``docs/reference/journal.md``; the reader is the correlator's own.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from lab.laboratory.kernel import Kernel

MAGIC = b"RISKPROOF-JOURNAL/1\n"
HEADER, AUDIT, WIRE, END = range(4)
BATCH_RECORDS = 20_000
HEAD = struct.Struct("<BIIIQQ")
CHAIN_BYTES = 16
NO_JOURNAL = "the journal cannot be"
"""What every JournalError says, before what could not be done: a disk that is full or gone is no monitor's fault."""
COMPRESSION_LEVEL = 1  # the fastest: stream payloads repeat so much that higher levels gain little


class JournalError(Exception):
    """The journal cannot be written: what, where and why."""


class JournalWriter:
    """Appends records; satisfies ``simulators.ports.Audit``.

    Memory holds one batch at the most. What was flushed survives a kill; ``close`` writes the end frame, which tells a
    finished run from one that was cut off.
    """

    def __init__(self, path: Path, kernel: Kernel, header: Mapping[str, Any]) -> None:
        self._kernel = kernel
        self._path = path
        self._encoder = msgspec.msgpack.Encoder()
        self._compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL)
        self._chain = bytes(CHAIN_BYTES)
        self._audit: list[tuple[Any, ...]] = []
        self._raw = bytearray()
        self.wire: list[tuple[Any, ...]] = []
        """The batch's wire records, for those who write so many that a call to ``record_wire`` each would tell: they
        count ``records`` up, append ``(kind, records, now_ns, source, cause, *body)`` and flush at ``flush_at``."""
        self.flush_at = BATCH_RECORDS
        self.records = 0
        try:
            self._file = path.open("xb", buffering=0)
            self._write(MAGIC)
            self._frame(HEADER, 1, kernel.now_ns, kernel.now_ns, msgspec.json.encode(header))
        except OSError as error:
            raise JournalError(f"{path}: {NO_JOURNAL} begun: {error.strerror}") from error

    def record(self, kind: str, source: str, cause: int, *body: Any) -> int:
        """Append a record of the audit plane and return its sequence number."""
        self.records = number = self.records + 1
        self._audit.append((kind, number, self._kernel.now_ns, source, cause) + body)  # noqa: RUF005 - a sum is faster
        if number >= self.flush_at:
            self.flush()
        return number

    def record_wire(self, kind: str, source: str, cause: int, *body: Any) -> int:
        """Append a record of the production plane and return its sequence number."""
        self.records = number = self.records + 1
        self.wire.append((kind, number, self._kernel.now_ns, source, cause) + body)  # noqa: RUF005 - a sum is faster
        if number >= self.flush_at:
            self.flush()
        return number

    def flush(self) -> None:
        """Write the batch out.

        Raises:
            JournalError: the disk is full or gone; the file stays readable up to the batch before.
        """
        self.flush_at = self.records + BATCH_RECORDS
        try:
            for plane, batch in ((AUDIT, self._audit), (WIRE, self.wire)):
                if batch:
                    self._encoder.encode_into(batch, self._raw)
                    self._frame(plane, len(batch), batch[0][2], batch[-1][2], self._raw)
                    batch.clear()
        except OSError as error:
            raise JournalError(f"{self._path}: {NO_JOURNAL} continued: {error.strerror}") from error

    def close(self, reason: str, detail: str = "") -> None:
        """Flush and end the journal. ``reason`` is ``completed``, ``stopped``, ``interrupted`` or ``failed``."""
        self.flush()
        end = {"reason": reason, "at_ns": self._kernel.now_ns, "detail": detail, "records": self.records}
        try:
            self._frame(END, 1, self._kernel.now_ns, self._kernel.now_ns, msgspec.json.encode(end))
            self._file.close()
        except OSError as error:
            raise JournalError(f"{self._path}: {NO_JOURNAL} ended: {error.strerror}") from error

    def _frame(self, plane: int, count: int, first_ns: int, last_ns: int, raw: bytes | bytearray) -> None:
        packed = self._compressor.compress(raw)
        head = HEAD.pack(plane, count, len(packed), len(raw), first_ns, last_ns)
        self._chain = hashlib.blake2b(self._chain + head + packed, digest_size=CHAIN_BYTES).digest()
        self._write(head + self._chain + packed)

    def _write(self, data: bytes) -> None:
        written = 0
        while written < len(data):
            written += self._file.write(data[written:]) or 0
