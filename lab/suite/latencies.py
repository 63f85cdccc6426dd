"""Latencies against a baseline: the same, lost, grown under every seed, or grown beyond noise.

Four questions, in this order; the first that is answered with yes decides.

1. Was a detection lost? Under a seed of both sides it came in time then, and now it comes late, not at all, or is not
   even due; or, without a common seed, it came in time more often than now, to the level of Fisher's exact test.
2. Is everything under the common seeds as it was? Then nothing happened.
3. Did it grow under every common seed by more than matters? Then it is slower, whatever the number of seeds: a run is
   deterministic, so each difference was caused.
4. Did the latencies as a whole grow: one-sided Mann–Whitney, p ≤ alpha; Cliff's delta ≥ effect; shift > what matters?

3 and 4 are asked of the latency since the alert was due (*slower*) and then of the time since the injection (*later*):
who loosens a limit is no slower from when it is due, and yet later. What got better is told only where neither got
worse. A miss counts as infinitely late, an outcome in doubt for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lab.suite.baseline import ExpectationBaseline, Rule
from lab.suite.observation import MISSED
from lab.suite.result import Change
from lab.suite.statistics import cliffs_delta, fell_p, grew_p, shift_of

_SAME_S = 1e-9
_LOST = (*MISSED, "never_due", "due_too_late")  # what is known for sure, and no detection in time
_SEEDS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What differs; ``what`` None: something does, and it is too little to matter."""

    what: Change | None
    gates: Literal["fail", ""] = ""
    before: str = ""
    after: str = ""
    because: str = ""


def compare_expectation(before: ExpectationBaseline, after: ExpectationBaseline, rule: Rule) -> Found | None:
    """What became of one expectation; None if everything under the common seeds is the same."""
    common = [seed for seed in after.latencies_s if seed in before.latencies_s]
    found = _lost(before, after, common, rule)
    if found is not None:
        return found
    if common and all(_alike(before, after, seed) for seed in common):
        return None
    matters_s = rule.matters_s(before.deadline_s)
    better: list[Found] = []  # what got better hides nothing that got worse
    gained = [seed for seed in common if before.outcome(seed) in _LOST and after.outcome(seed) == "detected"]
    if gained:
        better.append(Found("detection gained", "", _outcomes(before, gained), "detected", named(gained)))
    for measure, grew, shrank in _MEASURES:
        sides = (_proven(before, measure), _proven(after, measure))
        growth = _growth(sides[0], sides[1], common, rule, matters_s)
        if growth is not None:
            told = (_summary(sides[0]), _summary(sides[1]), growth.because)
            if growth.grew:
                return Found(grew, "fail", *told)
            better.append(Found(shrank, "", *told))
    return better[0] if better else Found(None)


_MEASURES: tuple[tuple[Literal["latencies_s", "since_injections_s"], Change, Change], ...] = (
    ("latencies_s", "slower", "faster"),
    ("since_injections_s", "later", "earlier"),
)


def named(seeds: Sequence[str]) -> str:
    """``same seed, 42`` or ``same seeds, 42, 43``; of many, the first."""
    more = f" and {len(seeds) - _SEEDS_NAMED} more" if len(seeds) > _SEEDS_NAMED else ""
    return f"same seed{'' if len(seeds) == 1 else 's'}, {', '.join(seeds[:_SEEDS_NAMED])}{more}"


def _lost(before: ExpectationBaseline, after: ExpectationBaseline, common: list[str], rule: Rule) -> Found | None:
    lost = [seed for seed in common if before.outcome(seed) == "detected" and after.outcome(seed) in _LOST]
    if lost:
        because = named(lost)
        if after.deadline_s != before.deadline_s:
            because += f"; the deadline was {before.deadline_s:g} s and is {after.deadline_s:g} s"
        then = f"detected within {before.deadline_s:g} s"
        return Found("detection lost", "fail", then, _outcomes(after, lost), because)
    sides = (_counted(before), _counted(after))
    if common or not sides[1][1]:
        return None
    p = fell_p(*sides)
    if p > rule.alpha:
        return None
    said = [f"{detected} of {detected + missed}" for detected, missed in sides]
    return Found("detection lost", "fail", said[0], said[1], f"no seed in common; Fisher's exact p = {p:.2g}")


