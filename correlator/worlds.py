"""World: what the arms of one experiment share, so that whatever differs was caused by what one of them leaves out."""

from __future__ import annotations

from typing import Any

import msgspec

from correlator.journal import Journal

_OF_THE_HEADER = ("scenario", "seed", "start_ns", "end_ns", "limits", "controls", "code", "versions", "monitor")
_APART = (
    "scenario", "case", "description", "tags", "seed", "phases", "timeline", "expect", "expect_miss", "forbid",
    "assertions", "stop_when", "steady_state", "judge_all_ns", "controls",
)  # fmt: skip
"""Of the resolved scenario: what an arm may have of its own, what only names it, and what the header has already."""


def parting(ours: Journal, theirs: Journal) -> str:
    """The first field in which two journals' worlds differ, what is injected apart; empty if they are one."""
    for name in _OF_THE_HEADER:
        if getattr(ours.header, name) != getattr(theirs.header, name):
            return name
    played, other = _resolved(ours), _resolved(theirs)
    fields = dict.fromkeys((*played, *other))
    return next((name for name in fields if name not in _APART and played.get(name) != other.get(name)), "")


def is_timeline_without(ours: Journal, theirs: Journal, removed: tuple[str, ...]) -> bool:
    """Whether the other injects what ours does, to the last parameter, but for these injections."""
    left = [plan for plan in _resolved(ours).get("timeline", []) if plan["inject"] not in removed]
    found: list[dict[str, Any]] = _resolved(theirs).get("timeline", [])
    return left == found


def _resolved(journal: Journal) -> dict[str, Any]:
    header: dict[str, dict[str, Any]] = msgspec.json.decode(journal.header_json)
    return header["resolved"]
