"""Wall time and peak memory of one arm of the long depeg, simulated as ``lab run`` does it.

python -m benchmarks.long_run [HOURS]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, table
from lab.laboratory.market import settle_times
from lab.playing.progress import Finished, Progress
from lab.playing.simulate import simulate
from lab.scenario.resolve import SHIPPED, load_scenario


def measure(hours: int) -> list[Figure]:
    """Simulate one arm in this process; call it in a fresh one, for peak memory is the process's."""
    began_s = time.perf_counter()
    sets = [f"duration={hours}h", f"timeline.slide.ramp={hours - 1}h"]
    (experiment,) = load_scenario(SHIPPED / "stablecoin_depeg.yaml", case="noticed", sets=sets).experiments
    finished: list[Finished] = []

    def report(progress: Progress) -> None:
        if isinstance(progress, Finished):
            finished.append(progress)

    with tempfile.TemporaryDirectory() as directory:
        journal = Path(directory) / "run.journal"
        simulate(report, settle_times(experiment), "run", journal)
        size_mb = journal.stat().st_size / 1e6
    took_s = time.perf_counter() - began_s
    if finished[0].reason != "completed":
        raise RuntimeError(f"the run has {finished[0].reason}: {finished[0].detail}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    messages = f"{finished[0].messages:,} messages"
    return [
        Figure(f"depeg of {hours} h, one arm", f"{took_s:.1f} s for {messages}"),
        Figure(f"depeg of {hours} h, peak memory", f"{peak_mb:.0f} MiB, journal of {size_mb:.0f} MB"),
    ]


def main() -> None:
    """Print the figures."""
    print(table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 36)))


if __name__ == "__main__":
    main()
