"""Doctoring: a recorded run written anew as if another monitor had watched it.

The world stays what it was, record for record; what the monitor said of alerts is replaced, and the file's chain made
anew by the journal's own writer, so that nothing but the content can give it away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import msgspec

from correlator.expectations import severity_rank
from correlator.journal import Journal, Plane
from correlator.judge import judge
from correlator.reading import Reading, read_run
from correlator.truth.gauge import Rule
from correlator.truth.intervals import Interval
from correlator.verdict import Judgement
from lab.journal.writer import JournalWriter
from lab.laboratory.kernel import Kernel
from lab.playing.run_directory import RunDirectory

SECOND_NS = 1_000_000_000
_KIND, _SEQ, _AT_NS, _SOURCE, _CAUSE, _BODY = range(6)


class Entry(msgspec.Struct):
    """One record as it lies on disk: ``[kind, seq, at_ns, source, cause, *body]``, and which plane it is of."""

    is_wire: bool
    record: list[Any]

    @property
    def kind(self) -> str:
        return cast(str, self.record[_KIND])

    @property
    def at_ns(self) -> int:
        return cast(int, self.record[_AT_NS])

    @property
    def source(self) -> str:
        return cast(str, self.record[_SOURCE])


class Recorded(msgspec.Struct):
    """A whole history in memory, in its order. ``ended``: reason, moment and detail; None: the process was killed."""

    header: dict[str, Any]
    entries: list[Entry]
    ended: tuple[str, int, str] | None


class Saying(msgspec.Struct, frozen=True):
    """What a monitor says of a rule at a moment."""

    at_ns: int
    state: str
    rule: Rule
    since_ns: int
    observed: float = 0.0
    severity: str = ""  # if not the rule's: what it is escalated to

    def entry(self) -> Entry:
        rule = self.rule
        body = [self.state, rule.mandate, rule.subject, self.severity or rule.severity]
        name = f"{rule.mandate} {rule.subject} {rule.severity}"
        told = [name, *body, self.observed, rule.tracker.bound, "", self.since_ns, ["truth"]]
        return Entry(False, ["signal", 0, self.at_ns, "monitor", 0, *told])


Monitor = Callable[[Reading], list[Saying]]


def record_of(path: Path) -> Recorded:
    """Read a journal whole."""
    journal = Journal(path)
    entries: list[Entry] = []
    for frame in journal.frames():
        is_wire = frame.head.plane == Plane.WIRE
        entries += [Entry(is_wire, record) for record in msgspec.msgpack.decode(frame.raw(), type=list[list[Any]])]
    entries.sort(key=lambda entry: cast(int, entry.record[_SEQ]))
    end = journal.end
    ended = None if end is None else (end.reason, end.at_ns, end.detail)
    return Recorded(msgspec.json.decode(journal.header_json, type=dict[str, Any]), entries, ended)


class _Now:
    """All that the writer asks of a kernel: what time it is."""

    now_ns = 0


def write(recorded: Recorded, path: Path, batch: int = 20_000) -> Path:
    """Write a history in the order of its entries, numbered anew from 1; ``batch``: how many records make a frame."""
    now = _Now()
    now.now_ns = recorded.header["start_ns"]
    writer = JournalWriter(path, cast(Kernel, now), recorded.header)
    writer.flush_at = batch
    numbers: dict[int, int] = {0: 0}
    for number, entry in enumerate(recorded.entries, start=1):
        numbers.setdefault(entry.record[_SEQ], number)
    for entry in recorded.entries:
        kind, _, now.now_ns, source, cause, *body = entry.record
        if kind == "arrival":
            body[0] = numbers[body[0]]
        (writer.record_wire if entry.is_wire else writer.record)(kind, source, numbers.get(cause, 0), *body)
        if writer.records % batch == 0:
            writer.flush()
    if recorded.ended is None:
        writer.flush()
        writer._file.close()
    else:
        reason, now.now_ns, detail = recorded.ended
        writer.close(reason, detail)
    return path


def watched_by(recorded: Recorded, sayings: Iterable[Saying], *, acts: bool = True) -> Recorded:
    """The same history with these sayings of a monitor in place of its own; ``acts``: its actions stay."""
    replaced = ("signal",) if acts else ("signal", "action")
    kept = [entry for entry in recorded.entries if entry.kind not in replaced or entry.source != "monitor"]
    ended_ns = recorded.ended[1] if recorded.ended is not None else kept[-1].at_ns
    told = [saying.entry() for saying in sayings if saying.at_ns <= ended_ns]
    entries = sorted([*kept, *told], key=lambda entry: entry.at_ns)  # stable: what is said comes last of its moment
    return msgspec.structs.replace(recorded, entries=entries)


class Arms:
    """A run directory's journals in memory, each with what is true in it."""

    def __init__(self, directory: Path) -> None:
        run = RunDirectory(directory)
        paths = {"run": run.run_journal}
        if run.control_journal.exists():
            paths["control"] = run.control_journal
        self.removals = {f"without_{'+'.join(left_out)}": left_out for left_out in run.removals()}
        paths |= {name: directory / f"{name}.journal" for name in self.removals}
        self.recorded = {name: record_of(path) for name, path in paths.items()}
        self.readings = {name: read_run(Journal(path)) for name, path in paths.items()}

    def judged(self, out: Path, monitor: Monitor, *, acts: bool = True) -> Judgement:
        """The judgement if this monitor had watched every arm."""
        out.mkdir(parents=True, exist_ok=True)
        return self.judged_as(
            out,
            {
                name: watched_by(self.recorded[name], monitor(reading), acts=acts)
                for name, reading in self.readings.items()
            },
        )

    def judged_as(self, out: Path, histories: dict[str, Recorded], batch: int = 20_000) -> Judgement:
        """The judgement if these were the histories of the arms."""
        for name, history in histories.items():
            path = out / f"{name}.journal"
            path.unlink(missing_ok=True)
            write(history, path, batch)
        control = out / "control.journal" if "control" in histories else None
        removals = {left_out: out / f"{name}.journal" for name, left_out in self.removals.items()}
        return judge(out / "run.journal", control, removals)


