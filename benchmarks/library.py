"""Wall time of the whole library: every case of every shipped scenario, one seed, with its arms and its verdict.

python -m benchmarks.library [SCENARIO …]
"""

from __future__ import annotations

import collections
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, table
from lab.playing.pool import Job
from lab.playing.progress import Finished, Progress
from lab.playing.trials import play, settled
from lab.scenario.resolve import SHIPPED, load_scenario, scenario_files


def measure(files: list[str] | None = None) -> list[Figure]:
    """Play the scenarios as a suite does, from reading their files to the last verdict."""
    named = [Path(file) for file in files] if files else scenario_files(SHIPPED)
    verdicts: collections.Counter[str] = collections.Counter()
    arms: list[float] = []

    def hear(job: Job, told: Progress) -> None:
        if isinstance(told, Finished):
            arms.append(told.wall_s)

    simulated_s = 0.0
    began_s = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        experiments = settled([one for file in named for one in load_scenario(file).experiments])
        for trial in play(experiments, Path(directory), keep="verdicts", hear=hear):
            verdicts[trial.verdict] += 1
            simulated_s += 0.0 if trial.judgement is None else trial.judgement.ended.at_s
    took_s = time.perf_counter() - began_s
    told_of = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    return [
        Figure(f"library of {len(named)} scenarios, {verdicts.total()} cases", f"{took_s:.0f} s"),
        Figure("of which simulated", f"{len(arms)} arms in {sum(arms):.0f} s of all cores together"),
        Figure("that were judged", f"{simulated_s / 3600:,.0f} simulated hours beside the controls"),
        Figure("verdicts", told_of),
    ]


def main() -> None:
    """Print the figures."""
    print(table(measure(sys.argv[1:])))


if __name__ == "__main__":
    main()
