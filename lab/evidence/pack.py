"""Pack: runs into one file, the same bytes for the same runs, and its head.

Verdict and report are derived from the journals here and now, so that a pack and the laboratory that made it agree,
whoever judged the runs before. Every file is read twice: to learn its digests, which the manifest at the front gives,
and to write it. Nothing of a pack that was not finished stays on the disk.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from correlator.journal import JournalError
from correlator.judge import judge
from correlator.reporting import to_json
from correlator.verdict import Judgement
from dashboards.evidence_page.model import read_run
from dashboards.run_page.page import render
from lab.evidence.container import STORED, parts
from lab.evidence.frames import BrokenChain, pieces, walk_frames
from lab.evidence.gather import EvidenceError, FoundRun, find_runs
from lab.evidence.manifest import (
    FORMAT,
    LARGEST_TEXT_BYTES,
    NAME,
    Entry,
    JournalEnd,
    LeftOut,
    Manifest,
    PackedRun,
    chained,
    encode,
    is_journal,
    method_of,
    written_at,
)
from lab.evidence.summary import SUMMARY, pages_hash, summarise
from lab.evidence.written import AsWritten, articles, library
from lab.journal.header import code_hash, versions

_PARTIAL = ".partial"
_LEVEL = 6
_WHOLE_FILE = 1 << 62


class Source(msgspec.Struct, frozen=True):
    """A file on its way into a pack: its name there, and where it lies (``text``: nowhere, but here)."""

    name: str
    path: Path | None = None
    text: bytes = b""

    def open(self) -> BinaryIO:
        return io.BytesIO(self.text) if self.path is None else self.path.open("rb")


class Plan(msgspec.Struct, frozen=True):
    """What is to be packed, in the order it will lie."""

    sources: list[Source]
    runs: list[PackedRun]
    left_out: list[LeftOut]
    restated: list[str]  # runs whose stored verdict says otherwise than follows from their journals
    manifest: Manifest

    @property
    def summary(self) -> bytes:
        """The page that stands in the pack."""
        return next(source.text for source in self.sources if source.name == SUMMARY)


def plan(roots: Sequence[Path], scenarios: Sequence[Path], scratch: Path, hear: Callable[[str], None]) -> Plan:
    """Find the runs below ``roots``, derive their verdicts and take every file's digests.

    ``scenarios``: where else to look for the files that they were written in; ``scratch``: an empty directory, needed
    until the pack is written.

    Raises:
        EvidenceError: nothing can be packed, or a file is not what it should be.
        OSError: a file cannot be read.
    """
    found, left_out = find_runs(roots)
    if not found:
        raise EvidenceError(f"{roots[0]}: none of {len(left_out)} runs can be proven: {left_out[0].why}")
    known = library(scenarios)
    origins = AsWritten(known)
    written: dict[str, Source] = {}
    runs, views, files, restated = [], [], [], []
    for number, run in enumerate(found):
        hear(run.path)
        judgement, document = _judged(run)
        if document != run.directory.verdict.read_bytes():
            restated.append(run.path)
        views.append(read_run(document))
        derived = {"verdict.json": document, "report.html": render(document).encode()}
        for name, content in derived.items():
            (scratch / f"{number}-{name}").write_bytes(content)
        kept = [Source(f"{run.path}/{path.name}", path) for path in run.files]
        files += [*kept, *(Source(f"{run.path}/{name}", scratch / f"{number}-{name}") for name in derived)]
        origin = origins.file_of(run)
        name = written_at(run.said.scenario) if origin is not None else ""
        if origin is not None:
            written.setdefault(name, Source(name, origin))
        said = run.said
        runs.append(PackedRun(run.path, said.scenario, said.case, said.seed, judgement.verdict, judgement.code, name))
    asked = articles(known)
    page = Source(SUMMARY, text=summarise(asked, left_out, views).encode())
    sources = [page, *written.values(), *files]
    entries = [measure(source) for source in sources]
    manifest = chained(Manifest(FORMAT, code_hash(), pages_hash(), versions(), runs, left_out, asked, entries))
    return Plan(sources, runs, left_out, restated, manifest)


def write(planned: Plan, out: Path) -> int:
    """Write the pack; how many bytes it has.

    Raises:
        EvidenceError: ``out`` is there already or cannot be written, or a file has changed meanwhile; nothing is left.
        OSError: a file cannot be read.
    """
    if out.exists():
        raise EvidenceError(f"{out}: is there already; expected the name of a new file")
    front = Source(NAME, text=encode(planned.manifest))
    sources = [front, *planned.sources]
    entries = [measure(front), *planned.manifest.entries]
    partial = out.with_name(out.name + _PARTIAL)
    try:
        with partial.open("wb") as file:
            for part in parts([entry.member for entry in entries]):
                if part.member is None:
                    file.write(part.known or b"")
                    continue
                digest = hashlib.blake2b(digest_size=32)
                for piece in _packed(sources[part.member]):
                    digest.update(piece)
                    file.write(piece)
                if digest.hexdigest() != entries[part.member].packed_blake2b:
                    raise EvidenceError(f"{sources[part.member].path}: was changed while it was being packed")
            size = file.tell()
        partial.replace(out)
    except OSError as error:
        if error.filename is not None and error.filename != str(partial):
            raise  # something that was to be packed cannot be read
        raise EvidenceError(f"{out}: cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return size


def _judged(run: FoundRun) -> tuple[Judgement, bytes]:
    """What follows from a run's journals. Raises EvidenceError for damaged ones."""
    directory = run.directory
    control = directory.control_journal
    try:
        judgement = judge(directory.run_journal, control if control.exists() else None, directory.removals())
    except JournalError as error:
        raise EvidenceError(f"{error}; a damaged journal proves nothing") from None
    said = run.said
    if (judgement.scenario, judgement.case, judgement.seed) != (said.scenario, said.case, said.seed):
        raise EvidenceError(f"{directory.verdict}: is not of the run whose journal lies beside it")
    return judgement, to_json(judgement)


