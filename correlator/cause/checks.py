"""The check on cause: whether the arms are the same world, so that what is gone in one was really brought about."""

from __future__ import annotations

from collections.abc import Sequence

from correlator.case import Case
from correlator.cause.arms import Arm
from correlator.verdict import Check

_NAME = "causes"


def check_causes(case: Case, found: Sequence[Arm], settled: Sequence[Arm], broken: str) -> Check:
    """An arm that parts from the run before what it leaves out began belies the laboratory. One that is missing or
    damaged only leaves a cause unknown; an expectation that hangs on it says so itself.

    Args:
        found: the arms as they were read, the control last if there is one.
        settled: the same as far as they can be believed.
        broken: how building the causal graph broke, if it did.
    """
    if broken:
        return Check(_NAME, "unknown", broken)
    everything = tuple(plan.inject for plan in case.resolved.timeline)
    belied = [
        after
        for before, after in zip(found, settled, strict=True)
        if after.trouble and not before.trouble and after.removed != everything  # of the control another check tells
    ]
    if belied:
        return Check(_NAME, "unknown", f"the run without {', '.join(belied[0].removed)}: {belied[0].trouble}")
    if len(everything) < 2:
        return Check(_NAME, "pass", "the control is the run without its one injection")
    untold = [(arm.removed, arm.trouble) for arm in settled if arm.trouble and arm.removed != everything]
    missing = [name for name in everything if not any(arm.removed == (name,) for arm in settled)]
    told = [f"without {', '.join(removed)}: {trouble}" for removed, trouble in untold]
    told += [f"without {name}: there is no such run" for name in missing]
    if told:
        return Check(_NAME, "pass", f"not every cause can be told ({'; '.join(told[:3])})")
    return Check(_NAME, "pass", "every injection was left out once, to tell what it brought about")
