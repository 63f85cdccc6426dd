"""Arms: runs of the same world that leave some injections out, read as far as cause needs them.

An arm is read whole, its truth included, because a mandate that was never due in it is what shows that the injection
made it due. Its truth is computed only of the mandates that are compared: ``compared_mandates``.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from correlator.actions import ActionEpisode
from correlator.alerts import LOOKBACK_NS, Episode
from correlator.case import ALL_MANDATES
from correlator.cause.presence import UNKNOWN, Presence, compare, of_action, of_alert, of_breach
from correlator.injections import Difference, InjectionFacts, first_difference
from correlator.journal import Journal, JournalError
from correlator.reading import ControlReading, Reading, read_control
from correlator.truth.intervals import Interval, coalesce
from correlator.worlds import is_timeline_without, parting

Removed = tuple[str, ...]
"""Names of the injections that were left out, in the timeline's order."""


class Arm(msgspec.Struct, frozen=True):
    """What an arm holds. ``trouble`` says why it tells nothing; ``difference`` is where its wire parts from the
    run's, ``told_until_ns`` where its history ends if that is before the run's."""

    removed: Removed
    trouble: str = ""
    reading: ControlReading | None = None
    difference: Difference | None = None
    told_until_ns: int | None = None

    def alert(self, episode: Episode) -> Presence:
        """How an alert of the run fares in it."""
        if self.reading is None or self.trouble:
            return UNKNOWN
        theirs = (of_alert(other) for other in self.reading.episodes if other.rule == episode.rule)
        return compare(of_alert(episode), theirs, self.told_until_ns)

    def action(self, action: ActionEpisode) -> Presence:
        """How a control action of the run fares in it."""
        if self.reading is None or self.trouble:
            return UNKNOWN
        theirs = (of_action(other) for other in self.reading.actions if other.concerns(action.control, action.subject))
        return compare(of_action(action), theirs, self.told_until_ns)

    def breach(self, rule: tuple[str, str, str], breach: Interval) -> Presence:
        """How a breach of the run fares in it: one that was due among those that were due, any other among all.

        What is parted by no more than a monitor's legitimate lag is one breach, in the run as in the arm.
        """
        if self.reading is None or self.trouble or any(name in self.reading.untold for name in (rule[0], ALL_MANDATES)):
            return UNKNOWN
        theirs = (
            other
            for breaches in self.reading.breaches
            if (breaches.mandate, breaches.subject, breaches.severity) == rule
            for other in coalesce(breaches.intervals, LOOKBACK_NS)
            if breach.due_ns is None or other.due_ns is not None
        )
        return compare(of_breach(breach), map(of_breach, theirs), self.told_until_ns)


def compared_mandates(reading: Reading) -> frozenset[str]:
    """The mandates whose truth is asked for in a run's arms: those that became due in it, or were alerted of and in
    breach. Of no other is a breach compared."""
    alerted = {episode.rule for episode in reading.said.episodes.episodes}
    return frozenset(
        rule.mandate
        for rule in reading.board.rules()
        if rule.tracker.dues or (rule.tracker.intervals and (rule.mandate, rule.subject, rule.severity) in alerted)
    )


def read_arms(run: Journal, reading: Reading, removals: Mapping[Removed, Path]) -> list[Arm]:
    """Every arm that leaves some injections out; what is wrong with one is told in it and never raised."""
    mandates = compared_mandates(reading)
    arms = []
    for removed, path in removals.items():
        try:
            arms.append(_read(run, reading, removed, Journal(path), mandates))
        except (JournalError, OSError) as error:
            arms.append(Arm(removed, str(error)))
        except Exception:
            arms.append(Arm(removed, f"reading it broke:\n{traceback.format_exc()}"))
    return arms


def control_arm(reading: Reading, control: ControlReading | None, mismatch: str | None, part: Difference | None) -> Arm:
    """The control as the arm that leaves out all injections."""
    removed = tuple(plan.inject for plan in reading.header.resolved.timeline)
    if control is None or mismatch is not None:
        return Arm(removed, mismatch or "there is no control run to compare with")
    return Arm(removed, "", control, part, _told_until_ns(reading, control))


def settle(arms: Iterable[Arm], injections: Mapping[str, InjectionFacts], start_ns: int) -> list[Arm]:
    """The arms as far as they can be believed: one that parts from the run before what it leaves out began is of
    another world, whatever it says of itself."""
    settled = []
    for arm in arms:
        began = [injections[name].began_ns for name in arm.removed if name in injections]
        first_ns = min((at_ns for at_ns in began if at_ns is not None), default=None)
        parts = arm.difference
        if parts is not None and (first_ns is None or parts.at_ns < first_ns):
            at_s = (parts.at_ns - start_ns) / 1e9
            arm = Arm(arm.removed, f"it differs from the run at {at_s:.3f} s already, before what it leaves out began")
        settled.append(arm)
    return settled


def reduced(arm: Arm, injections: Mapping[str, InjectionFacts]) -> Removed:
    """What an arm leaves out of what really began in the run: the rest did nothing that could be left out."""
    return tuple(name for name in arm.removed if name in injections and injections[name].began_ns is not None)


def by_removed(arms: Iterable[Arm], injections: Mapping[str, InjectionFacts]) -> dict[Removed, Arm]:
    """The arms by what they leave out of what began; of several that leave out the same, one that can be believed."""
    found: dict[Removed, Arm] = {}
    for arm in arms:
        removed = reduced(arm, injections)
        if removed and (removed not in found or found[removed].trouble):
            found[removed] = arm
    return found


def alone(arms: Iterable[Arm], injections: Mapping[str, InjectionFacts]) -> dict[str, Arm]:
    """By injection, the arm that leaves out nothing else and can be believed."""
    return {
        removed[0]: arm
        for removed, arm in by_removed(arms, injections).items()
        if len(removed) == 1 and not arm.trouble
    }


def _read(run: Journal, reading: Reading, removed: Removed, journal: Journal, mandates: frozenset[str]) -> Arm:
    trouble = _mismatch(run, journal, removed)
    if trouble:
        return Arm(removed, trouble)
    told = read_control(journal, mandates)
    return Arm(removed, "", told, first_difference(run, journal), _told_until_ns(reading, told))


def _told_until_ns(reading: Reading, arm: ControlReading) -> int | None:
    return arm.end_ns if arm.end_ns < reading.end_ns else None


def _mismatch(ours: Journal, theirs: Journal, removed: Removed) -> str:
    """Why a journal is not this run's without those injections; empty if it is."""
    wanted = f"without:{'+'.join(removed)}"
    if theirs.header.arm != wanted:
        return f"its journal is of arm {theirs.header.arm!r}, expected {wanted!r}"
    if name := parting(ours, theirs):
        return f"its journal is not of this run's world: they differ in {name}"
    left = [plan.inject for plan in theirs.header.resolved.timeline]
    if left != [plan.inject for plan in ours.header.resolved.timeline if plan.inject not in removed]:
        return f"its journal's timeline holds {', '.join(left) or 'nothing'}, which is not what should be left"
    if not is_timeline_without(ours, theirs, removed):
        return f"its journal injects {', '.join(left)} otherwise than the run does"
    return ""
