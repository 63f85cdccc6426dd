"""Reductions: what may be tried to make a scenario smaller while it still shows the same. Each is a list of drafts,
the smallest first, of which the first one that shows the finding is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from lab.scenario.demands import Forbidden
from lab.scenario.faults import FAULTS
from lab.scenario.model import Injection
from lab.scenario.records import Field
from lab.scenario.scalars import Duration, Real
from lab.tuning.draft import Draft
from lab.tuning.finding import Finding
from lab.tuning.names import override_paths, without_override

_S, _MIN = 1_000_000_000, 60_000_000_000
_AFTER_PROOF_NS = 5 * _S  # a run must outlast the moment at which the finding is proven
_FACTORS = (0.1, 0.25, 0.5, 0.75, 0.9)
_ROOM = ("bytes_per_s",)
"""Intensities that say how much is left: the more, the weaker."""
_LEADS_NS = (30 * _S, 2 * _MIN, 5 * _MIN)

replace = msgspec.structs.replace


def asking_only(draft: Draft, finding: Finding) -> Draft:
    """The draft without any demand but the one that the finding is of."""
    bare = replace(
        draft, expect=(), expect_miss=(), forbid=(), assertions=(), stop_when=(), judge_all_ns=None, tags=()
    )  # fmt: skip
    if finding.what == "false_alarm":
        return replace(bare, forbid=(Forbidden(alert=finding.name, asset=finding.asset, severity=finding.severity),))
    if finding.place is None:
        return replace(bare, judge_all_ns=draft.judge_all_ns)
    asked = draft.expect[finding.place]
    # What must follow the alert is another question, and never answered where the alert did not come.
    return replace(
        bare, expect=(replace(asked, escalates_within_ns=None, resolves_within_ns=None, contain=None),)
    )  # fmt: skip


def fewer_injections(draft: Draft, names: tuple[str, ...]) -> Draft:
    """The draft with these injections only; where one is left, the expectation need not name it."""
    return replace(draft, timeline=tuple(one for one in draft.timeline if one.name in names))


def fewer_extras(draft: Draft) -> list[tuple[str, Callable[[Draft], Draft]]]:
    """Every single thing that can be left out without touching the timeline: its name and how."""
    found: list[tuple[str, Callable[[Draft], Draft]]] = []
    if draft.names.controls is not None:
        found.append(("the controls", lambda one: replace(one, names=replace(one.names, controls=None))))
    if draft.operator is not None:
        found.append(("the operator", lambda one: replace(one, operator=None)))
    if draft.steady_state is not None:
        found.append(("the steady state", lambda one: replace(one, steady_state=None)))
    for path in override_paths(draft.overrides):
        found.append((f"the limit {'.'.join(path)}", partial(_without_limit, path=path)))
    for place, injection in enumerate(draft.timeline):
        for known in FAULTS[injection.fault].parameter_fields():
            if not known.required and _is_set(injection, known):
                name = f"{injection.name}.with.{known.name}"
                found.append((name, partial(_without_parameter, place=place, attribute=known.attribute)))
        for attribute in ("ramp_ns", "ramp_down_ns"):
            if getattr(injection, attribute):
                name = f"{injection.name}.{attribute.removesuffix('_ns')}"
                found.append((name, partial(_without_ramp, place=place, attribute=attribute)))
    return found


def shorter_run(draft: Draft, finding: Finding) -> list[Draft]:
    """The run cut soon after the finding is proven."""
    proven_ns = round(finding.seen_until_s * 1e9) + _AFTER_PROOF_NS
    ends = [-(-proven_ns // step_ns) * step_ns for step_ns in (10 * _S, _MIN, 5 * _MIN)]
    return [_cut(draft, end_ns) for end_ns in dict.fromkeys(ends) if end_ns < draft.duration_ns]


def later_start(draft: Draft) -> list[Draft]:
    """The time before the first injection cut off: the market begins later, so that harm meets the same prices."""
    firsts = [one.at_ns for one in draft.timeline if one.at_ns is not None]
    if not firsts or draft.start_ns is None:
        return []
    found = []
    for lead_ns in _LEADS_NS:
        shift_ns = (min(firsts) - lead_ns) // _S * _S
        if shift_ns > 0:
            found.append(_shifted(draft, shift_ns))
    return found


def weaker(draft: Draft, place: int) -> list[Draft]:
    """One injection with less intensity."""
    injection = draft.timeline[place]
    spec = FAULTS[injection.fault]
    if injection.intensity is None or spec.intensity is None:
        return []
    if spec.intensity_attribute in _ROOM:
        most = spec.intensity.bounds[1] if isinstance(spec.intensity, Real) else None
        wider = (float(f"{injection.intensity / factor:.3g}") for factor in _FACTORS)
        return [_injected(draft, place, intensity=value) for value in wider if most is None or value <= most]
    floor = spec.intensity.bounds[0] if isinstance(spec.intensity, Real) else 0.0
    found = []
    for factor in _FACTORS:
        value = floor + (injection.intensity - floor) * factor
        value = float(f"{value:.3g}") if not isinstance(spec.intensity, Duration) else float(round(value / 1e6) * 10**6)
        if floor < value < injection.intensity:
            found.append(_injected(draft, place, intensity=value))
    return found


def briefer(draft: Draft, place: int) -> list[Draft]:
    """One injection that lasts less long, its ramps in proportion."""
    injection = draft.timeline[place]
    found = []
    for factor in _FACTORS:
        for_ns = max(_S, round(injection.for_ns * factor / _S) * _S)
        if for_ns < injection.for_ns:
            ramps = {
                name: round(getattr(injection, name) * for_ns / injection.for_ns / _S) * _S
                for name in ("ramp_ns", "ramp_down_ns")
            }
            found.append(_injected(draft, place, for_ns=for_ns, **ramps))
    return found


def subsets(names: tuple[str, ...], parts: int) -> Iterator[tuple[str, ...]]:
    """The parts and then their complements, as ddmin tries them (Zeller and Hildebrandt, *Simplifying and Isolating
    Failure-Inducing Input*, IEEE TSE 28(2), 2002)."""
    size = -(-len(names) // parts)
    chunks = [names[at : at + size] for at in range(0, len(names), size)]
    yield from chunks
    if parts > 2:
        for chunk in chunks:
            yield tuple(name for name in names if name not in chunk)


def _injected(draft: Draft, place: int, **changes: object) -> Draft:
    timeline = list(draft.timeline)
    timeline[place] = replace(timeline[place], **changes)
    return replace(draft, timeline=tuple(timeline))


def _is_set(injection: Injection, known: Field) -> bool:
    defaults = {info.name: info.default for info in msgspec.structs.fields(FAULTS[injection.fault].params)}
    value = injection.parameters.get(known.attribute)
    return value is not None and value != defaults[known.attribute]


def _without_limit(draft: Draft, path: tuple[str, ...]) -> Draft:
    return replace(draft, overrides=without_override(draft.overrides, path))


def _without_parameter(draft: Draft, place: int, attribute: str) -> Draft:
    left = {name: value for name, value in draft.timeline[place].parameters.items() if name != attribute}
    return _injected(draft, place, parameters=left)


def _without_ramp(draft: Draft, place: int, attribute: str) -> Draft:
    return _injected(draft, place, **{attribute: 0})


def _cut(draft: Draft, end_ns: int) -> Draft:
    timeline = tuple(
        replace(one, for_ns=one.for_ns if one.at_ns is None else min(one.for_ns, end_ns - one.at_ns))
        for one in draft.timeline
        if one.at_ns is None or one.at_ns < end_ns
    )
    return replace(draft, duration_ns=end_ns, timeline=timeline)


def _shifted(draft: Draft, shift_ns: int) -> Draft:
    assert draft.start_ns is not None
    timeline = tuple(one if one.at_ns is None else replace(one, at_ns=one.at_ns - shift_ns) for one in draft.timeline)
    steady = draft.steady_state
    if steady is not None:
        steady = replace(steady, from_ns=max(0, steady.from_ns - shift_ns))
    return replace(
        draft, start_ns=draft.start_ns + shift_ns, duration_ns=draft.duration_ns - shift_ns, timeline=timeline,
        steady_state=steady,
    )  # fmt: skip