def measure(source: Source) -> Entry:
    """The digests of a file. Raises EvidenceError for a damaged journal: it proves nothing."""
    digest, crc32, raw_bytes = hashlib.blake2b(digest_size=32), 0, 0
    with source.open() as file:
        for piece in pieces(file, _WHOLE_FILE):
            digest.update(piece)
            crc32 = zlib.crc32(piece, crc32)
            raw_bytes += len(piece)
    packed_digest, packed_bytes = digest, raw_bytes
    journal: JournalEnd | None = None
    if is_journal(source.name):
        journal = _journal_end(source, raw_bytes)
    if method_of(source.name) != STORED:
        if raw_bytes > LARGEST_TEXT_BYTES:
            raise EvidenceError(f"{source.path}: has {raw_bytes} bytes; expected at most {LARGEST_TEXT_BYTES}")
        packed_digest, packed_bytes = hashlib.blake2b(digest_size=32), 0
        for piece in _packed(source):
            packed_digest.update(piece)
            packed_bytes += len(piece)
    return Entry(
        source.name, raw_bytes, packed_bytes, f"{crc32:08x}", digest.hexdigest(), packed_digest.hexdigest(), journal
    )


def _journal_end(source: Source, length: int) -> JournalEnd:
    with source.open() as file:
        try:
            return walk_frames(file, length)
        except BrokenChain as error:
            raise EvidenceError(f"{source.path}: {error}; a damaged journal proves nothing") from None


def _packed(source: Source) -> Iterator[bytes]:
    """The bytes of a file as they lie in the container."""
    with source.open() as file:
        if method_of(source.name) == STORED:
            yield from pieces(file, _WHOLE_FILE)
            return
        deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        for piece in pieces(file, _WHOLE_FILE):
            if packed := deflate.compress(piece):
                yield packed
        yield deflate.flush()
