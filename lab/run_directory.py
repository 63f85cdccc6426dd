"""A run directory holds everything one run leaves behind, under names that never change."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_PARTIAL = ".partial"  # what a writer that was killed may leave
_WHOLE = ("limits.yaml", "scenario.json", "verdict.json", "report.html")
_OURS = ("run.journal", "control.journal", *_WHOLE, *(name + _PARTIAL for name in _WHOLE))


class RunDirectoryError(Exception):
    """The directory cannot be used for a run, or a file of it not written: which and why."""


class RunDirectory:
    """``run.journal``, ``control.journal``, ``limits.yaml``, ``scenario.json``, ``verdict.json``, ``report.html``."""

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

    def prepare(self) -> None:
        """Make the directory, and clear what an earlier run of the same name left in it.

        Raises:
            RunDirectoryError: it cannot be made, or holds files that are not a run's.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.refuse_strangers()
            for name in _OURS:
                (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise RunDirectoryError(f"{self.path}: cannot be used as a run directory: {error.strerror}") from error

    def refuse_strangers(self) -> None:
        """Write nothing, and raise RunDirectoryError if the path is there and holds what no run wrote."""
        try:
            strangers = sorted(entry.name for entry in self.path.iterdir() if entry.name not in _OURS)
        except FileNotFoundError:
            return
        except OSError as error:
            raise RunDirectoryError(f"{self.path}: cannot be used as a run directory: {error.strerror}") from error
        if strangers:
            raise RunDirectoryError(
                f"{self.path}: holds {strangers[0]!r}, which no run wrote; expected a new or a run's own directory"
            )

    def shed(self) -> None:
        """Leave nothing but the verdict, the scenario and the limits. Raises RunDirectoryError."""
        try:
            for path in (self.run_journal, self.control_journal, self.report):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise RunDirectoryError(f"{self.path}: cannot be cleared: {error.strerror}") from error

    def adopt_control(self, journal: Path) -> None:
        """Take a control journal that another case's run has already simulated.

        Raises:
            RunDirectoryError: it cannot be copied.
        """
        try:
            os.link(journal, self.control_journal)
        except OSError:
            try:
                shutil.copyfile(journal, self.control_journal)
            except OSError as error:
                raise RunDirectoryError(f"{self.control_journal}: cannot be written: {error.strerror}") from error


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
