"""Checks: what must be sound before a run can say anything about the monitor."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import TypeVar

from correlator.case import ALL_MANDATES, Case
from correlator.injections import Difference, why_idle
from correlator.records import StrategyNote
from correlator.verdict import Check

T = TypeVar("T")

MONITOR_SILENCE_NS = 600_000_000_000
"""A monitor that has asked no venue for anything for this long is taken to be dead: its silence is no all-clear."""


def attempt(step: Callable[[], T]) -> tuple[T | None, str]:
    """Perform a step; if it breaks, None and how it broke."""
    try:
        return step(), ""
    except Exception:
        return None, f"judging this broke:\n{traceback.format_exc()}"


class Attempts:
    """Steps without which there is still a verdict to be given: one that breaks leaves what stands in for it, and keeps
    the verdict from being a pass."""

    def __init__(self) -> None:
        self.broken = ""
        """How the first that broke did."""

    def make(self, step: Callable[[], T], otherwise: Callable[[], T]) -> T:
        """Perform a step; if it breaks, ``otherwise``."""
        try:
            return step()
        except Exception:
            self.broken = self.broken or f"judging this broke:\n{traceback.format_exc()}"
            return otherwise()


def checked(name: str, check: Callable[[], Check]) -> Check:
    """Perform a check; one that breaks is unknown, with its traceback, and never passes."""
    found, broken = attempt(check)
    return found if found is not None else Check(name, "unknown", broken)


def check_history(case: Case, reason: str, detail: str) -> Check:
    """The run must have reached its end; one that a stop condition of the scenario ended has."""
    if reason == "stopped":
        reached_s = (case.end_ns - case.start_ns) / 1e9
        return Check("history", "pass", f"a stop condition ended the run after {reached_s:.0f} s: {detail}")
    if case.completed:
        return Check("history", "pass", "the run reached its end")
    reached_s = (case.end_ns - case.start_ns) / 1e9
    return Check("history", "unknown", f"the run was {reason} after {reached_s:.0f} s{': ' + detail if detail else ''}")


def check_world(violations: list[str], imbalances: list[str]) -> Check:
    """Value must be conserved, and nobody can have spent what he did not have: else the world itself was wrong."""
    wrong = [*violations, *imbalances]
    if wrong:
        return Check("world", "unknown", f"the simulated world was wrong: {'; '.join(wrong[:3])}")
    return Check("world", "pass", "every ledger adds up, and nobody spent what he did not have")


def check_truth(case: Case) -> Check:
    """Every mandate's truth must have been computed."""
    if not case.failures:
        return Check("truth", "pass", "the truth of every mandate was computed")
    mandate, failure = next(iter(case.failures.items()))
    subject = "any mandate" if mandate == ALL_MANDATES else mandate
    return Check("truth", "unknown", f"the truth of {subject} could not be computed:\n{failure}")


def check_monitor(case: Case, last_request_ns: int | None, dropped: int) -> Check:
    """The monitor must have been at work until the end."""
    if last_request_ns is None:
        return Check("monitor", "unknown", "the monitor asked no venue for anything: it was not at work")
    silent_ns = case.end_ns - last_request_ns
    if silent_ns > MONITOR_SILENCE_NS:
        return Check(
            "monitor", "unknown", f"the monitor asked no venue for anything in the last {silent_ns / 1e9:.0f} s"
        )
    if dropped:
        return Check("monitor", "unknown", f"{dropped} alerts beyond the bound were not kept and cannot be judged")
    return Check("monitor", "pass", "the monitor was at work until the end")


def check_control(case: Case, mismatch: str | None, difference: Difference | None) -> Check:
    """What differs between run and control must be the injection's doing."""
    if not case.resolved.timeline:
        return Check("control", "pass", "nothing was injected: the run is its own control")
    if mismatch is not None:
        return Check("control", "unknown", mismatch)
    began_ns = case.first_began_ns()
    if difference is not None and (began_ns is None or difference.at_ns < began_ns):
        at_s = (difference.at_ns - case.start_ns) / 1e9
        return Check(
            "control", "unknown", f"run and control differ at {at_s:.3f} s already, before anything was injected"
        )
    return Check("control", "pass", "run and control are the same until the first injection")


def check_effects(case: Case, unseen: Sequence[str]) -> Check:
    """Every injection must have taken effect: a harm that did no harm tests nothing. One that shows nothing is what was
    asked for where it brought about a breach that nobody is to see (``unseen``)."""
    idle = [known for known in case.injections.values() if known.took_effect_ns is None]
    untested = [known for known in idle if known.name not in unseen]
    if untested:
        whys = [why_idle(known, case.cut_short_ns()) for known in untested]
        told = "; ".join(
            f"{known.name} ({why})" if why else known.name for known, why in zip(untested, whys, strict=True)
        )
        return Check("effects", "unknown", f"never took effect: {told}")
    if idle:
        names = ", ".join(known.name for known in idle)
        return Check("effects", "pass", f"production shows nothing of {names}, as the scenario says")
    return Check("effects", "pass", "every injection took effect" if case.injections else "nothing was injected")


def check_strategies(case: Case, crashes: list[StrategyNote]) -> Check:
    """A strategy that raised an exception has traded no more, and is named. One that did so before anything was
    injected makes another firm of the one that was to be tested."""
    if not crashes:
        return Check("strategies", "pass", "no strategy raised an exception")
    told = [f"{crash.source} at {(crash.at_ns - case.start_ns) / 1e9:.3f} s: {crash.detail}" for crash in crashes[:3]]
    more = f" and {len(crashes) - 3} more" if len(crashes) > 3 else ""
    reason = f"strategies raised exceptions and were stopped: {'; '.join(told)}{more}"
    began_ns = case.first_began_ns()
    unprovoked = began_ns is None or crashes[0].at_ns < began_ns
    return Check("strategies", "unknown" if unprovoked else "pass", reason)


def check_asked(case: Case, owed: int) -> Check:
    """The scenario must ask something of the monitor."""
    resolved = case.resolved
    if resolved.expect or resolved.forbid or resolved.expect_miss or resolved.assertions or owed:
        return Check("asked", "pass", "the scenario asks something of the monitor")
    if resolved.judge_all_ns is not None:
        return Check("asked", "unknown", "every rule was to be judged when due, but none became due")
    return Check("asked", "unknown", "the scenario neither expects, forbids nor asserts anything")
