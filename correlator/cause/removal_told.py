"""Removal told: what leaving injections out showed of one event, in sentences that claim no more than that."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from correlator.cause.graph import Dependence, Influence
from correlator.cause.removal import Removed
from correlator.cause.words import capitalised, listed


def sentences(found: Dependence, what: str, arms: Collection[Removed]) -> list[str]:
    """What removal showed of an event.

    Args:
        found: its dependence.
        what: the event, as the subject of a sentence: ``it``, ``this``.
        arms: what is left out, of what began, in each arm that can be believed.
    """
    told: list[str] = []
    if found.in_control:
        told.append(f"{capitalised(what)} comes without any injection too, and is credited to none.")
    for removed in found.removals:
        if len(removed) > 1:
            each = ": each of them would do" if _each_would_do(found, removed, arms) else ""
            told.append(f"{capitalised(what)} is gone where {listed(removed)} are left out together{each}.")
    needed = [one.injection for one in found.influences if one.strength == "necessary"]
    if len(needed) == 1:
        told.append(f"Without {needed[0]} {what} does not come.")
    elif needed:
        told.append(f"{capitalised(what)} comes neither without {' nor without '.join(needed)}.")
    told += [text for one in found.influences if (text := _influence(one, what))]
    innocent = [one.injection for one in found.influences if one.strength == "independent"]
    if innocent and not found.in_control:
        told.append(f"{capitalised(what)} does not hang on {' or '.join(innocent)}.")
    if found.note:
        told.append(f"{capitalised(found.note)}.")
    return told


def because(found: Dependence) -> str:
    """What an event hangs on, in a few words: ``because of theft and of slide or noise, put off by cut_off``.

    Of each of the smallest removals at least one injection must be there. What is alone in one and only brought the
    event forward is told as that.
    """
    if not found.depends_on:
        return "what it depends on is not known"
    shifts_s = {one.injection: one.shift_s or 0.0 for one in found.influences if one.strength == "shifted"}
    causes = [removed for removed in found.removals if len(removed) > 1 or removed[0] not in shifts_s]
    alone = [removed[0] for removed in causes if len(removed) == 1]
    clauses = [listed(alone)] if alone else []
    clauses += [listed(removed, "or") for removed in causes if len(removed) > 1]
    told = [f"because of {' and of '.join(clauses)}"] if clauses else []
    for when, sign in (("put off", 1), ("brought forward", -1)):
        by = [name for name, shift_s in shifts_s.items() if shift_s * sign > 0]
        told += [f"{when} by {listed(by)}"] if by else []
    return ", ".join(told)


def _each_would_do(found: Dependence, removed: Sequence[str], arms: Collection[Removed]) -> bool:
    """Whether the event was seen to come where all of these but one are left out, whichever the one is, and there is no
    other way to do away with it in which one of them plays a part."""
    if any(set(other) & set(removed) for other in found.removals if list(other) != list(removed)):
        return False
    others = [tuple(name for name in removed if name != one) for one in removed]
    strengths = {one.injection: one.strength for one in found.influences}
    return all(other in arms and all(strengths[name] == "either" for name in other) for other in others)


def _influence(one: Influence, what: str) -> str:
    """What leaving one injection out does, beyond doing away with it."""
    match one.strength:
        case "unknown":
            return f"Whether {what} comes without {one.injection} is not known."
        case "shifted" | "either" if one.shift_s is not None and abs(one.shift_s) >= 1.0:
            when = "earlier" if one.shift_s > 0 else "later"
            return f"Without {one.injection} {what} comes {abs(one.shift_s):.3f} s {when}."
        case _:
            return ""
