"""How much faster a suite is on all cores than on one, by the clock on the wall.

The same cases, played by the same command with ``--jobs 1`` and with a job for each core, in turns; the best of each.
Beside it what the machine itself allows: the yardstick in as many processes at once as there are cores, against one.
Ask for it on a machine that has nothing else to do: this is the one figure that other work falsifies.

    python -m benchmarks.suite [ROUNDS]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, table
from lab.scenario.resolve import SHIPPED

_SCENARIOS = ("exchange_outage", "exchange_latency", "lost_fill", "duplicate_fill", "frozen_account", "throttling")


def measure(rounds: int = 2) -> list[Figure]:
    """Play some scenarios of 40 simulated minutes on one core and on all."""
    cores = os.cpu_count() or 1
    alone_s = together_s = float("inf")
    one_s = all_s = float("inf")
    for _ in range(rounds):
        alone_s = min(alone_s, _wall_s(1))
        together_s = min(together_s, _wall_s(cores))
        one_s = min(one_s, _yardsticks_s(1))
        all_s = min(all_s, _yardsticks_s(cores))
    return [
        Figure(f"suite of {len(_SCENARIOS)} scenarios, one job", f"{alone_s:.1f} s"),
        Figure(f"the same, {cores} jobs", f"{together_s:.1f} s"),
        Figure(f"speed-up of a suite on {cores} cores", f"{alone_s / together_s:.2f}"),
        Figure(f"speed-up of {cores} processes of bare simpy that share nothing", f"{cores * one_s / all_s:.2f}"),
    ]


def _yardsticks_s(number: int) -> float:
    """Wall time of the slowest of so many processes that each run the yardstick, from its start."""
    program = (
        "import time; from benchmarks.yardstick import simpy_timeouts_per_s as run; began_s = time.perf_counter()\n"
        "for _ in range(8): run(time.perf_counter)\n"
        "print(time.perf_counter() - began_s)"
    )
    command = [sys.executable, "-c", program]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(number)]
    return max(float(process.communicate()[0]) for process in processes)


def _wall_s(jobs: int) -> float:
    files = [str(SHIPPED / "exchange" / f"{name}.yaml") for name in _SCENARIOS]
    with tempfile.TemporaryDirectory() as directory:
        failing = str(Path(directory) / "failing_seeds.json")
        command = [
            sys.executable, "-m", "lab.cli", "suite", *files, "--jobs", str(jobs), "--json", "--keep", "verdicts",
            "--out", directory, "--failing", failing,
        ]  # fmt: skip
        began_s = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        return time.perf_counter() - began_s


def main() -> None:
    """Print the figures."""
    print(table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 2)))


if __name__ == "__main__":
    main()
