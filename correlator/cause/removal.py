"""Removal: what an event depends on, from the arms in which it is still there and those in which it is gone.

*Necessary* is what an event does not come without. An event is *overdetermined* if none of several injections is
necessary, and yet it is gone when all of them are left out: some of them would do without the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from correlator.cause.graph import Dependence, Influence, Strength
from correlator.cause.presence import UNKNOWN, Presence

SAME_MOMENT_NS = 1_000_000_000
"""What moved by less than this did not move: two computations of one moment may differ by as much."""

Removed = tuple[str, ...]
"""Names of the injections that an arm leaves out, in the order of the timeline."""


def depend(node: str, names: Sequence[str], presences: Mapping[Removed, Presence]) -> Dependence:
    """What the event that ``node`` stands for depends on.

    Args:
        node: its id in the graph.
        names: the injections that began, in the order of the timeline.
        presences: how it fares in each arm that there is; an arm that cannot be read is unknown or missing.
    """
    everything = tuple(names)
    control = presences.get(everything)
    in_control = None if control is None or control.state == "unknown" else control.stands
    gone = [removed for removed, presence in presences.items() if presence.is_away]
    smallest = sorted(
        (removed for removed in gone if not any(set(other) < set(removed) for other in gone)),
        key=lambda removed: (len(removed), [everything.index(name) for name in removed]),
    )
    removals = [] if in_control is not False else smallest
    influences = [_influence(name, presences, removals) for name in names]
    depends_on = [name for name in names if any(name in removed for removed in removals)]
    return Dependence(
        node,
        in_control,
        influences,
        depends_on,
        [list(removed) for removed in removals],
        _note(everything, presences, removals, in_control),
    )


def _influence(name: str, presences: Mapping[Removed, Presence], removals: Sequence[Removed]) -> Influence:
    presence = presences.get((name,))
    if presence is None or presence.state == "unknown":
        return Influence(name, "unknown")
    if presence.state == "gone":
        return Influence(name, "necessary")
    assert presence.shift_ns is not None  # what is there, or moved, has a time
    shift_s = round(presence.shift_ns / 1e9, 6)
    strength: Strength = "independent"
    if presence.stands and any(name in removed for removed in removals):
        strength = "either"
    elif abs(presence.shift_ns) >= SAME_MOMENT_NS:
        strength = "shifted"
    return Influence(name, strength, shift_s)


def _note(
    everything: Removed, presences: Mapping[Removed, Presence], removals: Sequence[Removed], in_control: bool | None
) -> str:
    """What is not known, and what would tell."""
    if in_control is None:
        return "no run without any injection tells whether it comes of itself"
    untold = [name for name in everything if presences.get((name,), UNKNOWN).state == "unknown"]
    if untold:
        return f"no run without {' or '.join(untold)} tells whether it comes without"
    larger = [removed for removed in removals if len(removed) > 2]
    if larger and not any(len(removed) < len(everything) for removed in presences if len(removed) > 1):
        names = ", ".join(larger[0])
        return f"none of {names} is needed by itself; runs without two of them tell more: lab run --removals all"
    return ""
