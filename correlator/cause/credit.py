"""Credit: whether what answers an expectation was brought about by the injection that the expectation names.

An alert that comes without it too, in the control or in the arm that leaves only it out, is no detection of it: a
monitor that is deaf to this harm would have fired all the same. One that stood long before in that arm is credited: it
is the injection that put its moment off, as the death of a monitor does that has to tell of a breach anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from correlator.cause.presence import UNKNOWN, Presence

Doubt = tuple[Literal["in_control", "other_cause", "cause_unknown"], str]


def why_not_credited(
    injection: str | None, began: int, in_control: bool, without: Mapping[str, Presence], verb: str
) -> Doubt | None:
    """Why something cannot be credited to the injection that an expectation names; None if it can.

    Args:
        injection: the name; None where any injection will do.
        began: how many injections began; with a single one the control says all.
        in_control: whether it comes without any injection.
        without: how it fares in each arm that leaves out one injection alone, by its name.
        verb: what it does, for the reason: ``fires``, ``is taken``.
    """
    if in_control:
        return "in_control", f"it {verb} without the injection too: the injection did not bring it about"
    if injection is None or began < 2:
        return None
    presence = without.get(injection, UNKNOWN)
    if presence.state == "unknown":
        return "cause_unknown", f"whether it {verb} without {injection} too cannot be told: no such run tells"
    if presence.state == "there":
        return "other_cause", f"it {verb} without {injection} too: other injections brought it about"
    return None
