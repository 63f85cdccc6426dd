"""What a campaign finds: each mutant's fate, and what that says of the scenarios.

Written as JSON by ``--json`` and to ``mutants.json``. Nothing here hangs on the clock or the order in which runs end.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from correlator.verdict import Verdict
from lab.mutants.mutant import Level

FORMAT = "riskproof-mutants/1"

Fate = Literal["killed", "survived", "unreached", "unshown", "equivalent", "not_equivalent", "not_tried"]
"""``unreached``: a mutant of the code whose place no case gets to; ``unshown``: one that does as the monitor does in
all cases that do. ``not_equivalent``: stated to be equivalent, and
killed all the same. ``not_tried``: no case runs with it."""

SURVIVING: tuple[Fate, ...] = ("survived", "unreached", "unshown", "not_tried")


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """A case whose verdict is worse with the mutant. ``crashed``: because the mutant did not come through the run."""

    scenario: str
    case: str
    seed: int
    before: Verdict
    after: Verdict
    crashed: bool
    reason: str

    @property
    def name(self) -> str:
        return f"{self.scenario}/{self.case}"


class MutantResult(msgspec.Struct, frozen=True, kw_only=True):
    """One mutant. ``survived``: cases (``scenario/case``) whose verdict is no worse with it; ``untried`` how many more
    could have been run; of those looked at ``unmet`` never get to what it changed, and in ``unseen`` it
    does all as the monitor does. ``why``: the stated reason
    of an equivalent.
    """

    id: str
    level: Level
    operator: str
    what: str
    place: str
    mandates: list[str]
    fate: Fate
    killed_by: list[Kill]
    survived: list[str]
    untried: int
    unmet: int = 0
    unseen: int = 0
    why: str = ""
    missing: str = ""

    @property
    def only_crashed(self) -> bool:
        return bool(self.killed_by) and all(kill.crashed for kill in self.killed_by)


class LevelCount(msgspec.Struct, frozen=True, kw_only=True):
    """Of one level and operator: how many mutants there could be, were run, and what became of them."""

    level: Level
    operator: str
    possible: int
    run: int
    killed: int
    crashed: int
    equivalent: int
    survived: int
    unreached: int
    unshown: int
    not_tried: int


class ScenarioCount(msgspec.Struct, frozen=True, kw_only=True):
    """What one scenario did: mutants that it was run against, that it killed, and that nothing else killed."""

    scenario: str
    tried: int
    killed: int
    alone: int


class MutantsResult(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign. ``troubles``: runs that could not be judged, which count for nothing. ``all_kills``: none was let
    off after its first kill, so that ``adds_nothing`` may be claimed of the scenarios that killed nothing which another
    did not kill."""

    format: str = FORMAT
    code: str
    seed: int
    cases_each: int
    all_kills: bool
    finished: bool
    possible: dict[str, int]
    counts: list[LevelCount]
    mutants: list[MutantResult]
    scenarios: list[ScenarioCount]
    adds_nothing: list[str]
    baseline_not_passing: list[str]
    lacking: list[str]
    troubles: list[str]
    unused_equivalents: list[str]
    plays: int
    simulated_s: float
    source_kill_rate: tuple[float, float] | None = None
