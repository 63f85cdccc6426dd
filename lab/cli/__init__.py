"""The command line. One module for each command: ``add_parser(subparsers)`` declares it, ``execute(args)`` performs it
and returns the exit code.

Exit codes: 0 pass, 1 fail, 2 the scenario or the command is wrong, 3 unknown, 130 interrupted. The modules import what
they need when they are performed, so that ``lab --help`` answers at once.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from lab.scenario.errors import ScenarioError

COMMANDS = ("run", "check", "list_scenarios", "show", "judge", "schema")
"""The modules of the commands, in the order of the help."""

PASSED, FAILED, WRONG, UNKNOWN, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Perform one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a sign must not end the command
    args = _parser().parse_args(argv)
    try:
        code: int = args.execute(args)
        sys.stdout.flush()
        return code
    except ScenarioError as error:
        print("\n".join(error.lines()), file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has read enough. What is still buffered must not raise again when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab",
        description="Proves, or disproves, that a trading firm's risk monitor notices trouble in time.",
        epilog="Start with `lab list`, then `lab run scenarios/stablecoin_depeg.yaml`.",
    )
    parser.add_argument("--version", action="version", version=f"lab (riskproof) {version('riskproof')}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(f"lab.cli.{name}").add_parser(subparsers)
    return parser
