"""Presence: whether something that happened in the run happens in an arm too, and by how much it moved.

Two happenings are the same if they are of one rule (mandate, subject, severity; for an action control and subject) and
the arm's stands, give or take ``CONTROL_TOLERANCE_NS``, when the run's begins. Beyond that tolerance it *stood* already
if the arm's began earlier, and *moved* if it begins later, while the run's still stands. Everything else is gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from correlator.actions import ActionEpisode
from correlator.alerts import CONTROL_TOLERANCE_NS, Episode
from correlator.truth.intervals import Interval


class Stand(msgspec.Struct, frozen=True):
    """Something that stood from one moment to another; to the end of the history if ``to_ns`` is None."""

    from_ns: int
    to_ns: int | None


class Presence(msgspec.Struct, frozen=True):
    """How one happening of the run fares in an arm. ``shift_ns``: its time in the run less its time in the arm."""

    state: Literal["there", "stood", "moved", "gone", "unknown"]
    shift_ns: int | None = None

    @property
    def is_away(self) -> bool:
        """Whether it does not stand at its moment in the run."""
        return self.state in ("gone", "moved")

    @property
    def stands(self) -> bool:
        """Whether it does."""
        return self.state in ("there", "stood")


UNKNOWN = Presence("unknown")


def compare(ours: Stand, theirs: Iterable[Stand], told_until_ns: int | None = None) -> Presence:
    """Look for a happening of the run among those of the same kind in an arm, which come in the order they began.

    ``told_until_ns`` is where the arm's history ends, if that is before the run's: after it, nothing is known.
    """
    stands = list(theirs)
    at_ns = ours.from_ns
    there = [
        stand
        for stand in stands
        if stand.from_ns - CONTROL_TOLERANCE_NS <= at_ns
        and (stand.to_ns is None or at_ns <= stand.to_ns + CONTROL_TOLERANCE_NS)
    ]
    if there:
        nearest = min(there, key=lambda stand: abs(stand.from_ns - at_ns))
        shift_ns = at_ns - nearest.from_ns
        return Presence("there" if shift_ns <= CONTROL_TOLERANCE_NS else "stood", shift_ns)
    if told_until_ns is not None and at_ns + CONTROL_TOLERANCE_NS > told_until_ns:
        return UNKNOWN
    for stand in stands:
        if stand.from_ns > at_ns and (ours.to_ns is None or stand.from_ns <= ours.to_ns):
            return Presence("moved", at_ns - stand.from_ns)
    return Presence("gone")


def of_alert(episode: Episode) -> Stand:
    """An alert stands from firing to resolution."""
    assert episode.fired_ns is not None  # what never fired is no alert
    return Stand(episode.fired_ns, episode.resolved_ns)


def of_action(action: ActionEpisode) -> Stand:
    """An action stands from when it was taken until it was over."""
    return Stand(action.taken_ns, action.ended_ns)


def of_breach(breach: Interval) -> Stand:
    """A breach stands from when it was due, or else from when it began, until it was over."""
    return Stand(breach.begins_ns if breach.due_ns is None else breach.due_ns, breach.ends_ns)
