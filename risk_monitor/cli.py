"""``risk-monitor``: the command line of the monitor's own distribution."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from risk_monitor import __version__
from risk_monitor.limits import Limits, LimitsError, MandateLimits, parse_limits
from risk_monitor.quantities import DURATION_NS
from risk_monitor.yaml_nodes import MAX_BYTES

EXIT_OK = 0
EXIT_WRONG = 2
EXIT_PIPE_CLOSED = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 if all is well and 2 if the command or its file is wrong."""
    parser = argparse.ArgumentParser(
        prog="risk-monitor", description="Holds a trading firm to the limits it has set itself."
    )
    parser.add_argument("--version", action="version", version=f"risk-monitor {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="read a limits file and print the rules that it sets")
    check.add_argument("file", metavar="LIMITS.yaml")
    parsed = parser.parse_args(arguments)
    try:
        code = check_file(parsed.file)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has read enough
        _discard_output()
        return EXIT_PIPE_CLOSED
    except OSError as error:
        _discard_output()
        print(f"risk-monitor: the output cannot be written: {error.strerror or error}", file=sys.stderr)
        return EXIT_WRONG
    return code


def check_file(path: str) -> int:
    """Read one limits file and print the rules that it sets."""
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            print(f"{path}: not a file; expected a limits file", file=sys.stderr)
            return EXIT_WRONG
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
        limits = parse_limits(content, path)
    except OSError as error:
        print(f"{path}: {error.strerror or error}; expected a limits file", file=sys.stderr)
        return EXIT_WRONG
    except LimitsError as error:
        print(error, file=sys.stderr)
        return EXIT_WRONG
    print(describe(limits))
    return EXIT_OK


def _discard_output() -> None:
    """Send what is still buffered into the void, so that it does not raise again when Python exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def describe(limits: Limits) -> str:
    """The rules as a table, one line each."""
    header = ("mandate", "subject", "severity", "breached above", "conditions")
    rows = [
        (mandate.spec.name, entry.subject, bound.severity.value, bound.text, _conditions(mandate))
        for mandate in limits.mandates
        for entry in mandate.subjects
        for bound in entry.bounds
    ]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    stablecoins = ", ".join(limits.stablecoins) or "none"
    structural = ", ".join(f"{amount.normalize():f} {asset}" for asset, amount in limits.structural) or "none"
    mandates = len(limits.mandates)
    lines.append("")
    lines.append(
        f"{limits.firm}: {len(rows)} rules of {mandates} mandates; books in {limits.base_currency}; "
        f"stablecoins {stablecoins}; structural holdings {structural}"
    )
    return "\n".join(lines)


def _conditions(mandate: MandateLimits) -> str:
    parts = []
    if mandate.for_ns:
        parts.append(f"for {_duration(mandate.for_ns)}")
    if mandate.window_ns:
        parts.append(f"within {_duration(mandate.window_ns)}")
    if mandate.quantile:
        parts.append(f"at the {mandate.quantile * 100:g} % quantile")
    return ", ".join(parts)


def _duration(ns: int) -> str:
    for unit in ("d", "h", "min", "s"):
        if ns % DURATION_NS[unit] == 0:
            return f"{ns // DURATION_NS[unit]} {unit}"
    return f"{ns / DURATION_NS['ms']:g} ms"
