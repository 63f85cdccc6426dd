"""Retitling: the journal of one world under another header, byte for byte as if it had been simulated apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from lab.journal.writer import CHAIN_BYTES, COMPRESSION_LEVEL, HEAD, HEADER, MAGIC, NO_JOURNAL, JournalError


def retitle(source: Path, target: Path, header: Mapping[str, Any]) -> None:
    """Write the records of the journal ``source`` to the new file ``target`` under ``header``, the chain made anew.

    Raises:
        JournalError: it cannot be written.
    """
    try:
        with source.open("rb") as given, target.open("xb") as written:
            if given.read(len(MAGIC)) != MAGIC:
                raise JournalError(f"{source}: is not a journal of ours")
            written.write(MAGIC)
            chain = bytes(CHAIN_BYTES)
            while head := given.read(HEAD.size):
                plane, count, packed_bytes, _, first_ns, last_ns = HEAD.unpack(head)
                given.read(CHAIN_BYTES)
                packed = given.read(packed_bytes)
                if plane == HEADER:
                    raw = msgspec.json.encode(header)
                    packed = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(raw)
                    head = HEAD.pack(plane, count, len(packed), len(raw), first_ns, last_ns)
                chain = hashlib.blake2b(chain + head + packed, digest_size=CHAIN_BYTES).digest()
                written.write(head + chain + packed)
    except OSError as error:
        raise JournalError(f"{target}: {NO_JOURNAL} copied: {error.strerror}") from error
