"""A stored run, read back as a draft that can be written and played again: from its directory alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from correlator.header import Header
from correlator.journal import Journal
from correlator.verdict import Judgement
from lab.judging import read_judgement
from lab.run_directory import RunDirectory
from lab.scenario.demands import (
    Assertion,
    Condition,
    Expectation,
    ExpectedMiss,
    Forbidden,
    Operator,
    SteadyState,
)
from lab.scenario.errors import Mark, problem
from lab.scenario.model import AS_MEANT, After, Injection, MonitorSetup, Value
from lab.scenario.resolve import SHIPPED
from lab.tuning.draft import Draft
from lab.tuning.names import names_from, override_paths, overrides_of


class StoredRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run with its verdict. ``limits_beside``: the text of a limits file that must be written for the draft, where
    none that is there can be its base; the draft names it ``limits_name``."""

    draft: Draft
    case: str
    setup: MonitorSetup
    judgement: Judgement
    limits_beside: str = ""


class _Injection(msgspec.Struct, frozen=True, kw_only=True):
    inject: str
    fault: str
    at_ns: int | None
    after: After | None
    for_ns: int
    ramp_ns: int
    ramp_down_ns: int
    scope: dict[str, str | tuple[str, ...]]
    intensity: float | None
    parameters: dict[str, Value] = msgspec.field(name="with")


class _Market(msgspec.Struct, frozen=True):
    market: str


class _Firm(msgspec.Struct, frozen=True):
    name: str


class _Resolved(msgspec.Struct, frozen=True, kw_only=True):
    scenario: str
    case: str
    description: str
    tags: tuple[str, ...]
    seed: int
    start_ns: int | None
    duration_ns: int
    market: _Market
    firm: _Firm
    controls: str | None
    operator: Operator | None
    timeline: tuple[_Injection, ...]
    expect: tuple[Expectation, ...]
    expect_miss: tuple[ExpectedMiss, ...]
    forbid: tuple[Forbidden, ...]
    assertions: tuple[Assertion, ...]
    stop_when: tuple[Condition, ...]
    steady_state: SteadyState | None
    judge_all_ns: int | None


def read_run(path: Path, target: Path, stem: str) -> StoredRun:
    """The run in ``path``, as a scenario called ``stem`` in the directory ``target`` would say it.

    Raises:
        ScenarioError: it is no run with a verdict, or a file that it leans on is not found from ``target``.
        JournalError: its journal cannot be read.
    """
    directory = RunDirectory(path)
    for file, hint in ((directory.scenario, "a run directory"), (directory.verdict, "a judged run: lab judge DIR")):
        if not file.is_file():
            raise problem(Mark(str(path), 0, 0), "", f"holds no {file.name}", hint)
    try:
        resolved = msgspec.json.decode(directory.scenario.read_bytes(), type=_Resolved)
        judgement = read_judgement(directory)
    except msgspec.MsgspecError as error:
        raise problem(Mark(str(path), 0, 0), "", f"cannot be read: {error}", "a run of this version of lab") from error
    limits_text = directory.limits.read_text(encoding="utf-8")
    limits, overrides = _base_of(limits_text, target)
    names, _ = names_from(
        target, target, firm=resolved.firm.name, market=resolved.market.market, limits=limits or resolved.firm.name,
        controls=resolved.controls, whose=str(path),
    )  # fmt: skip
    if limits is None:
        names = msgspec.structs.replace(names, limits=f"{stem}.limits.yaml")
    shared = {
        name: getattr(resolved, name)
        for name in Draft.__struct_fields__
        if name in resolved.__struct_fields__ and name != "timeline"
    }
    draft = Draft(**shared, names=names, overrides=overrides, timeline=tuple(map(_injection, resolved.timeline)))
    return StoredRun(
        draft=draft,
        case=resolved.case,
        setup=_setup(directory),
        judgement=judgement,
        limits_beside="" if limits is not None else limits_text,
    )


def _injection(stored: _Injection) -> Injection:
    values = {name: getattr(stored, name) for name in _Injection.__struct_fields__ if name != "inject"}
    return Injection(name=stored.inject, **values)


def _setup(directory: RunDirectory) -> MonitorSetup:
    """How the monitor was set up, as the journal says; as it is meant where there is no journal any more."""
    if not directory.run_journal.is_file():
        return AS_MEANT
    header: Header = Journal(directory.run_journal).header
    given = header.monitor.given
    if given is None:
        return AS_MEANT
    return MonitorSetup(
        limits_text=given.limits_text, leaves_out=tuple(given.leaves_out), timing_ms=dict(given.timing_ms)
    )


def _base_of(limits_text: str, target: Path) -> tuple[str | None, dict[str, Any]]:
    """The name of the limits file that these limits differ least from, with what must be laid over it."""
    here = target.absolute()
    best: tuple[str | None, dict[str, Any]] = (None, {})
    fewest: int | None = None
    taken: dict[str, None] = {}
    for home in (here, *here.parents[:2], SHIPPED):
        for path in sorted((home / "limits").glob("*.yaml")):
            if path.stem in taken:
                continue  # hidden by the nearer one of the same name
            taken[path.stem] = None
            overrides = overrides_of(limits_text, path)
            if overrides is None:
                continue
            count = len(override_paths(overrides))
            if fewest is None or count < fewest:
                fewest, best = count, (path.stem, overrides)
    return best
