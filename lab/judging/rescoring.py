"""Rescoring: what a stored run is held against when it is judged again under other deadlines, or another scenario's.

The world has been played and stays what it was; only what is asked of the monitor may differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import msgspec

from correlator.expectations import Containment, Expectation, Resolved
from correlator.journal import Journal
from lab.scenario.errors import nearest_name, one_of, shortened
from lab.scenario.model import Experiment
from lab.scenario.units import format_duration, parse_duration

JUDGE_ALL = "judge_all"
_ASKED = (
    "scenario", "case", "description", "tags", "phases", "expect", "expect_miss", "forbid", "assertions",
    "steady_state", "judge_all_ns",
)  # fmt: skip


class RescoringError(Exception):
    """What was asked cannot be: which option or file, what was found, what was expected."""


class Deadline(msgspec.Struct, frozen=True):
    """``--within``: another deadline for the expectations of a name, of any asset and severity that it does not say."""

    text: str
    name: str
    words: tuple[str, ...]
    within_ns: int

    def is_of(self, expectation: Expectation) -> bool:
        said = (expectation.asset, expectation.severity)
        return expectation.name == self.name and all(word in said for word in self.words)


def parse_within(text: str) -> Deadline:
    """Read ``stablecoin_peg=10s`` or ``stablecoin_peg USDT high=10s``. RescoringError says what is wrong."""
    rule, sign, duration = text.rpartition("=")
    words = rule.split()
    if not sign or not words:
        raise RescoringError(
            f"--within {text}: expected NAME=DURATION or 'NAME ASSET SEVERITY=DURATION', as in stablecoin_peg=10s"
        )
    try:
        within_ns = parse_duration(duration)
    except ValueError as error:
        raise RescoringError(f"--within {text}: {duration!r} {error}; expected a duration such as 10s") from None
    if not within_ns:
        raise RescoringError(f"--within {text}: expected a deadline of more than 0 s")
    return Deadline(text, words[0], tuple(words[1:]), within_ns)


def parse_factor(text: str) -> Fraction:
    """Read ``x0.5``: half of every deadline. RescoringError says what is wrong."""
    try:
        factor = Fraction(text.removeprefix("x")) if text.startswith("x") else Fraction(0)
    except (ValueError, ZeroDivisionError):
        factor = Fraction(0)
    if not 0 < factor <= 1_000_000:
        raise RescoringError(f"--deadlines {text}: expected x and a factor of more than 0, such as x0.5")
    return factor


def scale(resolved: Resolved, factor: Fraction) -> Resolved:
    """Every deadline times ``factor``: those of what is expected and of what must follow it, and of ``judge_all``."""

    def scaled(span_ns: int | None) -> int | None:
        return None if span_ns is None else max(1, round(span_ns * factor))

    def contained(asked: Containment | None) -> Containment | None:
        if asked is None:
            return None
        ceases_ns = None if asked.no_orders_after_ns is None else round(asked.no_orders_after_ns * factor)
        return msgspec.structs.replace(asked, within_ns=scaled(asked.within_ns), no_orders_after_ns=ceases_ns)

    expect = [
        msgspec.structs.replace(
            one,
            within_ns=scaled(one.within_ns),
            escalates_within_ns=scaled(one.escalates_within_ns),
            resolves_within_ns=scaled(one.resolves_within_ns),
            contain=contained(one.contain),
        )
        for one in resolved.expect
    ]
    return msgspec.structs.replace(resolved, expect=expect, judge_all_ns=scaled(resolved.judge_all_ns))


def set_deadline(resolved: Resolved, deadline: Deadline) -> Resolved | None:
    """Another deadline for the expectations it names, or for ``judge_all``; None if there are none of these."""
    if deadline.name == JUDGE_ALL:
        if resolved.judge_all_ns is None or deadline.words:
            return None
        return msgspec.structs.replace(resolved, judge_all_ns=deadline.within_ns)
    if not any(map(deadline.is_of, resolved.expect)):
        return None
    expect = [
        msgspec.structs.replace(one, within_ns=deadline.within_ns) if deadline.is_of(one) else one
        for one in resolved.expect
    ]
    return msgspec.structs.replace(resolved, expect=expect)


def refuse_unknown(deadline: Deadline, asked: Sequence[Resolved]) -> RescoringError:
    """The error for a ``--within`` that names no expectation of any run."""
    expected = [one for resolved in asked for one in resolved.expect]
    rules = list(dict.fromkeys(" ".join(_words(one)) for one in expected))
    if any(resolved.judge_all_ns is not None for resolved in asked):
        rules.append(JUDGE_ALL)
    rule = " ".join((deadline.name, *deadline.words))
    names = [*(one.name for one in expected), JUDGE_ALL]
    nearest = nearest_name(rule, rules) if deadline.words else nearest_name(rule, names)
    told = f"; did you mean {nearest}?" if nearest else ""
    listed = f"one of {one_of(rules)}" if rules else "a run that expects something"
    return RescoringError(f"--within {deadline.text}: no run expects {rule}; expected {listed}{told}")


def told_deadline(deadline: Deadline) -> str:
    """A changed deadline, in the words of ``judged_under``."""
    return f"{' '.join((deadline.name, *deadline.words))} within {format_duration(deadline.within_ns)}"


def told_factor(factor: Fraction) -> str:
    """A changed scale, in the words of ``judged_under``."""
    return f"every deadline × {float(factor):g}"


def demands_of(experiment: Experiment, played: Journal) -> Resolved:
    """What a scenario asks, to hold a run against that was played in the same world.

    Raises:
        RescoringError: its world is another: which field differs.
    """
    ours: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(experiment.to_resolved()))
    theirs: dict[str, Any] = msgspec.json.decode(played.header_json)
    found = theirs["resolved"]
    if ours.get("start_ns") is None:
        ours["start_ns"] = found.get("start_ns")  # the first bar of the market, which is compared itself
    place = f"{experiment.file} (case {experiment.case})"
    for field in dict.fromkeys((*found, *ours)):
        if field in _ASKED:
            continue
        different = _difference(field, ours.get(field), found.get(field))
        if different:
            raise RescoringError(f"{place}: not the world that {played.path} was played in: {different}")
    for name, text in (("limits", experiment.limits_text), ("controls", experiment.controls_text)):
        if text != theirs.get(name, ""):
            line = _first_line(text, theirs.get(name, ""))
            raise RescoringError(f"{place}: not the world that {played.path} was played in: {name}: {line}")
    return msgspec.convert(ours, Resolved)


def _words(one: Expectation) -> list[str]:
    return [word for word in (one.name, one.asset, one.severity) if word]


def _difference(path: str, ours: Any, theirs: Any) -> str:
    """Where two JSON values part, lines of the file apart; empty if they are the same."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        parts: Sequence[tuple[str, Any, Any]] = [
            (f"{path}.{key}", ours.get(key), theirs.get(key))
            for key in dict.fromkeys((*theirs, *ours))
            if key != "line"
        ]
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        parts = [
            (f"{path}.{_name(one, place)}", one, other)
            for place, (one, other) in enumerate(zip(ours, theirs, strict=True))
        ]
    else:
        return "" if ours == theirs else f"{path}: found {_shown(ours)}, expected {_shown(theirs)}"
    return next((told for part in parts if (told := _difference(*part))), "")


def _name(entry: Any, place: int) -> str:
    return str(entry["inject"]) if isinstance(entry, dict) and "inject" in entry else str(place)


def _shown(value: Any) -> str:
    return shortened(msgspec.json.encode(value).decode(), 80)


def _first_line(ours: str, theirs: str) -> str:
    lines = zip((*ours.splitlines(), ""), (*theirs.splitlines(), ""), strict=False)
    found, expected = next((pair for pair in lines if pair[0] != pair[1]), ("", ""))
    return f"found {shortened(found.strip(), 80)!r}, expected {shortened(expected.strip(), 80)!r}"
