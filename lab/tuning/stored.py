"""A stored run, read back as a draft that can be written and played again: from its directory alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from correlator.header import Header
from correlator.journal import Journal
from correlator.verdict import Judgement
from lab.judging.judge import read_judgement
from lab.playing.run_directory import RunDirectory
from lab.scenario.demands import (
    Assertion,
    Condition,
    Expectation,
    ExpectedMiss,
    Forbidden,
    Operator,
    SteadyState,
)
from lab.scenario.errors import Mark, ScenarioError, problem
from lab.scenario.firm_file import FIRM_SCHEMA, FirmFile
from lab.scenario.market_file import MARKET_SCHEMA, MarketFile
from lab.scenario.model import AS_MEANT, After, Injection, MonitorSetup, Value
from lab.scenario.resolve import SHIPPED
from lab.scenario.sources import load_document
from lab.tuning.draft import Draft, Names
from lab.tuning.names import override_paths, overrides_of


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


class _Resolved(msgspec.Struct, frozen=True, kw_only=True):
    scenario: str
    case: str
    description: str
    tags: tuple[str, ...]
    seed: int
    start_ns: int | None
    duration_ns: int
    market: dict[str, Any]
    firm: dict[str, Any]
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
        ScenarioError: it is no run with a verdict, the verdict is by other demands than its scenario's, or a file that
            it leans on is not found from ``target``.
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
    if judgement.judged_under:
        # What was asked is in no file of the run: played again, it would be held against what its scenario asks.
        message = f"its verdict is by other demands than its scenario's ({judgement.judged_under})"
        expected = f"its own: lab judge {path}; or a run of a scenario that makes those demands"
        raise problem(Mark(str(path), 0, 0), "", message, expected)
    limits_text = directory.limits.read_text(encoding="utf-8")
    limits, overrides = _base_of(limits_text, target)
    config = {key: value for key, value in resolved.market.items() if key != "file"}
    names = Names(
        firm=_equal_to(resolved.firm, str(resolved.firm.get("name")), "firms", target, _firm, path),
        market=_equal_to(config, str(config.get("market")), "markets", target, _market, path),
        limits=limits or f"{stem}.limits.yaml",
        controls=resolved.controls,
    )
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


def _firm(path: Path) -> Any:
    return FirmFile().read(load_document(path, str(path), FIRM_SCHEMA), "")


def _market(path: Path) -> Any:
    return MarketFile().read(load_document(path, str(path), MARKET_SCHEMA), "")


def _equal_to(
    stored: dict[str, Any], name: str, folder: str, target: Path, read: Callable[[Path], Any], whose: Path
) -> str:
    """What a scenario in ``target`` calls the file that says what the run said; a file's name may be another than the
    name inside. Raises ScenarioError: there is none."""
    for path in _files(folder, target):
        try:
            found = msgspec.json.decode(msgspec.json.encode(read(path)))
        except ScenarioError:
            continue  # somebody else's mistake, in a file that was not the run's
        if found == stored:
            return path.stem
    message = f"no file of {folder} as seen from {target} says what the run says of `{name}`"
    raise problem(Mark(str(whose), 0, 0), folder.removesuffix("s"), message, "--out beside the run's own scenario")


def _files(folder: str, target: Path) -> list[Path]:
    """What a scenario in ``target`` can name, nearest first."""
    here = target.absolute()
    found: dict[str, Path] = {}
    for home in (here, *here.parents[:2], SHIPPED):
        for path in sorted((home / folder).glob("*.yaml")):
            found.setdefault(path.stem, path)  # one of the same name farther away is hidden
    return list(found.values())


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
    best: tuple[str | None, dict[str, Any]] = (None, {})
    fewest: int | None = None
    for path in _files("limits", target):
        overrides = overrides_of(limits_text, path)
        if overrides is not None and (fewest is None or len(override_paths(overrides)) < fewest):
            fewest, best = len(override_paths(overrides)), (path.stem, overrides)
    return best
