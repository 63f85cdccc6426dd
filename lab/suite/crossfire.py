"""Cross-fire: which harm sets off which mandate that its case does not expect, and whether the harm truly broke it."""

from __future__ import annotations

from collections.abc import Sequence

from lab.suite.observation import Observation
from lab.suite.result import CrossFire


def cross_fire(observations: Sequence[Observation]) -> list[CrossFire]:
    """A cell for each scenario, harm and mandate where it happened, sorted; empty cells are left out."""
    runs: dict[tuple[str, str], list[Observation]] = {}
    for one in observations:
        if one.faults and one.code:
            runs.setdefault((one.scenario, "+".join(one.faults)), []).append(one)
    cells = []
    for (scenario, fault), played in sorted(runs.items()):
        for mandate in sorted({stray.mandate for one in played for stray in one.strays}):
            met = [stray for one in played for stray in one.strays if stray.mandate == mandate]
            cells.append(
                CrossFire(
                    scenario=scenario,
                    fault=fault,
                    mandate=mandate,
                    true=sum(stray.true for stray in met),
                    false=sum(stray.false for stray in met),
                    doubtful=sum(stray.doubtful for stray in met),
                    cases=len(met),
                    runs=len(played),
                )
            )
    return cells
