"""State: what became of one expectation at one point of a search, so that points can be put in order.

What the truth did not make due was *not owed*, and silence is right. What was owed is *noticed* if it came by its
deadline, else *late* or *missed*; so near to its bound that honest monitors differ, it is *doubtful*, and excused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from correlator.verdict import ExpectationOutcome, Judgement
from lab.judging.detection import detection_of
from lab.scenario.demands import Expectation
from lab.scenario.units import format_duration

State = Literal["not_owed", "doubtful", "noticed", "late", "missed", "unknown"]

_WORST_FIRST: tuple[State, ...] = ("missed", "late", "unknown", "doubtful", "noticed", "not_owed")
_NOT_OWED = ("never_due", "due_too_late", "no_effect")
_UNTOLD = ("in_control", "other_cause", "cause_unknown", "stood_already", "interrupted", "not_judged")


def state_of(outcome: ExpectationOutcome) -> State:
    """The state of one expectation in one run. What must follow it (an escalation, containment) is no question here."""
    came_to = detection_of(outcome)
    if came_to in _NOT_OWED:
        return "not_owed"
    if came_to in _UNTOLD:
        return "unknown"
    if came_to == "doubtful":
        return "doubtful"
    if came_to == "failed" or outcome.detected_at_s is None:
        return "missed"
    if outcome.deadline_at_s is not None and outcome.detected_at_s > outcome.deadline_at_s:
        return "late"
    return "noticed"


def together(states: Iterable[State]) -> State:
    """The state of a point over its seeds: the worst of them, where a seed to which nothing was owed says least."""
    return min(states, key=_WORST_FIRST.index, default="unknown")


def is_owed(state: State) -> bool | None:
    """Whether the truth made it due; None: not known."""
    return None if state == "unknown" else state != "not_owed"


def is_noticed(state: State) -> bool | None:
    """Whether it came by its deadline; None: not known."""
    return None if state == "unknown" else state == "noticed"


def is_answered(state: State) -> bool | None:
    """Whether it came at all, in time or late; None: not known."""
    return None if state == "unknown" else state in ("noticed", "late")


def states_in(judgement: Judgement | None, chosen: Sequence[int]) -> tuple[State, ...]:
    """The states of the expectations at the places ``chosen`` of the scenario; unknown where nothing was judged, or the
    run broke off before anything was owed."""
    if judgement is None:
        return tuple("unknown" for _ in chosen)
    asked = [outcome for outcome in judgement.expectations if outcome.origin == "scenario"]
    found = [state_of(asked[place]) if place < len(asked) else "unknown" for place in chosen]
    broke_off = judgement.ended.reason not in ("completed", "stopped")
    return tuple("unknown" if broke_off and state == "not_owed" else state for state in found)


def describe_asked(expectation: Expectation) -> str:
    """``stablecoin_peg USDT warning within 15s``."""
    words = (expectation.alert or expectation.action or "", expectation.asset or "", expectation.severity or "")
    of = "" if expectation.of == "breach" else f" of the {expectation.of}"
    return f"{' '.join(word for word in words if word)} within {format_duration(expectation.within_ns)}{of}"
