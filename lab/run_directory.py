"""A run directory holds everything one run leaves behind, under names that never change."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_OURS = ("run.journal", "control.journal", "limits.yaml", "scenario.json", "verdict.json", "report.html")


class RunDirectoryError(Exception):
    """The directory cannot be used for a run: which and why."""


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
            strangers = sorted(entry.name for entry in self.path.iterdir() if entry.name not in _OURS)
            if strangers:
                raise RunDirectoryError(
                    f"{self.path}: holds {strangers[0]!r}, which no run wrote; expected a new or a run's own directory"
                )
            for name in _OURS:
                (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise RunDirectoryError(f"{self.path}: cannot be used as a run directory: {error.strerror}") from error

    def adopt_control(self, journal: Path) -> None:
        """Take a control journal that another case's run has already simulated."""
        try:
            os.link(journal, self.control_journal)
        except OSError:
            shutil.copyfile(journal, self.control_journal)


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file in one step, so that a reader never meets half of it."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
