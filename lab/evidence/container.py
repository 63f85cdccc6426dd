"""Container: the zip file around a pack's members, written by hand so that not one byte of it is free to choose.

What lies around the members' own bytes (local headers, the directory, its end) follows from their names, sizes and
CRCs alone; a verifier computes it and compares. Python's ``zipfile`` reads the result, but what it writes depends on
its version, and what it reads it reads generously. Layout: PKWARE's APPNOTE 6.3.3, sections 4.3.7 to 4.3.16 and
4.5.3 (sizes beyond 32 bits). Times are 1 January 1980 and permissions 0644 throughout.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

import msgspec

STORED, DEFLATED = 0, 8
LOCAL_SIGNATURE = b"PK\x03\x04"

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR_64 = struct.Struct("<4sIQI")

_MOST_32 = 0xFFFF_FFFF
_MOST_16 = 0xFFFF
_UTF_8_NAMES = 0x0800
_MIDNIGHT, _FIRST_DAY = 0, 0x0021  # 1980-01-01
_ZIP_2_0, _ZIP_4_5 = 20, 45
_UNIX_RW_R_R = 0o100644 << 16
_UNIX = 3 << 8


class Member(msgspec.Struct, frozen=True):
    """A file of the container, without its content. Sizes in bytes; ``packed_bytes`` as it lies in the container."""

    name: str
    method: int
    raw_bytes: int
    packed_bytes: int
    crc32: int


class Part(msgspec.Struct, frozen=True):
    """A stretch of the container: either ``known`` bytes, or the content of the member numbered ``member``."""

    what: str
    offset: int
    length: int
    known: bytes | None = None
    member: int | None = None


def parts(members: Sequence[Member]) -> Iterator[Part]:
    """The whole container, byte by byte, in order: nothing lies between, before or behind these parts."""
    offset = 0
    offsets: list[int] = []
    for number, member in enumerate(members):
        offsets.append(offset)
        header = _local_header(member)
        yield Part(f"the header of {member.name}", offset, len(header), known=header)
        offset += len(header)
        yield Part(member.name, offset, member.packed_bytes, member=number)
        offset += member.packed_bytes
    directory_at = offset
    for member, at in zip(members, offsets, strict=True):
        entry = _directory_entry(member, at)
        yield Part(f"the directory entry of {member.name}", offset, len(entry), known=entry)
        offset += len(entry)
    end = _end(len(members), directory_at, offset - directory_at)
    yield Part("the end of the directory", offset, len(end), known=end)


def _local_header(member: Member) -> bytes:
    name = member.name.encode()
    is_long = _is_long(member)
    packed_bytes, raw_bytes = (_MOST_32, _MOST_32) if is_long else (member.packed_bytes, member.raw_bytes)
    extra = struct.pack("<2H2Q", 1, 16, member.raw_bytes, member.packed_bytes) if is_long else b""
    return (
        _LOCAL.pack(
            LOCAL_SIGNATURE, _ZIP_4_5 if is_long else _ZIP_2_0, _UTF_8_NAMES, member.method, _MIDNIGHT, _FIRST_DAY,
            member.crc32, packed_bytes, raw_bytes, len(name), len(extra),
        )
        + name
        + extra
    )  # fmt: skip


def _directory_entry(member: Member, offset: int) -> bytes:
    name = member.name.encode()
    is_long, is_far = _is_long(member), offset >= _MOST_32
    packed_bytes, raw_bytes = (_MOST_32, _MOST_32) if is_long else (member.packed_bytes, member.raw_bytes)
    wide = [member.raw_bytes, member.packed_bytes] if is_long else []
    wide += [offset] if is_far else []
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    version = _ZIP_4_5 if wide else _ZIP_2_0
    return (
        _CENTRAL.pack(
            b"PK\x01\x02", _UNIX | version, version, _UTF_8_NAMES, member.method, _MIDNIGHT, _FIRST_DAY, member.crc32,
            packed_bytes, raw_bytes, len(name), len(extra), 0, 0, 0, _UNIX_RW_R_R, _MOST_32 if is_far else offset,
        )
        + name
        + extra
    )  # fmt: skip


def _end(count: int, directory_at: int, directory_bytes: int) -> bytes:
    is_long = count >= _MOST_16 or directory_at >= _MOST_32 or directory_bytes >= _MOST_32
    wide = b""
    if is_long:
        wide = _END_64.pack(
            b"PK\x06\x06", _END_64.size - 12, _UNIX | _ZIP_4_5, _ZIP_4_5, 0, 0, count, count, directory_bytes,
            directory_at,
        ) + _LOCATOR_64.pack(b"PK\x06\x07", 0, directory_at + directory_bytes, 1)  # fmt: skip
    short = (_MOST_16, _MOST_32, _MOST_32) if is_long else (count, directory_bytes, directory_at)
    return wide + _END.pack(b"PK\x05\x06", 0, 0, short[0], *short, 0)


def _is_long(member: Member) -> bool:
    return member.raw_bytes >= _MOST_32 or member.packed_bytes >= _MOST_32
