"""Findings: everything in a run's journals that a verdict rests on; no deadline has a part in it.

One pass over the journals makes them. Any number of verdicts, under other deadlines each, can then be given on them.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

import msgspec

from correlator.cause.arms import Arm, Removed, compared_mandates, control_arm, read_arms
from correlator.containment import look_again
from correlator.expectations import Assertion
from correlator.injections import Difference, first_difference
from correlator.journal import Journal, JournalError
from correlator.reading import ControlReading, Reading, read_control, read_run
from correlator.truth.uncontained import Course, Harm
from correlator.worlds import parting

_MOST_LOOKS = 64  # of the answers to sets of harms, the oldest forgotten


class Journals(msgspec.Struct, frozen=True):
    """The journals of one experiment. ``control``: with no injection, None if nothing was injected; ``removals``: with
    some left out."""

    run: Path
    control: Path | None = None
    removals: dict[Removed, Path] = {}


class Findings(msgspec.Struct):
    """What was read. ``mismatch`` says why the control is not this run's, if it is not; ``difference`` where the two
    part; ``arms`` are the runs that leave injections out, the control last, each with what is wrong with it; ``looks``
    answers to questions that took another look at the run."""

    journal: Journal
    reading: Reading
    control: ControlReading | None = None
    mismatch: str | None = None
    difference: Difference | None = None
    arms: list[Arm] = []
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


def find(journals: Journals, asserted: list[Assertion] | None = None) -> Findings:
    """Read the journals. ``asserted``: bounds to hold the world against instead of the scenario's.

    A control that the correlator breaks over is none, and ``mismatch`` says how it broke: what the run itself proves
    stays proven.

    Raises:
        JournalError: a journal is foreign, of another version, or damaged.
        OSError: a journal cannot be read.
    """
    journal = Journal(journals.run)
    reading = read_run(journal, asserted)
    if not reading.header.resolved.timeline:
        return Findings(journal, reading)
    if journals.control is None:
        without = read_arms(journal, reading, journals.removals)
        return Findings(journal, reading, mismatch="there is no control run to compare with", arms=without)
    other = Journal(journals.control)
    control: ControlReading | None = None
    difference = None
    try:
        control = read_control(other, compared_mandates(reading))
        mismatch = mismatch_of(journal, other)
        difference = first_difference(journal, other) if mismatch is None else None
    except (JournalError, OSError):
        raise
    except Exception:
        control, mismatch = None, f"reading the control broke:\n{traceback.format_exc()}"
    without = [*read_arms(journal, reading, journals.removals), control_arm(reading, control, mismatch, difference)]
    return Findings(journal, reading, control, mismatch, difference, without)


def mismatch_of(ours: Journal, theirs: Journal) -> str | None:
    """Why a journal is not the control of a run, if it is not."""
    if theirs.header.arm != "control":
        return f"the control journal is of arm {theirs.header.arm!r}"
    if name := parting(ours, theirs):
        return f"the control journal is not this run's: they differ in {name}"
    return None