@dataclass(frozen=True, slots=True)
class _Growth:
    grew: bool  # or shrank
    because: str


def _growth(
    before: Mapping[str, float], after: Mapping[str, float], common: list[str], rule: Rule, matters_s: float
) -> _Growth | None:
    """Whether times grew or shrank: under every common seed, or beyond noise as a whole."""
    differences = [
        after[seed] - before[seed]
        for seed in common
        if math.isfinite(before.get(seed, math.inf)) and math.isfinite(after.get(seed, math.inf))
    ]
    if differences:
        n = f"{len(differences)} common seed{'' if len(differences) == 1 else 's'}"
        if min(differences) > matters_s:
            return _Growth(True, f"{n}, each by {min(differences):.3f} s or more; {matters_s:.3g} s matter")
        if max(differences) < -matters_s:
            return _Growth(False, f"{n}, each by {-max(differences):.3f} s or more; {matters_s:.3g} s matter")
    old_s, new_s = list(before.values()), list(after.values())
    if not old_s or not new_s:
        return None
    if because := _beyond_noise(old_s, new_s, rule, matters_s):
        return _Growth(True, because)
    if because := _beyond_noise(new_s, old_s, rule, matters_s):
        return _Growth(False, because)
    return None


def _beyond_noise(less: list[float], more: list[float], rule: Rule, matters_s: float) -> str:
    """Why ``more`` is more than noise makes of ``less``; empty if it is not."""
    effect, shift_s = cliffs_delta(less, more), shift_of(less, more)
    if effect < rule.effect or shift_s <= matters_s:
        return ""
    p = grew_p(less, more)
    if p > rule.alpha:
        return ""
    return (
        f"Mann–Whitney p = {p:.2g}, Cliff's delta {effect:.2f}, shift {shift_s:.3f} s, n = {len(less)} and {len(more)}"
    )


def _alike(before: ExpectationBaseline, after: ExpectationBaseline, seed: str) -> bool:
    return (
        before.outcome(seed) == after.outcome(seed)
        and _same(before.latencies_s[seed], after.latencies_s[seed])
        and _same(before.since_injections_s.get(seed), after.since_injections_s.get(seed))
    )


def _same(old: float | None, new: float | None) -> bool:
    return old == new if old is None or new is None else abs(old - new) <= _SAME_S


def _proven(one: ExpectationBaseline, measure: Literal["latencies_s", "since_injections_s"]) -> dict[str, float]:
    """Times of what was proven, misses infinite."""
    times_s = one.latencies_s if measure == "latencies_s" else one.since_injections_s
    return {
        seed: math.inf if time_s is None else time_s
        for seed, time_s in times_s.items()
        if time_s is not None or one.outcome(seed) in MISSED
    }


def _counted(one: ExpectationBaseline) -> tuple[int, int]:
    """How often in time, and how often not."""
    outcomes = [one.outcome(seed) for seed in one.latencies_s]
    return outcomes.count("detected"), sum(outcome in _LOST for outcome in outcomes)


def _summary(times_s: Mapping[str, float]) -> str:
    """``2.104 s`` of one seed, ``1.9 to 2.4 s, n = 8`` of several."""
    known = sorted(one for one in times_s.values() if math.isfinite(one))
    if not known:
        return "none"
    return f"{known[0]:.3f} s" if len(known) == 1 else f"{known[0]:.3f} to {known[-1]:.3f} s, n = {len(known)}"


def _outcomes(one: ExpectationBaseline, seeds: list[str]) -> str:
    return ", ".join(dict.fromkeys(one.outcome(seed).replace("_", " ") for seed in seeds))
