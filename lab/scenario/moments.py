"""Moments: told since the run's start, by a phase, by the calendar, or after what another injection does.

Phases and calendar times become durations since the start before the file is read any further, each at its place, so
that whatever reads a moment later knows one way of writing only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lab.scenario.errors import nearest_name, one_of, problem
from lab.scenario.kinds import MapOf, ScalarKind, Schema
from lab.scenario.model import After, Phase
from lab.scenario.scalars import NAME, NAME_PATTERN, Duration
from lab.scenario.units import DURATION_PATTERN, format_duration, format_instant, parse_duration, parse_instant
from lab.scenario.yaml_nodes import List, Map, Node, Scalar, describe

PHASES = MapOf(NAME, Duration(positive=True))
AFTER_PHASES = ("began", "took_effect", "ended")

_BY_PHASE = re.compile(rf"({NAME_PATTERN})(?: ?([+-]) ?([0-9].*))?")
_BY_CALENDAR = re.compile(r"[0-9]{4}-.*")
_AFTER = re.compile(rf"({NAME_PATTERN}) ({NAME_PATTERN})(?: ?\+ ?([0-9].*))?")
_IN_LISTS = {"timeline": ("at",), "assert": ("at", "from", "to")}


class AfterKind(ScalarKind[After]):
    """``slide took_effect + 5 min``."""

    expected = "an injection and began, took_effect or ended, such as `slide took_effect + 5 min`"

    def parse(self, text: str) -> After:
        found = _AFTER.fullmatch(text.strip())
        if not found:
            raise ValueError("does not fit")
        injection, phase, offset = found.groups()
        if phase not in AFTER_PHASES:
            raise ValueError("names no phase of an injection")
        return After(injection, phase, parse_duration(offset) if offset else 0)

    def suggest(self, text: str) -> str:
        found = _AFTER.fullmatch(text.strip())
        near = nearest_name(found[2], AFTER_PHASES) if found and found[2] not in AFTER_PHASES else ""
        return f"{found[1]} {near}" if found and near else ""

    def schema(self) -> Schema:
        words = "|".join(AFTER_PHASES)
        return {"type": "string", "pattern": rf"^{NAME_PATTERN} ({words})( ?\+ ?{DURATION_PATTERN[1:-1]})?$"}


def phases_of(root: Map) -> tuple[Phase, ...]:
    """The phases that the file declares, one after another from the run's start."""
    node = root.entries.get("phases")
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return ()
    phases: list[Phase] = []
    begins_ns = 0
    for name, length_ns in PHASES.read(node, "phases").items():
        phases.append(Phase(name, begins_ns, begins_ns + length_ns))
        begins_ns += length_ns
    return tuple(phases)


def place_moments(root: Map, starts_ns: Callable[[], int | None]) -> Map:
    """``root`` with every moment told since the run's start, and the duration that its phases make up.

    ``starts_ns`` gives the run's start, None where only the market's data can tell; it is asked for calendar times.
    Raises ScenarioError.
    """
    phases = phases_of(root)
    entries, keys = dict(root.entries), dict(root.keys)
    if phases:
        at = root.keys["phases"]
        whole = Scalar(at, format_duration(phases[-1].to_ns))
        entries.setdefault("duration", whole)
        keys.setdefault("duration", at)
        _check_length(entries["duration"], phases)
    placer = _Placer({phase.phase: phase.from_ns for phase in phases}, starts_ns)
    steady = entries.get("steady_state")
    if isinstance(steady, Map):
        entries["steady_state"] = placer.place(steady, ("from",), "steady_state")
    for name, wanted in _IN_LISTS.items():
        listed = entries.get(name)
        if isinstance(listed, List):
            items = [
                placer.place(item, wanted, _field(name, item, index)) if isinstance(item, Map) else item
                for index, item in enumerate(listed.items)
            ]
            entries[name] = List(listed.mark, tuple(items))
    return Map(root.mark, entries, keys)


def _check_length(duration: Node, phases: tuple[Phase, ...]) -> None:
    """The phases fit into a duration that the file states."""
    try:
        length_ns = parse_duration(duration.text) if isinstance(duration, Scalar) else None
    except ValueError:
        return  # what is wrong with it is said where it is read
    if length_ns is not None and length_ns < phases[-1].to_ns:
        message = f"{describe(duration)} is shorter than the phases together"
        raise problem(
            duration.mark, "duration", message, f"at least {format_duration(phases[-1].to_ns)}, or no such key"
        )


def _field(name: str, item: Map, index: int) -> str:
    named = item.entries.get("inject")
    return f"{name}.{named.text}" if isinstance(named, Scalar) else f"{name}[{index}]"


class _Placer:
    def __init__(self, phases: Mapping[str, int], starts_ns: Callable[[], int | None]) -> None:
        self._phases = phases
        self._starts_ns = starts_ns

    def place(self, entries: Map, names: tuple[str, ...], field: str) -> Map:
        placed = dict(entries.entries)
        for name in names:
            node = placed.get(name)
            if isinstance(node, Scalar) and not node.is_null:
                placed[name] = self._since_start(node, f"{field}.{name}")
        return Map(entries.mark, placed, entries.keys)

    def _since_start(self, node: Scalar, field: str) -> Scalar:
        text = node.text.strip()
        found = _BY_PHASE.fullmatch(text)
        if found:
            return Scalar(node.mark, format_duration(self._by_phase(found, node, field)))
        if _BY_CALENDAR.fullmatch(text):
            return Scalar(node.mark, format_duration(self._by_calendar(text, node, field)))
        return node

    def _by_phase(self, found: re.Match[str], node: Scalar, field: str) -> int:
        name, sign, offset = found.groups()
        if name not in self._phases:
            names = tuple(self._phases)
            expected = one_of(names) or "a duration: the file has no phases"
            raise problem(node.mark, field, f"`{name}` is no phase", expected, nearest_name(name, names))
        try:
            offset_ns = parse_duration(offset) if offset else 0
        except ValueError as error:
            raise problem(node.mark, field, f"`{offset}` {error}", Duration().expected) from error
        at_ns = self._phases[name] + (-offset_ns if sign == "-" else offset_ns)
        if at_ns < 0:
            raise problem(node.mark, field, f"{describe(node)} is before the run begins", "a moment of the run")
        return at_ns

    def _by_calendar(self, text: str, node: Scalar, field: str) -> int:
        try:
            instant_ns = parse_instant(text)
        except ValueError as error:
            expected = "a moment with its time zone, such as 2023-02-20T00:00:00Z"
            raise problem(node.mark, field, f"{describe(node)} {error}", expected) from error
        starts_ns = self._starts_ns()
        if starts_ns is None:
            message = "a date needs the run's start, which only the market's data tells"
            raise problem(node.mark, field, message, "`start` beside the market's source, or a duration")
        if instant_ns < starts_ns:
            raise problem(
                node.mark, field, f"{describe(node)} is before the run begins", f"{format_instant(starts_ns)} or later"
            )
        return instant_ns - starts_ns
