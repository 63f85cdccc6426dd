"""Last line: on a terminal, the file that a command is reading just now; nothing elsewhere, and nothing afterwards."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def last_line(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """What is to be told each file's name; ``quiet``: it goes nowhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda name: None
        return
    try:
        yield _show
    finally:
        _show("")


def _show(name: str) -> None:
    width = shutil.get_terminal_size().columns - 1
    print(f"\r{name[:width].ljust(width)}\r", end="", file=sys.stderr, flush=True)
