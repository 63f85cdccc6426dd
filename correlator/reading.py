"""Reading: one pass over a run's journal gathers its truth, what the monitor said, and what was injected."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from correlator.actions import ActionEpisode
from correlator.alerts import Episode
from correlator.assertions import AssertionBook
from correlator.case import ALL_MANDATES
from correlator.expectations import Assertion
from correlator.header import Header
from correlator.journal import Journal, Plane
from correlator.limits import Limits, LimitsError, read_limits
from correlator.records import AuditRecord, WireRecord
from correlator.said import Said
from correlator.truth.gauge import GaugeBoard
from correlator.truth.intervals import Interval
from correlator.truth.series import Buckets
from correlator.truth.shown.invented import InventedFills
from correlator.truth.wire import MANDATES as WIRE_MANDATES
from correlator.truth.wire import Wire
from correlator.truth.world import MANDATES as WORLD_MANDATES
from correlator.truth.world import World
from correlator.verdict import AssertionOutcome

# How a signal or an action begins on disk: a frame without one need not be decoded to find any.
_TOLD_TAGS = (msgspec.msgpack.encode("signal"), msgspec.msgpack.encode("action"))


class Reading(msgspec.Struct):
    """What a run's journal holds. ``board`` has the truth of every rule; ``failures`` say where there is none;
    ``assertions`` is what became of each bound in ``asserted``."""

    header: Header
    end_ns: int
    ending: str
    detail: str
    board: GaugeBoard
    failures: dict[str, str]
    violations: list[str]
    imbalances: list[str]
    said: Said
    asserted: list[Assertion]
    assertions: list[AssertionOutcome]
    last_request_ns: int | None
    counts: dict[str, int]

    @property
    def completed(self) -> bool:
        """Whether it ended where it was to: at its planned end, or where a stop condition held."""
        return self.ending in ("completed", "stopped")


class RuleBreaches(msgspec.Struct):
    """The true breaches of one rule."""

    mandate: str
    subject: str
    severity: str
    intervals: list[Interval]


class ControlReading(msgspec.Struct):
    """What the journal of a control, or of another arm, holds, as far as a judge needs it: alerts and actions.

    ``breaches`` are those of the mandates whose truth was asked for, ``untold`` those of them that have none.
    """

    header: Header
    end_ns: int
    episodes: list[Episode]
    actions: list[ActionEpisode]
    breaches: list[RuleBreaches] = []
    untold: list[str] = []


def read_run(journal: Journal, asserted: list[Assertion] | None = None, only: frozenset[str] | None = None) -> Reading:
    """Read a run whole, and hold its world against the scenario's assertions, or others if such are ``asserted``.

    ``only``: the mandates whose truth is computed, if not that of all. DamagedJournal if a frame is not what was
    written.
    """
    header = journal.header
    asserted = header.resolved.assertions if asserted is None else asserted
    failures: dict[str, str] = {}
    limits = limits_of(header, failures)
    if only is not None:
        limits = msgspec.structs.replace(
            limits, mandates={name: limits.mandates[name] for name in limits.mandates if name in only}
        )
    needs_wire = only is None or any(mandate in only for mandate in WIRE_MANDATES)
    for mandate in limits.mandates:
        if mandate not in WORLD_MANDATES and mandate not in WIRE_MANDATES:
            failures[mandate] = "this correlator computes no truth of it"
    board = GaugeBoard(limits, Buckets(header.start_ns, header.end_ns))
    world = World(limits, board, header.start_ns, failures)
    wire = Wire(limits, board, header.start_ns, header.monitor.request_timeout_ns)
    said = Said()
    assertions = AssertionBook(asserted, world, header.start_ns, header.end_ns)
    invented = InventedFills(header.monitor)
    counts: Counter[str] = Counter(audit=0, wire=0)
    end_ns = header.start_ns
    for audit, messages, last_ns in _batches(journal, with_wire=needs_wire or world.counts_invented_fills):
        end_ns = max(end_ns, last_ns)
        counts["audit"] += len(audit)
        counts["wire"] += len(messages)
        _guarded(failures, partial(_take, header, world, wire if needs_wire else None, invented, audit, messages))
        assertions.take(audit)
        said.take(audit)
    ending, detail = "killed", "the journal has no end frame"
    if journal.end is not None:
        ending, detail = journal.end.reason, journal.end.detail
        end_ns = max(end_ns, journal.end.at_ns)
    if said.stop is not None and not detail:
        detail = f"{said.stop.condition} ({said.stop.detail})"
    _guarded(failures, partial(world.finish, end_ns))
    assertions.finish(end_ns)
    _introduce(header, world, wire)
    _guarded(failures, partial(wire.finish, end_ns))
    board.finish(end_ns)
    counts.update(signals=said.episodes.signals, alerts=len(said.episodes.episodes), fills=world.fills)
    return Reading(
        header,
        end_ns,
        ending,
        detail,
        board,
        failures,
        world.violations.messages,
        world.imbalances() if ending in ("completed", "stopped") else [],
        said,
        asserted,
        assertions.judge(end_ns),
        wire.last_request_ns,
        dict(counts),
    )


def read_control(journal: Journal, mandates: frozenset[str] = frozenset()) -> ControlReading:
    """Read alerts and actions of a control run, and the truth of ``mandates``.

    Where no truth is asked for, every frame's chain is checked and only those with an alert or action are decoded.
    """
    if mandates:
        whole = read_run(journal, [], mandates)
        breaches = [
            RuleBreaches(rule.mandate, rule.subject, rule.severity, rule.tracker.intervals)
            for rule in whole.board.rules()
            if rule.tracker.intervals
        ]
        episodes, actions = whole.said.episodes.episodes, whole.said.actions.actions
        return ControlReading(journal.header, whole.end_ns, episodes, actions, breaches, list(whole.failures))
    said = Said()
    end_ns = journal.header.start_ns
    for frame in journal.frames():
        end_ns = max(end_ns, frame.head.last_ns)
        if frame.head.plane == Plane.AUDIT:
            raw = frame.raw()
            if any(tag in raw for tag in _TOLD_TAGS):
                said.take(frame.audit())
    if journal.end is not None:
        end_ns = max(end_ns, journal.end.at_ns)
    return ControlReading(journal.header, end_ns, said.episodes.episodes, said.actions.actions)


def limits_of(header: Header, failures: dict[str, str]) -> Limits:
    """The limits that were in force; none, and a failure of all mandates, where they cannot be read."""
    try:
        return read_limits(header.limits)
    except LimitsError as error:
        failures[ALL_MANDATES] = str(error)
        return Limits({}, (), {})


def _batches(journal: Journal, *, with_wire: bool) -> Iterator[tuple[list[AuditRecord], list[WireRecord], int]]:
    """Records of the same time: an audit frame and the wire frame after it, either of which may be missing, and when
    the last of them was. Without ``with_wire``, wire frames are checked and left packed."""
    audit: list[AuditRecord] = []
    last_ns = 0
    for frame in journal.frames():
        if frame.head.plane == Plane.AUDIT:
            if audit:
                yield audit, [], last_ns
            audit, last_ns = frame.audit(), frame.head.last_ns
        else:
            yield audit, frame.wire() if with_wire else [], max(last_ns, frame.head.last_ns)
            audit, last_ns = [], 0
    if audit:
        yield audit, [], last_ns


def _take(
    header: Header,
    world: World,
    wire: Wire | None,
    invented: InventedFills,
    audit: list[AuditRecord],
    messages: list[WireRecord],
) -> None:
    """Take a batch: its audit records and the fills that were invented, then, unless ``wire`` is None, its messages."""
    if wire is None or not messages:
        world.take(invented.insert(audit, messages))
        return
    is_known = wire.introduced
    rest = wire.sift(messages) if is_known else messages
    world.take(invented.insert(audit, rest))
    _introduce(header, world, wire)
    wire.take(rest if is_known else wire.sift(messages))
    wire.settle(messages[-1].at_ns)


def _introduce(header: Header, world: World, wire: Wire) -> None:
    """Tell the wire what the monitor was given to read, once the world has said what there is."""
    if wire.introduced:
        return
    wire.introduced = True
    for venue, reads in header.monitor.reads.items():
        for link in reads.links:
            holds_firm_account = world.venues.get(venue, False)
            wire.expect_venue(link, venue, world.pairs.get(venue, []), reads, holds_firm_account=holds_firm_account)


def _guarded(failures: dict[str, str], step: Callable[[], object]) -> None:
    """Perform a step; if it breaks there is no truth to be had any more, and that is said rather than hidden."""
    if ALL_MANDATES in failures:
        return
    try:
        step()
    except Exception:
        failures[ALL_MANDATES] = traceback.format_exc()
