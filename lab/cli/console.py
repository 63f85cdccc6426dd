"""The terminal or pipe that a command writes to."""

from __future__ import annotations

import textwrap

from rich.console import Console

PIPE_WIDTH = 1_000  # a pipe has no edge at which to break a line


class _Pipe(Console):
    """A console whose reader may leave: rich itself would end the process, with the code of a proven fail."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def open_console(*, stderr: bool = False) -> Console:
    """A console that colours nothing by guesswork, and nothing at all into a pipe, nor breaks lines there."""
    console = _Pipe(highlight=False, markup=False, emoji=False, stderr=stderr)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def picture_width(console: Console) -> int:
    """Columns that a drawing may take: those of the terminal up to 140, and 80 in a pipe."""
    return min(console.width, 140) if console.is_terminal else 80


def speaks_unicode(console: Console) -> bool:
    """Whether block characters can be shown there."""
    return console.encoding.lower().startswith("utf")


def wrapped(label: str, text: str, width: int) -> list[str]:
    """``text`` after ``label``, broken between words at ``width`` columns and indented below its beginning."""
    return textwrap.wrap(
        text,
        max(width, len(label) + 20),
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    )
