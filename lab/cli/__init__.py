"""The command line. One module for each command: ``add_parser(subparsers)`` declares it, ``execute(args)`` performs it
and returns the exit code.

Exit codes: 0 pass, 1 fail, 2 the scenario or the command is wrong, 3 unknown, 130 interrupted with nothing
proven to fail. The modules import what they need when they are performed, so that ``lab --help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import argparse

COMMANDS = (
    "run",
    "suite",
    "baseline",
    "mutants",
    "check",
    "list_scenarios",
    "show",
    "judge",
    "explain",
    "faults",
    "catalogue",
    "coverage",
    "score",
    "schema",
    "frontier",
    "hunt",
    "shrink",
    "evidence",
    "verify",
    "dataset",
)
"""The modules of the commands, in the order of the help."""

PASSED, FAILED, WRONG, UNKNOWN, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141


def cut_short(code: int) -> int:
    """The exit code of what was interrupted when it had come to ``code``: a proven fail is never masked."""
    return FAILED if code == FAILED else INTERRUPTED


def main(argv: Sequence[str] | None = None) -> int:
    """Perform one command and return its exit code. SIGTERM, as ``timeout`` sends it, is taken as Ctrl-C."""
    import signal

    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        return _perform(argv)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # what is left to tidy up needs no traceback if it is cut short
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _perform(argv: Sequence[str] | None) -> int:
    # Everything is imported here and not above, so that Ctrl-C finds `main` at work from the first moment.
    import io

    sys.stdout, sys.stderr = _opened(sys.stdout), _opened(sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a sign must not end the command
    from lab.scenario.errors import ScenarioError

    try:
        args = _parser().parse_args(argv)
        code: int = args.execute(args)
        sys.stdout.flush()
        return code
    except ScenarioError as error:
        _complain("\n".join(error.lines()))
        return WRONG
    except BrokenPipeError:
        # Whoever read our output has read enough. What is still buffered must not raise again when Python exits.
        _discard(sys.stdout)
        return PIPE_CLOSED
    except OSError as error:
        try:
            sys.stdout.flush()
        except OSError:
            _discard(sys.stdout)
        _complain(f"lab: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}{_meant(error)}")
        return WRONG
    except Exception:
        # Left to Python, this would end with code 1, which says that the monitor is proven to fail.
        import traceback

        _complain(f"{traceback.format_exc()}lab: this is a mistake in lab itself; nothing is known of the monitor")
        return UNKNOWN


def _meant(error: OSError) -> str:
    """The file that is there and was probably meant."""
    from pathlib import Path

    from lab.scenario.errors import nearest_path

    if not isinstance(error, FileNotFoundError) or not isinstance(error.filename, str):
        return ""
    meant = nearest_path(Path(error.filename))
    return f"; did you mean {meant}?" if meant else ""


def _opened(stream: TextIO | None) -> TextIO:
    """``stream``, or the void where the caller has closed it (``>&-``)."""
    return open(os.devnull, "w", encoding="utf-8") if stream is None else stream


def _complain(text: str) -> None:
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)  # nobody can be told; the exit code still says it


def _discard(stream: TextIO) -> None:
    """Send what is still buffered into the void."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except OSError:
        return  # it has no descriptor of its own, and so nothing that could fail later


def _parser() -> argparse.ArgumentParser:
    from importlib import import_module
    from importlib.metadata import version

    from lab.cli.parsing import Parser

    parser = Parser(
        prog="lab",
        description="Proves, or disproves, that a trading firm's risk monitor notices trouble in time.",
        epilog="Start with `lab list`, then `lab run scenarios/stablecoin_depeg.yaml`.",
    )
    parser.add_argument("--version", action="version", version=f"lab (riskproof) {version('riskproof')}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(f"lab.cli.{name}").add_parser(subparsers)
    return parser
