"""Deriving again: a run's verdict from its journals alone, and whether everything stored beside them follows from it.

Stored verdicts are compared with, never used. The journals are judged by this laboratory's own correlator; where that
is not the code that the pack was made with, a verdict that comes out the same is told, and proves less.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec

from correlator.journal import JournalError
from correlator.judge import judge
from correlator.reporting import to_json
from correlator.verdict import Judgement
from dashboards.evidence_page.model import Run, read_run
from dashboards.run_page.page import render
from lab.catalogue.rows import ARTICLES
from lab.evidence.frames import BrokenChain, HeaderText, read_header
from lab.evidence.gather import EvidenceError
from lab.evidence.manifest import NAME, Entry, Manifest, PackedRun, is_journal, written_at
from lab.evidence.summary import SUMMARY, pages_hash, summarise
from lab.evidence.verify import first_difference, unpacked
from lab.journal.header import code_hash, versions
from lab.playing.run_directory import RunDirectory

Outcome = Literal["same", "differs", "not derived"]
_MOST_DIFFERENCES = 20
_MOST_SHOWN = 60
_NOTHING = object()
_OTHER_CODE = "the code is another than the pack was made with"
_OF_A_RUN = re.compile(r"(run|control|without_[a-z0-9_+]+)\.journal|(scenario|verdict)\.json|limits\.yaml|report\.html")


class Difference(msgspec.Struct, frozen=True):
    """A place of a stored file where it says something else than follows from the journals."""

    file: str
    field: str
    stored: str
    derived: str


class DerivedRun(msgspec.Struct, frozen=True):
    """What became of one run. ``verdict``: as derived, None if it could not be. ``other_version`` says how this
    laboratory differs from the one that made the pack; "" if it does not. ``code``: what the run was simulated by."""

    path: str
    code: str
    stored_verdict: str
    verdict: str | None
    outcome: Outcome
    other_version: str
    why: str
    differences: list[Difference]


class Pack:
    """A pack whose bytes have been accounted for, open for reading."""

    def __init__(self, file: BinaryIO, manifest: Manifest, offsets: list[int]) -> None:
        self._file = file
        self.manifest = manifest
        self._members = {entry.name: (entry, offset) for entry, offset in zip(manifest.entries, offsets, strict=True)}

    def read(self, name: str) -> bytes | None:
        """The whole content of a text member; None if there is no such. Raises EvidenceError."""
        found = self._members.get(name)
        return None if found is None else b"".join(unpacked(self._file, *found))

    def files_of(self, run: PackedRun) -> Iterator[tuple[str, Entry, int]]:
        """The files directly below a run's path: name there, entry, offset."""
        for name, (entry, offset) in self._members.items():
            place, _, short = name.rpartition("/")
            if place == run.path:
                yield short, entry, offset

    def extract(self, entry: Entry, offset: int, to: Path) -> None:
        """Write a member to a file. Raises EvidenceError, OSError."""
        with to.open("xb") as file:
            for piece in unpacked(self._file, entry, offset):
                file.write(piece)


def derive(pack: Pack, run: PackedRun) -> tuple[DerivedRun, Run | None]:
    """Judge a run's journals anew and compare; beside the outcome what the summary tells of the run.

    Raises:
        OSError: there is no room to unpack the journals.
    """
    with tempfile.TemporaryDirectory(prefix="riskproof-verify-") as place:
        directory = RunDirectory(Path(place))
        try:
            for short, entry, offset in pack.files_of(run):
                if is_journal(short):
                    pack.extract(entry, offset, directory.path / short)
            if not directory.run_journal.is_file():
                return underived(pack.manifest, run, "there is no run.journal in it"), None
            header = read_header(directory.run_journal)
            control = directory.control_journal
            judgement = judge(directory.run_journal, control if control.exists() else None, directory.removals())
            document = to_json(judgement)
            differences = [*_claims(run, judgement), *_files(pack, run, document, header)]
        except (JournalError, EvidenceError, BrokenChain) as error:
            return underived(pack.manifest, run, str(error).replace(f"{place}/", "")), None
    found = DerivedRun(
        run.path,
        run.code,
        run.verdict,
        judgement.verdict,
        "differs" if differences else "same",
        other_version(pack.manifest),
        "",
        differences[:_MOST_DIFFERENCES],
    )
    return found, read_run(document)


def underived(manifest: Manifest, run: PackedRun, why: str) -> DerivedRun:
    """A run whose verdict does not follow from anything."""
    return DerivedRun(run.path, run.code, run.verdict, None, "not derived", other_version(manifest), why, [])


def other_version(manifest: Manifest) -> str:
    """How this laboratory differs from the one that made the pack; "" if it does not."""
    return _other_version(manifest.code, manifest.pages, tuple(manifest.versions.items()))


def check_summary(pack: Pack, runs: list[Run]) -> list[Difference]:
    """Whether the summary is the page of these runs, as they were derived, and of every article there is. Which
    scenarios a laboratory has for an article is its own affair."""
    page = summarise(pack.manifest.articles, pack.manifest.left_out, runs)
    named = "; ".join(f"{one.tag}: {one.asked}" for one in pack.manifest.articles)
    meant = "; ".join(f"{tag}: {asked}" for asked, tags in ARTICLES for tag in tags)
    found = _text(pack, SUMMARY, page.encode())
    if named != meant:
        at = max(first_difference(named.encode(), meant.encode()) - 20, 0)
        found.append(Difference(NAME, "articles", _shown(named[at:]), _shown(meant[at:])))
    return found


