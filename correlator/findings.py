"""Findings: everything in a run's journals that a verdict rests on; no deadline has a part in it.

One pass over the journals makes them. Any number of verdicts, under other deadlines each, can then be given on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from correlator.containment import look_again
from correlator.expectations import Assertion
from correlator.injections import Difference, first_difference
from correlator.journal import Journal
from correlator.reading import ControlReading, Reading, read_control, read_run
from correlator.truth.uncontained import Course, Harm

_MOST_LOOKS = 64  # of the answers to sets of harms, the oldest forgotten

Removed = tuple[str, ...]
"""Names of the injections that were left out, in the timeline's order."""


class Arms(msgspec.Struct, frozen=True):
    """The journals of one experiment. ``control``: with no injection, None if nothing was injected; ``removals``: with
    some left out."""

    run: Path
    control: Path | None = None
    removals: dict[Removed, Path] = {}


class Findings(msgspec.Struct):
    """What was read. ``mismatch`` says why the control is not this run's, if it is not; ``difference`` where the two
    part; ``removals`` hold only arms that are this run's, ``strange`` says why another is not."""

    journal: Journal
    reading: Reading
    control: ControlReading | None = None
    mismatch: str | None = None
    difference: Difference | None = None
    removals: dict[Removed, ControlReading] = {}
    strange: dict[Removed, str] = {}
    looks: dict[tuple[Harm, ...], list[Course]] = {}

    def follow(self, harms: Sequence[Harm]) -> list[Course]:
        """What became of each harm. The audit plane is read again unless the same harms were asked for before."""
        key = tuple(harms)
        if key not in self.looks:
            courses = look_again(self.journal, list(harms))
            if len(self.looks) >= _MOST_LOOKS:
                del self.looks[next(iter(self.looks))]
            self.looks[key] = courses
        return self.looks[key]


def find(arms: Arms, asserted: list[Assertion] | None = None) -> Findings:
    """Read the journals. ``asserted``: bounds to hold the world against instead of the scenario's.

    Raises:
        JournalError: a journal is foreign, of another version, or damaged.
        OSError: a journal cannot be read.
    """
    journal = Journal(arms.run)
    reading = read_run(journal, asserted)
    if not reading.header.resolved.timeline:
        return Findings(journal, reading)
    if arms.control is None:
        return Findings(journal, reading, mismatch="there is no control run to compare with")
    other = Journal(arms.control)
    control = read_control(other)
    mismatch = mismatch_of(reading, control, "control")
    difference = first_difference(journal, other) if mismatch is None else None
    removals, strange = sort_removals(
        reading, {removed: read_control(Journal(path)) for removed, path in arms.removals.items()}
    )
    return Findings(journal, reading, control, mismatch, difference, removals, strange)


def sort_removals(
    reading: Reading, arms: Mapping[Removed, ControlReading]
) -> tuple[dict[Removed, ControlReading], dict[Removed, str]]:
    """The arms that leave injections of this run out, and why others do not."""
    strange: dict[Removed, str] = {}
    removals: dict[Removed, ControlReading] = {}
    for removed, arm in arms.items():
        mismatch = mismatch_of(reading, arm, f"without:{'+'.join(removed)}")
        if mismatch is None:
            removals[removed] = arm
        else:
            strange[removed] = mismatch
    return removals, strange


def mismatch_of(reading: Reading, other: ControlReading, arm: str) -> str | None:
    """Why another arm's journal is not of this run, if it is not."""
    ours, theirs = reading.header, other.header
    name = "control" if arm == "control" else arm
    if theirs.arm != arm:
        return f"the {name} journal is of arm {theirs.arm!r}"
    for field in ("scenario", "seed", "start_ns", "end_ns", "limits", "controls", "code"):
        if getattr(ours, field) != getattr(theirs, field):
            return f"the {name} journal is not this run's: they differ in {field}"
    return None
