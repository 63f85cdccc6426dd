"""Injections: what was to be done to the world, when it was begun, when it took effect, and when it ended.

*Took effect* is the first production-visible difference between the run and the same run without the injection: of a
single one that is the control, of several the arm that leaves it out. Whatever differs was caused by it. The fault
itself claims a moment too. Where there is no such arm the claim is all there is, and is believed only as far as the
control bears it out: nothing takes effect before run and control differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from correlator.expectations import PlannedInjection
from correlator.journal import Journal, JournalFrame, Plane
from correlator.records import Arrival, Injection, Push, WireRecord


class Difference(msgspec.Struct, frozen=True):
    """The first thing on the wire that is not the same in run and control. A ``seq`` of 0: nothing stands there."""

    at_ns: int
    run_seq: int
    control_seq: int


class InjectionFacts(msgspec.Struct):
    """One injection through its phases. Times None: it never came to that."""

    name: str
    fault: str
    planned_ns: int | None  # None: it hangs on another injection that never called it
    ends_planned_ns: int | None
    began_ns: int | None = None
    claimed_ns: int | None = None
    took_effect_ns: int | None = None
    ended_ns: int | None = None
    refused: bool = False
    detail: str = ""
    seqs: list[int] = []
    notes: list[str] = []
    hangs_on: str = ""  # the injection that calls it


def collect_phases(
    planned: list[PlannedInjection], records: list[Injection], start_ns: int
) -> dict[str, InjectionFacts]:
    """The injections by name, planned ones first, with the phases that the coordinator recorded."""
    facts = {
        plan.inject: InjectionFacts(
            plan.inject,
            plan.fault,
            None if plan.at_ns is None else start_ns + plan.at_ns,
            None if plan.for_ns is None or plan.at_ns is None else start_ns + plan.at_ns + plan.for_ns,
            hangs_on="" if plan.after is None else plan.after.injection,
        )
        for plan in planned
    }
    for record in records:
        known = facts.get(record.name)
        if known is None:
            known = facts[record.name] = InjectionFacts(record.name, record.fault, record.starts_ns, record.ends_ns)
            known.notes.append("the scenario's timeline does not hold it")
        known.seqs.append(record.seq)
        known.detail = record.detail or known.detail
        if record.phase == "began" and known.began_ns is None:
            known.began_ns = record.at_ns
            known.planned_ns = known.planned_ns or record.starts_ns
            known.ends_planned_ns = known.ends_planned_ns or record.ends_ns
        elif record.phase == "took_effect" and known.claimed_ns is None:
            known.claimed_ns = record.at_ns
        elif record.phase == "ended":
            known.ended_ns = record.at_ns
        elif record.phase == "refused":
            known.refused = True
    return facts


def establish_effects(
    facts: dict[str, InjectionFacts],
    difference: Difference | None,
    without: Mapping[str, Difference | None] | None = None,
) -> None:
    """Decide when each injection took effect.

    Args:
        facts: the injections; they are told.
        difference: where run and control part.
        without: by injection, where the run parts from the same run without it, None where it nowhere does; only of
            those that were left out of an arm that can be compared.
    """
    without = without or {}
    begun = [injection for injection in facts.values() if injection.began_ns is not None]
    for injection in begun:
        claimed_ns = injection.claimed_ns
        if len(begun) > 1 and injection.name in without:
            _go_by(injection, without[injection.name], f"the run without {injection.name}")
            continue
        if difference is not None and len(begun) > 1:
            if claimed_ns is not None:
                injection.took_effect_ns = max(claimed_ns, difference.at_ns)
                _note_early_claim(injection, difference)
                injection.notes.append("no run without it shows when it took effect: that is its own claim")
            else:
                injection.notes.append("no run without it shows whether it took effect, and it claims none")
            continue
        _go_by(injection, difference, "the control run")


def _go_by(injection: InjectionFacts, difference: Difference | None, arm: str) -> None:
    """What differs from an arm that leaves out this injection alone was caused by it."""
    if difference is None:
        if injection.claimed_ns is not None:
            injection.notes.append(f"it claims an effect, yet nothing on the wire differs from {arm}")
        return
    injection.took_effect_ns = difference.at_ns
    if injection.claimed_ns is None:
        injection.notes.append("it claims no effect; the wire shows one")
    _note_early_claim(injection, difference)


def _note_early_claim(injection: InjectionFacts, difference: Difference) -> None:
    claimed_ns = injection.claimed_ns
    if claimed_ns is not None and claimed_ns < difference.at_ns:
        early_s = (difference.at_ns - claimed_ns) / 1e9
        injection.notes.append(f"it claims an effect {early_s:.3f} s before the first difference on the wire")


def why_idle(known: InjectionFacts, cut_short_ns: int | None) -> str:
    """Why an injection took no effect, as far as its records say; empty where they do not.

    ``cut_short_ns``: where history ended, if that was not where it was to end.
    """
    if known.refused:
        return f"refused: {known.detail}" if known.detail else "refused"
    if known.began_ns is not None:
        return ""
    if cut_short_ns is not None and (known.planned_ns is None or known.planned_ns >= cut_short_ns):
        if known.planned_ns is None:
            return f"the run was over before {known.hangs_on} called it"
        return f"the run was over {(known.planned_ns - cut_short_ns) / 1e9:.0f} s before it was to begin"
    return f"it hangs on {known.hangs_on}, and never began" if known.hangs_on else "it never began"


def first_difference(run: Journal, control: Journal) -> Difference | None:
    """Where the two wire planes part, ``seq`` and ``cause`` apart; None if one goes on as the other did to its end.

    Frames of the same bytes are passed over still packed. A history that was cut short differs from nothing after its
    end.
    """
    pairs = _UnequalFrames(run, control)
    run_records, control_records = pairs.run_records(), pairs.control_records()
    while True:
        ours, theirs = next(run_records, None), next(control_records, None)
        if ours is None and theirs is None:
            return None
        if ours is None or theirs is None:
            shorter = run if ours is None else control
            if shorter.cut_off or shorter.end is None or shorter.end.reason != "completed":
                return None
            longer = ours if ours is not None else theirs
            assert longer is not None
            return Difference(longer.at_ns, ours.seq if ours else 0, theirs.seq if theirs else 0)
        if not _same(ours, theirs):
            at_ns = min(ours.at_ns, theirs.at_ns)
            return Difference(at_ns, ours.seq if ours.at_ns == at_ns else 0, theirs.seq if theirs.at_ns == at_ns else 0)


class _UnequalFrames:
    """Walks two journals' wire frames side by side, passing over those that are the same byte for byte."""

    def __init__(self, run: Journal, control: Journal) -> None:
        self._run = _wire_frames(run)
        self._control = _wire_frames(control)
        self._first: tuple[JournalFrame | None, JournalFrame | None] = (None, None)
        while True:
            ours, theirs = next(self._run, None), next(self._control, None)
            if ours is None or theirs is None or ours.packed != theirs.packed:
                self._first = (ours, theirs)
                return

    def run_records(self) -> Iterator[WireRecord]:
        return _records_from(self._first[0], self._run)

    def control_records(self) -> Iterator[WireRecord]:
        return _records_from(self._first[1], self._control)


def _records_from(first: JournalFrame | None, rest: Iterator[JournalFrame]) -> Iterator[WireRecord]:
    if first is not None:
        yield from first.wire()
        for frame in rest:
            yield from frame.wire()


def _wire_frames(journal: Journal) -> Iterator[JournalFrame]:
    return (frame for frame in journal.frames() if frame.head.plane == Plane.WIRE)


def _same(ours: WireRecord, theirs: WireRecord) -> bool:
    """Whether two records say the same, their numbers and causes apart: no client can see those."""
    if type(ours) is not type(theirs) or ours.at_ns != theirs.at_ns or ours.source != theirs.source:
        return False
    if type(ours) is Push and type(theirs) is Push:  # by far the most; the general way takes five times as long
        return (
            ours.payload == theirs.payload
            and ours.arrives_ns == theirs.arrives_ns
            and ours.stream_id == theirs.stream_id
        )
    first = 5 if type(ours) is Arrival else 4  # which record it stands for is a number too
    return msgspec.structs.astuple(ours)[first:] == msgspec.structs.astuple(theirs)[first:]
