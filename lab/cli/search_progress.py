"""What a search tells while it goes on: one line on a terminal, nothing into a pipe, never on standard output."""

from __future__ import annotations

import sys
from types import TracebackType


class Progress:
    """A line on standard error that each told step replaces; leaves nothing behind."""

    def __init__(self, quiet: bool) -> None:
        self._shows = not quiet and sys.stderr.isatty()

    def __enter__(self) -> Progress:
        self._write("starting")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shows:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def told(self, what: str, runs: int) -> None:
        """One more point or trial."""
        self._write(f"{runs} runs; {what}")

    def complain(self, text: str) -> None:
        """A line that stays."""
        print(text, file=sys.stderr)

    def _write(self, text: str) -> None:
        if self._shows:
            print(f"\r\x1b[K{text[:78]}", end="", file=sys.stderr, flush=True)