def perfect(reading: Reading) -> list[Saying]:
    """Reads truth: fires the moment that an alert is due, resolves it the moment that its breach ends.

    What the scenario says nobody can see it does not see either.
    """
    return [saying for rule in _in_sight(reading) for saying in told_by_truth(rule, reading, 0)]


def late_by(lag_ns: int) -> Monitor:
    """As the perfect monitor, but so much later."""
    return lambda reading: [
        saying for rule in _in_sight(reading) for saying in told_by_truth(rule, reading, lag_ns)
    ]  # fmt: skip


def all_seeing(reading: Reading) -> list[Saying]:
    """As the perfect monitor, and it sees what nobody can see."""
    return [saying for rule in reading.board.rules() for saying in told_by_truth(rule, reading, 0)]


def mute(_: Reading) -> list[Saying]:
    """Says nothing."""
    return []


def shouting(reading: Reading) -> list[Saying]:
    """Fires every rule a second after the start, and resolves none."""
    at_ns = reading.header.start_ns + SECOND_NS
    return [Saying(at_ns, "firing", rule, at_ns) for rule in reading.board.rules()]


def shouting_again_and_again(reading: Reading) -> list[Saying]:
    """Fires every rule every two minutes, and resolves it half a minute later."""
    begins = range(reading.header.start_ns + SECOND_NS, reading.end_ns, 120 * SECOND_NS)
    return [
        Saying(at_ns + late_ns, state, rule, at_ns)
        for rule in reading.board.rules()
        for at_ns in begins
        for state, late_ns in (("firing", 0), ("resolved", 30 * SECOND_NS))
    ]


def once_a_second(phase_ns: int, calm_ns: int = 60 * SECOND_NS) -> Monitor:
    """Looks at truth once a second, and sees nothing in between; resolves after a minute of calm. An honest monitor: no
    verdict may demand more of one."""
    return lambda reading: [
        saying
        for rule in _in_sight(reading)
        for saying in _looked_at(rule, range(reading.header.start_ns + phase_ns, reading.end_ns, SECOND_NS), calm_ns)
    ]


def _looked_at(rule: Rule, looks_ns: range, calm_ns: int) -> Iterator[Saying]:
    since_ns = fired_ns = calm_since_ns = None
    for at_ns in looks_ns if rule.tracker.intervals else ():
        is_beyond = rule.tracker.breached_within(at_ns, at_ns)
        if since_ns is not None and fired_ns is None and at_ns - since_ns >= rule.tracker.hold_ns:
            fired_ns = since_ns + rule.tracker.hold_ns  # a timer woke it, before this look
            yield Saying(fired_ns, "firing", rule, since_ns)
        if is_beyond and since_ns is None:
            since_ns = at_ns
            if not rule.tracker.hold_ns:
                fired_ns = at_ns
                yield Saying(at_ns, "firing", rule, at_ns)
        elif not is_beyond and since_ns is not None and fired_ns is None:
            since_ns = None
        calm_since_ns = None if is_beyond else calm_since_ns or at_ns
        if since_ns is not None and calm_since_ns is not None and at_ns - calm_since_ns >= calm_ns:
            yield Saying(at_ns, "resolved", rule, since_ns)
            since_ns = fired_ns = None


def told_by_truth(rule: Rule, reading: Reading, lag_ns: int) -> list[Saying]:
    """Every due breach of a rule, told ``lag_ns`` after its moments. A monitor whose process lost its state tells of
    what still stands when it comes up."""
    dues = [interval for interval in rule.tracker.intervals if interval.due_ns is not None]
    dues += [anew for up_ns in reading.said.forgetful if (anew := rule.tracker.due_anew(up_ns)) is not None]
    escalates = any(
        asked.escalates_within_ns is not None and asked.alert == rule.mandate
        for asked in reading.header.resolved.expect
    )
    return [saying for interval in dues for saying in _told(rule, interval, lag_ns, escalates)]


def _told(rule: Rule, interval: Interval, lag_ns: int, escalates: bool) -> list[Saying]:
    assert interval.due_ns is not None
    begins_ns, due_ns, peak = interval.begins_ns, interval.due_ns + lag_ns, interval.peak
    told = [Saying(begins_ns, "pending", rule, begins_ns, peak), Saying(due_ns, "firing", rule, begins_ns, peak)]
    if escalates:
        told.append(Saying(due_ns, "escalated", rule, begins_ns, peak, "critical"))
    if interval.ends_ns is not None:
        told.append(Saying(max(interval.ends_ns, due_ns), "resolved", rule, begins_ns, peak))
    return told


def _in_sight(reading: Reading) -> list[Rule]:
    misses = reading.header.resolved.expect_miss
    return [
        rule
        for rule in reading.board.rules()
        if not any(
            miss.alert == rule.mandate
            and miss.asset in (None, rule.subject)
            and severity_rank(rule.severity) >= severity_rank(miss.severity or "info")
            for miss in misses
        )
    ]


def moments(recorded: Recorded) -> list[list[Entry]]:
    """The entries, those of one moment together."""
    return [list(group) for _, group in groupby(recorded.entries, key=lambda entry: entry.at_ns)]
