"""What is wrong with a scenario, said so that its author can mend it: place, mistake, what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

PROBLEM_LIMIT = 20  # a file of another kind would otherwise bury the reader
ENTRY_LIMIT = 2_000  # entries of a directory among which a misspelt name is looked for


class Mark(NamedTuple):
    """A place in a file that a person wrote; line and column count from 1, 0 means the file (or line) as a whole."""

    file: str
    line: int
    column: int


class Problem(msgspec.Struct, frozen=True):
    """One mistake of the scenario's author."""

    file: str
    line: int
    column: int
    field: str  # path of the field, `timeline.slide.at`; empty for the file as a whole
    message: str
    expected: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        column = f":{self.column}" if self.column else ""
        place = f"{self.file}:{self.line}{column}: " if self.line else f"{self.file}: "
        field = f"{shortened(self.field, 120)}: " if self.field else ""
        expected = f"; expected {self.expected}" if self.expected else ""
        nearest = f"; did you mean {self.nearest}?" if self.nearest else ""
        text = f"{place}{field}{shortened(self.message, 400)}{expected}{nearest}"
        # What the file holds may hold line ends and escapes: one problem stays one harmless line.
        return "".join(sign if sign.isprintable() else "�" for sign in text)


def shortened(text: str, limit: int) -> str:
    """``text`` with its end left out where it has more than ``limit`` signs."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


class ScenarioError(Exception):
    """The author's scenario, or a file that it names, cannot be an experiment. Nothing has been run or written."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        unique = dict.fromkeys(problems)  # two cases may meet the same mistake in what they share
        self.problems: tuple[Problem, ...] = tuple(unique)[:PROBLEM_LIMIT]
        self.left_out = len(unique) - len(self.problems)
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """One line of text for each problem."""
        more = [f"… and {self.left_out} more"] if self.left_out else []
        return [str(problem) for problem in self.problems] + more


def problem(mark: Mark, field: str, message: str, expected: str = "", nearest: str = "") -> ScenarioError:
    """The error that consists of one problem at ``mark``."""
    return ScenarioError([Problem(mark.file, mark.line, mark.column, field, message, expected, nearest)])


def nearest_name(word: str, names: Iterable[str]) -> str:
    """The valid name that ``word`` was probably meant to be, or an empty string."""
    folded = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def nearest_path(path: Path) -> str:
    """What is there and ``path``, of which the first part that is not there may be misspelt, was probably meant to be;
    or an empty string. The ending is not compared: all scenarios share it."""
    try:
        missing = [part for part in (path, *path.parents) if not part.exists()]
        if not missing:
            return ""
        wrong = missing[-1]
        beside = [Path(entry.name) for entry in islice(wrong.parent.iterdir(), ENTRY_LIMIT)]
        names = {one.stem: one.name for one in sorted(beside) if wrong.suffix in ("", one.suffix)}
        close = nearest_name(wrong.stem, names)
        meant = wrong.parent / names[close] / path.relative_to(wrong) if close else wrong
        return str(meant) if meant.exists() else ""
    except OSError:
        return ""


def one_of(names: Iterable[str]) -> str:
    """``a, b or c``, shortened where a list would be too long to read."""
    listed = list(names)
    if len(listed) > 20:
        return ", ".join(listed[:20]) + ", …"
    if len(listed) < 2:
        return "".join(listed)
    return ", ".join(listed[:-1]) + " or " + listed[-1]
