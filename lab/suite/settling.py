"""Settling a suite: each world is looked at once, however many cases and seeds are played in it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from lab.playing.pool import Team
from lab.playing.trials import settled
from lab.scenario.model import Experiment


def settle_suite(
    experiments: Sequence[Experiment], sets: Sequence[str] = (), team: Team | None = None
) -> list[Experiment]:
    """The experiments with their starts fixed. When a market begins, and whether its data is sound, hangs on no seed.
    ``team`` looks, and stays.

    Raises:
        ScenarioError: a market cannot be played.
        TrialError: the data could not be looked at.
    """
    keys = [
        msgspec.json.encode((one.market, one.firm, one.start_ns, one.duration_ns), order="deterministic")
        for one in experiments
    ]
    worlds: dict[bytes, Experiment] = {}
    for key, one in zip(keys, experiments, strict=True):
        worlds.setdefault(key, one)
    looked_at = settled(list(worlds.values()), sets=sets, team=team)
    starts_ns = {key: one.start_ns for key, one in zip(worlds, looked_at, strict=True)}
    return [msgspec.structs.replace(one, start_ns=starts_ns[key]) for key, one in zip(keys, experiments, strict=True)]
