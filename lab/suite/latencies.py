"""Latencies against a baseline: the same, lost, grown beyond noise, or grown under every seed.

Four questions, in this order; the first that is answered with yes decides.

1. Was a detection lost? Under a seed of both sides it came in time then and does not now; or, without a common seed,
   it was always in time and no longer is, to the level of Fisher's exact test.
2. Is every latency of the common seeds as it was, and nothing else? Then nothing happened.
3. Did every common seed grow by more than matters? Then it is slower, whatever the number of seeds: a run is
   deterministic, so each difference is caused.
4. Did the latencies as a whole grow (one-sided Mann–Whitney, p ≤ alpha; Cliff's delta ≥ effect; shift > what matters)?

A miss counts as infinitely late, an outcome in doubt for nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from lab.suite.baseline import ExpectationBaseline, Rule
from lab.suite.observation import MISSED
from lab.suite.result import Change
from lab.suite.statistics import cliffs_delta, fell_p, grew_p, shift_of, smallest_p

_SAME_S = 1e-9


@dataclass(frozen=True, slots=True)
class Found:
    """What differs; ``what`` None: something does, and it is too little to matter."""

    what: Change | None
    gates: Literal["fail", ""] = ""
    before: str = ""
    after: str = ""
    because: str = ""


def compare_expectation(before: ExpectationBaseline, after: ExpectationBaseline, rule: Rule) -> Found | None:
    """What became of one expectation; None if every latency and outcome under the common seeds is the same."""
    common = [seed for seed in after.latencies_s if seed in before.latencies_s]
    found = _lost(before, after, common, rule)
    if found is not None:
        return found
    if common and all(_alike(before, after, seed) for seed in common):
        return None
    gained = [seed for seed in common if _missed(before, seed) and after.outcome(seed) == "detected"]
    if gained:
        return Found(
            "detection gained", "", _outcomes(before, gained), "detected", f"same seed, {', '.join(gained[:5])}"
        )
    return _grown(before, after, common, rule)


def _lost(before: ExpectationBaseline, after: ExpectationBaseline, common: list[str], rule: Rule) -> Found | None:
    lost = [seed for seed in common if before.outcome(seed) == "detected" and _missed(after, seed)]
    if lost:
        because = f"same seed, {', '.join(lost[:5])}{'' if len(lost) <= 5 else ', …'}"
        if after.deadline_s != before.deadline_s:
            because += f"; the deadline was {before.deadline_s:g} s and is {after.deadline_s:g} s"
        return Found(
            "detection lost", "fail", f"detected within {before.deadline_s:g} s", _outcomes(after, lost), because
        )
    if common:
        return None
    sides = [
        (
            sum(one.outcome(seed) == "detected" for seed in one.latencies_s),
            sum(_missed(one, seed) for seed in one.latencies_s),
        )
        for one in (before, after)
    ]
    if not sides[1][1]:
        return None
    p = fell_p(*sides)
    if p > rule.alpha:
        return None
    said = [f"{detected} of {detected + missed}" for detected, missed in sides]
    return Found("detection lost", "fail", said[0], said[1], f"no seed in common; Fisher's exact p = {p:.2g}")


def _grown(before: ExpectationBaseline, after: ExpectationBaseline, common: list[str], rule: Rule) -> Found:
    matters_s = rule.matters_s(before.deadline_s)
    pairs = [
        (old, new)
        for seed in common
        if (old := before.latencies_s[seed]) is not None and (new := after.latencies_s[seed]) is not None
    ]
    said = (_summary(before), _summary(after))
    if pairs:
        differences = [new - old for old, new in pairs]
        n = f"{len(pairs)} common seed{'' if len(pairs) == 1 else 's'}"
        if min(differences) > matters_s:
            because = f"{n}, each slower by {min(differences):.3f} s or more; {matters_s:.3g} s matter"
            return Found("slower", "fail", *said, because)
        if max(differences) < -matters_s:
            return Found("faster", "", *said, f"{n}, each faster by {-max(differences):.3f} s or more")
    old_s, new_s = _proven(before), _proven(after)
    if not old_s or not new_s or smallest_p(len(old_s), len(new_s)) > rule.alpha:
        return Found(None)
    if because := _beyond_noise(old_s, new_s, rule, matters_s):
        return Found("slower", "fail", *said, because)
    if because := _beyond_noise(new_s, old_s, rule, matters_s):
        return Found("faster", "", *said, because)
    return Found(None)


def _beyond_noise(less: list[float], more: list[float], rule: Rule, matters_s: float) -> str:
    """Why ``more`` is more than noise makes of ``less``; empty if it is not."""
    p, effect, shift_s = grew_p(less, more), cliffs_delta(less, more), shift_of(less, more)
    if p > rule.alpha or effect < rule.effect or shift_s <= matters_s:
        return ""
    return (
        f"Mann–Whitney p = {p:.2g}, Cliff's delta {effect:.2f}, shift {shift_s:.3f} s, n = {len(less)} and {len(more)}"
    )


def _missed(one: ExpectationBaseline, seed: str) -> bool:
    return one.outcome(seed) in MISSED


def _alike(before: ExpectationBaseline, after: ExpectationBaseline, seed: str) -> bool:
    if before.outcome(seed) != after.outcome(seed):
        return False
    old, new = before.latencies_s[seed], after.latencies_s[seed]
    return old == new if old is None or new is None else abs(old - new) <= _SAME_S


def _proven(one: ExpectationBaseline) -> list[float]:
    """Latencies of what was proven, misses infinite."""
    return [
        math.inf if latency_s is None else latency_s
        for seed, latency_s in one.latencies_s.items()
        if latency_s is not None or _missed(one, seed)
    ]


def _summary(one: ExpectationBaseline) -> str:
    """``2.104 s`` of one seed, ``1.9 to 2.4 s, n = 8`` of several."""
    known = sorted(latency_s for latency_s in one.latencies_s.values() if latency_s is not None)
    if not known:
        return "none"
    return f"{known[0]:.3f} s" if len(known) == 1 else f"{known[0]:.3f} to {known[-1]:.3f} s, n = {len(known)}"


def _outcomes(one: ExpectationBaseline, seeds: list[str]) -> str:
    return ", ".join(dict.fromkeys(one.outcome(seed) for seed in seeds))