def strays(manifest: Manifest) -> list[str]:
    """The names of files that are no part of a pack."""
    expected = {SUMMARY, *(written_at(run.scenario) for run in manifest.runs if run.as_written)}
    places = {run.path for run in manifest.runs}
    return [
        entry.name
        for entry in manifest.entries
        if entry.name not in expected
        and not (entry.name.rpartition("/")[0] in places and _OF_A_RUN.fullmatch(entry.name.rpartition("/")[2]))
    ]


def misplaced(manifest: Manifest) -> list[str]:
    """The paths of runs that stand twice, or not where a run of their name is packed: counted once more than it was."""
    met: dict[str, None] = {}
    found = []
    for run in manifest.runs:
        if run.path in met or run.path != f"runs/{run.scenario}/{run.case}/seed-{run.seed}":
            found.append(run.path)
        met[run.path] = None
    return found


def miswritten(manifest: Manifest) -> list[tuple[str, str]]:
    """The runs of which the manifest names a file that they were written in and that cannot be it, with why."""
    names = {entry.name for entry in manifest.entries}
    found = []
    for run in manifest.runs:
        if run.as_written not in ("", written_at(run.scenario)):
            found.append((run.path, f"was written in {run.as_written!r}, which is no place for that"))
        elif run.as_written and run.as_written not in names:
            found.append((run.path, f"was written in {run.as_written!r}, which is not in the pack"))
    return found


def _claims(run: PackedRun, judgement: Judgement) -> list[Difference]:
    """What the manifest says of a run, against its journals."""
    derived = (judgement.scenario, judgement.case, judgement.seed, judgement.code, judgement.verdict)
    return [
        Difference("manifest.json", f"{run.path}: {name}", _shown(getattr(run, name)), _shown(now))
        for name, now in zip(("scenario", "case", "seed", "code", "verdict"), derived, strict=True)
        if getattr(run, name) != now
    ]


def _files(pack: Pack, run: PackedRun, document: bytes, header: HeaderText) -> Iterator[Difference]:
    """What is stored beside the journals, against what follows from them."""
    resolved = bytes(header.resolved)
    yield from _json(pack, f"{run.path}/verdict.json", document, document)
    yield from _json(pack, f"{run.path}/scenario.json", resolved, msgspec.json.format(resolved))
    yield from _text(pack, f"{run.path}/limits.yaml", header.limits.encode())
    yield from _text(pack, f"{run.path}/report.html", render(document).encode())


def _json(pack: Pack, name: str, derived: bytes, as_stored: bytes) -> Iterator[Difference]:
    """``as_stored``: the only bytes in which it is stored. What reads the same need not read the same to everybody: of
    a key that stands twice one reader takes the first, another the last."""
    stored = pack.read(name)
    if stored is None:
        yield Difference(name, "", "there is no such file", "")
    elif stored != as_stored:
        try:
            was = msgspec.json.decode(stored)
        except (ValueError, RecursionError) as error:
            yield Difference(name, "", f"cannot be read: {error}", "")
            return
        parted = list(_parted(was, msgspec.json.decode(derived), ""))
        if not parted:
            yield Difference(name, "", "the same, written otherwise", "")
        for field, is_, meant in parted:
            yield Difference(name, field, _shown(is_), _shown(meant))


def _parted(stored: Any, derived: Any, field: str) -> Iterator[tuple[str, Any, Any]]:
    """The leaves at which two JSON values part."""
    if isinstance(stored, dict) and isinstance(derived, dict):
        for key in dict.fromkeys((*stored, *derived)):
            where = f"{field}.{key}" if field else key
            yield from _parted(stored.get(key, _NOTHING), derived.get(key, _NOTHING), where)
    elif isinstance(stored, list) and isinstance(derived, list):
        for at in range(max(len(stored), len(derived))):
            left = stored[at] if at < len(stored) else _NOTHING
            yield from _parted(left, derived[at] if at < len(derived) else _NOTHING, f"{field}[{at}]")
    elif type(stored) is not type(derived) or stored != derived:
        yield field, stored, derived


def _text(pack: Pack, name: str, derived: bytes) -> list[Difference]:
    stored = pack.read(name)
    if stored is None:
        return [Difference(name, "", "there is no such file", "")]
    if stored == derived:
        return []
    lines = zip(stored.splitlines(), derived.splitlines(), strict=False)
    number, pair = next(((at, pair) for at, pair in enumerate(lines, 1) if pair[0] != pair[1]), (0, (b"", b"")))
    if not number:
        return [Difference(name, "", f"{len(stored)} bytes", f"{len(derived)} bytes")]
    at = first_difference(*pair)
    is_, meant = (line[max(at - 20, 0) :].decode(errors="replace") for line in pair)
    return [Difference(name, f"line {number}", _shown(is_), _shown(meant))]


@cache
def _other_version(code: str, pages: str, stands_on: tuple[tuple[str, str], ...]) -> str:
    """How the code and what it stands on differ from what the pack was made with; "" if they do not."""
    ours, theirs = versions(), dict(stands_on)
    parted = [
        f"{name} {theirs.get(name, 'none')}, here {ours.get(name, 'none')}"
        for name in dict.fromkeys((*theirs, *ours))
        if theirs.get(name) != ours.get(name)
    ]
    other = [_OTHER_CODE] if code != code_hash() else []
    other += ["the pages are drawn by other code"] if pages != pages_hash() else []
    return "; ".join([*other, *parted])


def _shown(value: Any) -> str:
    text = "nothing" if value is _NOTHING else value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"
