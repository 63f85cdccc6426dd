"""A run directory holds everything one run leaves behind, under names that never change."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import Literal

_PARTIAL = ".partial"  # what a writer that was killed may leave
_WHOLE = ("limits.yaml", "scenario.json", "verdict.json", "report.html", "findings")
_OURS = ("run.journal", "control.journal", *_WHOLE, *(name + _PARTIAL for name in _WHOLE))


_REMOVAL = re.compile(r"without_[a-z0-9_+]+\.journal")


Keep = Literal["all", "not_passed", "verdicts"]
"""What stays on the disk once a run is judged: everything; journals and report only where it is no pass; nothing but
``verdict.json``, ``scenario.json`` and ``limits.yaml``."""


class RunDirectoryError(Exception):
    """The directory cannot be used for a run, or a file of it not written: which and why."""


class RunDirectory:
    """``run.journal``, ``control.journal``, ``limits.yaml``, ``scenario.json``, ``verdict.json``, ``report.html``,
    ``findings``; and with several injections ``without_a.journal``, ``without_a+b.journal``, … for those that were left
    out."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def run_journal(self) -> Path:
        return self.path / "run.journal"

    @property
    def control_journal(self) -> Path:
        return self.path / "control.journal"

    @property
    def limits(self) -> Path:
        return self.path / "limits.yaml"

    @property
    def scenario(self) -> Path:
        return self.path / "scenario.json"

    @property
    def verdict(self) -> Path:
        return self.path / "verdict.json"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def findings(self) -> Path:
        """What the journals hold, kept so that they need not be read again."""
        return self.path / "findings"

    def removal(self, left_out: tuple[str, ...]) -> Path:
        """The journal of the arm in which these injections, named in the order of the timeline, are left out."""
        return self.path / f"without_{'+'.join(left_out)}.journal"

    def removals(self) -> dict[tuple[str, ...], Path]:
        """The journals of removals that are there, by what was left out; fewest first, then by name."""
        found = [(tuple(path.stem.removeprefix("without_").split("+")), path) for path in self._removals()]
        return dict(sorted(found, key=lambda one: (len(one[0]), one[0])))

    def _removals(self) -> list[Path]:
        return [path for path in self.path.iterdir() if _REMOVAL.fullmatch(path.name)]

    def prepare(self) -> None:
        """Make the directory, and clear what an earlier run of the same name left in it.

        Raises:
            RunDirectoryError: it cannot be made, or holds files that are not a run's.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.refuse_strangers()
            for path in [*self._removals(), *(self.path / name for name in _OURS)]:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise RunDirectoryError(f"{self.path}: cannot be used as a run directory: {error.strerror}") from error

    def refuse_strangers(self) -> None:
        """Write nothing, and raise RunDirectoryError if the path is there and holds what no run wrote."""
        try:
            strangers = sorted(entry.name for entry in self.path.iterdir() if not _is_ours(entry.name))
        except FileNotFoundError:
            return
        except OSError as error:
            raise RunDirectoryError(f"{self.path}: cannot be used as a run directory: {error.strerror}") from error
        if strangers:
            raise RunDirectoryError(
                f"{self.path}: holds {strangers[0]!r}, which no run wrote; expected a new or a run's own directory"
            )

    def lacks(self, name: str) -> str:
        """Why nothing can be read from here, and where it can: ``name`` is the file that was looked for."""
        from lab.scenario.errors import nearest_path

        if self.verdict.is_file() and name == self.run_journal.name:
            return f"{self.path}: its journals were not kept; `lab run` keeps them, and so does `lab suite --keep all`"
        text = f"{self.path}: holds no {name}; expected a directory that `lab run` wrote"
        if not self.path.is_dir():
            meant = nearest_path(self.path)
            return f"{text}; did you mean {meant}?" if meant else text
        depths = ("*/", "*/*/", "*/*/*/")  # of a case, a scenario and all runs
        below = sorted(found for depth in depths for found in islice(self.path.glob(depth + name), 1000))
        return f"{text}, such as {below[0].parent}" if below else text

    def shed(self) -> None:
        """Leave nothing but the verdict, the scenario and the limits. Raises RunDirectoryError."""
        try:
            for path in (self.run_journal, self.control_journal, self.report, self.findings, *self._removals()):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise RunDirectoryError(f"{self.path}: cannot be cleared: {error.strerror}") from error


def _is_ours(name: str) -> bool:
    return name in _OURS or _REMOVAL.fullmatch(name) is not None


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file in one step, so that a reader never meets half of it.

    Raises:
        RunDirectoryError: the disk is full, or the file cannot be written for another reason.
    """
    partial = path.with_name(path.name + _PARTIAL)
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise RunDirectoryError(f"{path}: cannot be written: {error.strerror}") from error
