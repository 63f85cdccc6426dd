"""How long one waits for a command that simulates nothing: best of five, process start included.

python -m benchmarks.commands
"""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.figures import Figure, table
from lab.scenario.resolve import SHIPPED

_ROUNDS = 5
_COMMANDS = {
    "lab --help": ("--help",),
    "lab check stablecoin_depeg.yaml": ("check", str(SHIPPED / "stablecoin_depeg.yaml")),
}


def measure() -> list[Figure]:
    """Time each command."""
    return [Figure(name, f"{_wall_s(arguments):.2f} s") for name, arguments in _COMMANDS.items()]


def _wall_s(arguments: tuple[str, ...]) -> float:
    best_s = float("inf")
    for _ in range(_ROUNDS):
        began_s = time.perf_counter()
        subprocess.run([sys.executable, "-m", "lab.cli", *arguments], check=True, stdout=subprocess.DEVNULL)
        best_s = min(best_s, time.perf_counter() - began_s)
    return best_s


def main() -> None:
    """Print the figures."""
    print(table(measure()))


if __name__ == "__main__":
    main()
