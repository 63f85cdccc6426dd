"""Memory of a judge does not grow with the run."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from benchmarks.correlator import write_journal
from correlator.judge import judge


def peak_mb(path: Path) -> float:
    judge(path, None)  # imports and caches
    tracemalloc.start()
    judge(path, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def test_four_times_the_history_takes_no_more_memory(tmp_path: Path) -> None:
    assert write_journal(tmp_path / "short.journal", 0.6) > 50_000
    write_journal(tmp_path / "long.journal", 2.4)
    short_mb, long_mb = peak_mb(tmp_path / "short.journal"), peak_mb(tmp_path / "long.journal")
    assert long_mb < short_mb * 1.15, (short_mb, long_mb)
