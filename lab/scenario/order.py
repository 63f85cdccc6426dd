"""The order of injections: what hangs on what, that none hangs on itself, and that each can begin before the end."""

from __future__ import annotations

from collections.abc import Mapping

from lab.scenario.agreement import Agreement
from lab.scenario.model import Experiment, Injection
from lab.scenario.units import format_duration


def check_order(check: Agreement, experiment: Experiment) -> None:
    """Injections that name no other, hang on one another in a circle, or could only begin after the run's end."""
    by_name = {injection.name: injection for injection in reversed(experiment.timeline)}
    for index, injection in enumerate(experiment.timeline):
        after, at = injection.after, ("timeline", index, "after")
        if after is None:
            continue
        others = tuple(dict.fromkeys(one.name for one in experiment.timeline if one.name != injection.name))
        if after.injection == injection.name:
            check.wrong(at, "hangs on itself", "another injection")
        elif not check.known(at, after.injection, others, "other injection"):
            continue
        elif (circle := _circle(injection, by_name)) is not None:
            check.wrong(at, f"hangs on itself: {' after '.join(circle)}", "no circle")
        elif (begins_ns := earliest_ns(injection, by_name)) is not None and begins_ns >= experiment.duration_ns:
            message = f"it could begin after {format_duration(begins_ns)} at the earliest"
            check.wrong(at, message, f"a moment before the run's end, {format_duration(experiment.duration_ns)}")


def earliest_ns(injection: Injection, by_name: Mapping[str, Injection]) -> int | None:
    """When an injection can begin at the earliest, since the run's start; None if it hangs on nothing that is there."""
    offset_ns = 0
    for _ in range(len(by_name) + 1):
        if injection.after is None:
            return None if injection.at_ns is None else injection.at_ns + offset_ns
        offset_ns += injection.after.offset_ns
        before = by_name.get(injection.after.injection)
        if before is None:
            return None
        if injection.after.phase == "ended":
            offset_ns += before.for_ns
        injection = before
    return None


def _circle(injection: Injection, by_name: Mapping[str, Injection]) -> list[str] | None:
    """The names along which an injection hangs on itself."""
    names = [injection.name]
    after = injection.after
    while after is not None and after.injection in by_name and len(names) <= len(by_name):
        names.append(after.injection)
        if after.injection == injection.name:
            return names
        after = by_name[after.injection].after
    return None
