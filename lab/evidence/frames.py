"""Frames: the chain of a journal, walked without looking into its records. Layout: ``docs/reference/journal.md``."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import zstandard

from lab.evidence.manifest import JournalEnd
from lab.journal.writer import END, HEAD, MAGIC

_CHAIN_BYTES = 16
_BEFORE_CONTENT_BYTES = HEAD.size + _CHAIN_BYTES
_PIECE_BYTES = 1 << 20
_MOST_HEADER_BYTES = 1 << 26


class HeaderText(msgspec.Struct, frozen=True):
    """A journal's header as it was written: the scenario as JSON text, and the limits."""

    resolved: msgspec.Raw
    limits: str


class BrokenChain(Exception):
    """A journal is not what was written: which frame of it, at which byte, and why."""


def walk_frames(file: BinaryIO, length: int) -> JournalEnd:
    """Follow the chain through the next ``length`` bytes of ``file``.

    A journal that stops in the middle of a frame was cut off, and is whole up to the frame before.

    Raises:
        BrokenChain: a frame was changed, lost or moved, or this is no journal.
    """
    magic = file.read(min(length, len(MAGIC)))
    if magic != MAGIC:
        place = next(
            (at for at, (is_, meant) in enumerate(zip(magic, MAGIC, strict=False)) if is_ != meant), len(magic)
        )
        raise BrokenChain(f"byte {place} of the journal, in the words it begins with, was changed")
    at, number, is_ended = len(MAGIC), 0, False
    chain = bytes(_CHAIN_BYTES)
    while length - at >= _BEFORE_CONTENT_BYTES and not is_ended:
        head, written = file.read(HEAD.size), file.read(_CHAIN_BYTES)
        plane, _, packed_bytes, *_ = HEAD.unpack(head)
        if at + _BEFORE_CONTENT_BYTES + packed_bytes > length:
            break
        digest = hashlib.blake2b(chain + head, digest_size=_CHAIN_BYTES)
        for piece in pieces(file, packed_bytes):
            digest.update(piece)
        if digest.digest() != written:
            raise BrokenChain(f"frame {number}, at byte {at} of the journal, was changed, lost or moved")
        chain, is_ended = written, plane == END
        at, number = at + _BEFORE_CONTENT_BYTES + packed_bytes, number + 1
    if is_ended and at < length:
        raise BrokenChain(f"bytes follow frame {number - 1}, its last, at byte {at} of the journal")
    return JournalEnd(number, chain.hex(), is_ended)


def read_header(path: Path) -> HeaderText:
    """The header of a journal whose chain has been found whole.

    Raises:
        BrokenChain: it is none of this version.
        OSError: the journal cannot be read.
    """
    with path.open("rb") as file:
        file.seek(len(MAGIC))
        _, _, packed_bytes, raw_bytes, *_ = HEAD.unpack(file.read(HEAD.size))
        file.seek(_CHAIN_BYTES, io.SEEK_CUR)
        packed = file.read(min(packed_bytes, _MOST_HEADER_BYTES))
    try:
        raw = zstandard.ZstdDecompressor().decompress(packed, max_output_size=min(raw_bytes, _MOST_HEADER_BYTES))
        return msgspec.json.decode(raw, type=HeaderText)
    except (zstandard.ZstdError, ValueError, RecursionError) as error:
        raise BrokenChain(f"its header cannot be read: {error}") from None


def pieces(file: BinaryIO, length: int) -> Iterator[bytes]:
    """The next ``length`` bytes of ``file``, a piece at a time; fewer if it ends before."""
    while length and (piece := file.read(min(length, _PIECE_BYTES))):
        length -= len(piece)
        yield piece
