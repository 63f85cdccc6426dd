"""Wall time of the whole library: every case of every shipped scenario, one seed, with its control and its verdict.

python -m benchmarks.library [SCENARIO …]
"""

from __future__ import annotations

import collections
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.figures import Figure, table
from lab.scenario.resolve import SHIPPED, scenario_files


def measure(files: list[str] | None = None) -> list[Figure]:
    """Run the scenarios as a user would, with one command."""
    named = files or [str(path) for path in scenario_files(SHIPPED)]
    with tempfile.TemporaryDirectory() as directory:
        began_s = time.perf_counter()
        command = [sys.executable, "-m", "lab.cli", "run", *named, "--out", directory, "--json"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        took_s = time.perf_counter() - began_s
        verdicts: collections.Counter[str] = collections.Counter()
        simulated_s = 0.0
        for verdict in sorted(Path(directory).rglob("verdict.json")):
            told = msgspec.json.decode(verdict.read_bytes())
            verdicts[told["verdict"]] += 1
            simulated_s += told["ended"]["at_s"]
    told_of = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    return [
        Figure(f"library of {len(named)} scenarios, {verdicts.total()} cases", f"{took_s:.0f} s"),
        Figure("of which simulated", f"{simulated_s / 3600:,.0f} h beside the controls"),
        Figure("verdicts", told_of),
    ]


def main() -> None:
    """Print the figures."""
    print(table(measure(sys.argv[1:])))


if __name__ == "__main__":
    main()
