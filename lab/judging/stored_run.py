"""Stored run: a run directory whose journals are read at most once, and not at all if what they hold is kept there."""

from __future__ import annotations

from correlator.expectations import Assertion
from correlator.findings import Findings, Journals, find
from correlator.keeping import pack, seal, unpack
from lab.playing.run_directory import RunDirectory, RunDirectoryError, write_whole


class StoredRun:
    """The findings of a run. ``fresh``: whatever is kept of them is passed over, and replaced.

    Raises:
        JournalError: a journal is missing, foreign or damaged.
        OSError: a journal cannot be read.
    """

    def __init__(self, directory: RunDirectory, *, fresh: bool = False) -> None:
        self.directory = directory
        control = directory.control_journal
        self._journals = Journals(directory.run_journal, control if control.exists() else None, directory.removals())
        self._sealed = seal(self._journals)
        kept = None if fresh else self._kept()
        self._known = 0 if kept is None else len(kept.looks)
        self._is_kept = kept is not None
        self.findings = find(self._journals) if kept is None else kept

    def asserting(self, asserted: list[Assertion]) -> Findings:
        """The findings, with the world held against these assertions; the journals are read anew if it was not yet."""
        known = [(*_bare(one),) for one in self.findings.reading.asserted]
        if known == [(*_bare(one),) for one in asserted]:
            return self.findings
        return find(self._journals, asserted)

    def keep(self) -> None:
        """Keep the findings beside the journals, with what was looked up while they were judged.

        A directory that cannot be written to keeps nothing: that costs time the next time, and no verdict hangs on it.
        """
        if self._is_kept and len(self.findings.looks) == self._known:
            return
        try:
            write_whole(self.directory.findings, pack(self.findings, self._sealed))
        except RunDirectoryError:
            return
        self._is_kept, self._known = True, len(self.findings.looks)

    def _kept(self) -> Findings | None:
        try:
            data = self.directory.findings.read_bytes()
        except OSError:
            return None
        return unpack(data, self._sealed)


def _bare(one: Assertion) -> tuple[object, ...]:
    """What an assertion says, wherever it stands in its file."""
    return (one.quantity, one.op, one.value, one.of, one.at_ns, one.from_ns, one.to_ns)
