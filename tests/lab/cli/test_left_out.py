"""What is said of runs that cannot be used."""

from __future__ import annotations

from lab.cli.left_out import left_out_lines
from lab.evidence.manifest import LeftOut


def test_runs_left_out_for_one_reason_are_counted_and_not_listed() -> None:
    unkept = [LeftOut(f"outage/noticed/seed-{seed}", "its journals were not kept") for seed in range(400)]
    unjudged = LeftOut("crash/noticed/seed-1", "it has no verdict (lab judge gives it one)")
    assert left_out_lines([*unkept, unjudged]) == [
        "left out: outage/noticed/seed-0, outage/noticed/seed-1 and 398 more (--json",
        "  names each): its journals were not kept",
        "left out: crash/noticed/seed-1: it has no verdict (lab judge gives it one)",
    ]
    assert left_out_lines([]) == []
