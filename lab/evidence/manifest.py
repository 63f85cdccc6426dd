"""Manifest: what a pack holds, each file with its digest, in a chain whose last link is the pack's head.

A link is the BLAKE2b-256 digest of the link before it and of the entry; the first follows from everything else that the
manifest says. Whoever keeps the head, 64 hexadecimal digits, can tell a pack from any other.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from lab.evidence.container import DEFLATED, STORED, Member

FORMAT = "riskproof-evidence/1"
NAME = "manifest.json"
LARGEST_MANIFEST_BYTES = 1 << 28
LARGEST_TEXT_BYTES = 1 << 28
"""Of a member that is not a journal: such are read whole."""
MOST_DEFLATE_GAINS = 1_032
"""No deflated byte holds more than this many (RFC 1951: 258 bytes in two bits)."""
_MOST_NAME_BYTES = 1_024
_STEP = re.compile(r"[^/\\:\x00-\x1f\x7f]+")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class JournalEnd(msgspec.Struct, frozen=True):
    """Where a journal's own chain ends: after how many whole frames, and with which link. ``is_ended``: an end frame
    closes it, and the run was not killed."""

    frames: int
    chain: str
    is_ended: bool


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of the pack. ``blake2b`` is of the file, ``packed_blake2b`` of its bytes as they lie in the pack."""

    name: str
    raw_bytes: int
    packed_bytes: int
    crc32: str
    blake2b: str
    packed_blake2b: str
    journal: JournalEnd | None = None
    link: str = ""

    @property
    def member(self) -> Member:
        return Member(self.name, method_of(self.name), self.raw_bytes, self.packed_bytes, int(self.crc32, 16))


class PackedRun(msgspec.Struct, frozen=True):
    """One run of the pack; its files lie under ``path``. ``code``: digest of the code that simulated it;
    ``as_written``: the file of the pack with the scenario as its author wrote it, "" where that is not known."""

    path: str
    scenario: str
    case: str
    seed: int
    verdict: str
    code: str
    as_written: str = ""


class LeftOut(msgspec.Struct, frozen=True):
    """A run that was found but cannot be proven, and why."""

    run: str
    why: str


class Article(msgspec.Struct, frozen=True):
    """An article of RTS 6: its tag, what it asks for, and the scenarios of the laboratory that are tagged with it."""

    tag: str
    asked: str
    scenarios: list[str]


class Manifest(msgspec.Struct, frozen=True):
    """Everything a pack says of itself. ``code``, ``pages`` (what draws them) and ``versions`` are those of the
    laboratory that packed it, and by which its verdicts were derived."""

    format: str
    code: str
    pages: str
    versions: dict[str, str]
    runs: list[PackedRun]
    left_out: list[LeftOut]
    articles: list[Article]
    entries: list[Entry]
    head: str = ""


class ManifestError(Exception):
    """What a manifest says cannot be so: where in it, and why."""


def written_at(scenario: str) -> str:
    """Where a pack keeps the file that a scenario was written in."""
    return f"scenarios/{scenario}.yaml"


def is_journal(name: str) -> bool:
    return name.endswith(".journal")


def method_of(name: str) -> int:
    """How a file lies in the container: journals are compressed already, and the manifest is to be read even where it
    is damaged."""
    return STORED if is_journal(name) or name == NAME else DEFLATED


def chained(manifest: Manifest) -> Manifest:
    """The manifest with its links and its head filled in."""
    link = _first_link(manifest)
    entries = []
    for entry in manifest.entries:
        link = _link(link, entry)
        entries.append(msgspec.structs.replace(entry, link=link))
    return msgspec.structs.replace(manifest, entries=entries, head=link)


def encode(manifest: Manifest) -> bytes:
    """The one way in which a manifest is written."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def decode(data: bytes) -> Manifest:
    """Raises ManifestError if it is none, or of another version."""
    try:
        said = msgspec.json.decode(data, type=_Said).format
        if said != FORMAT:
            raise ManifestError(f"is of format {said[:40]!r}; this laboratory reads {FORMAT}")
        return msgspec.json.decode(data, type=Manifest)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"cannot be read: {error}") from None


def broken_links(manifest: Manifest) -> list[str]:
    """What does not follow in the chain, in words."""
    found = []
    link = _first_link(manifest)
    for number, entry in enumerate(manifest.entries):
        if entry.link != _link(link, entry):
            before = "what stands before the first entry, or " if number == 0 else ""
            found.append(f"{before}the entry of {entry.name!r} was changed, moved, or one before it was left out")
        link = entry.link  # as it stands, so that one broken link does not break all that follow
    if manifest.head != link:
        found.append(f"the head {manifest.head[:64]!r} is not the last link, {link[:64]!r}")
    return found


def check_entries(manifest: Manifest) -> None:
    """Raises ManifestError for names that leave the pack or come twice, and for sizes that nothing can have."""
    seen = {NAME: NAME}
    for entry in manifest.entries:
        name = entry.name
        steps = name.split("/")
        if len(name.encode(errors="replace")) > _MOST_NAME_BYTES or not all(
            _STEP.fullmatch(step) and step not in (".", "..") for step in steps
        ):
            raise ManifestError(f"names a file {name[:80]!r}; expected a path within the pack")
        if name.casefold() in seen:
            raise ManifestError(f"names {name!r} twice")
        seen[name.casefold()] = name
        for digest in (entry.blake2b, entry.packed_blake2b, entry.link):
            if not _DIGEST.fullmatch(digest):
                raise ManifestError(f"gives {digest[:80]!r} as a digest of {name!r}; expected 64 hexadecimal digits")
        if not re.fullmatch(r"[0-9a-f]{8}", entry.crc32):
            raise ManifestError(f"gives {entry.crc32[:80]!r} as the CRC-32 of {name!r}; expected 8 hexadecimal digits")
        _check_sizes(entry)


def _check_sizes(entry: Entry) -> None:
    is_stored = method_of(entry.name) == STORED
    if min(entry.raw_bytes, entry.packed_bytes) < 0 or max(entry.raw_bytes, entry.packed_bytes) >= 1 << 62:
        raise ManifestError(f"gives {entry.name!r} a size of {entry.raw_bytes} bytes")
    if is_stored and entry.raw_bytes != entry.packed_bytes:
        raise ManifestError(f"gives {entry.name!r}, which is not compressed, two sizes")
    if not is_stored and entry.raw_bytes > min(LARGEST_TEXT_BYTES, entry.packed_bytes * MOST_DEFLATE_GAINS):
        raise ManifestError(
            f"announces {entry.raw_bytes} bytes for {entry.name!r}, which takes {entry.packed_bytes} in the pack"
        )


class _Said(msgspec.Struct):
    format: str


def _first_link(manifest: Manifest) -> str:
    rest = msgspec.structs.replace(manifest, entries=[], head="")
    return hashlib.blake2b(msgspec.json.encode(rest), digest_size=32).hexdigest()


def _link(before: str, entry: Entry) -> str:
    said = msgspec.json.encode(msgspec.structs.replace(entry, link=""))
    return hashlib.blake2b(before.encode() + said, digest_size=32).hexdigest()
