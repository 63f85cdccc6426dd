"""The experiment: what a scenario file means once everything it extends, names and leaves open has been filled in.

This is what the coordinator runs. How it is written in YAML is declared in ``document``; how one becomes the other, in
``resolve``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import msgspec

from lab.scenario.demands import (
    Assertion,
    Condition,
    Expectation,
    ExpectedMiss,
    Forbidden,
    Operator,
    SteadyState,
)
from lab.scenario.firm import Firm
from simulators.market_data.world.config import MarketConfig

Value = bool | int | float | str | tuple[str, ...]


class After(msgspec.Struct, frozen=True):
    """The moment that hangs on another injection: ``offset_ns`` after it began, took effect or ended."""

    injection: str
    phase: str  # began, took_effect or ended
    offset_ns: int = 0


class Injection(msgspec.Struct, frozen=True, kw_only=True):
    """One occurrence of a fault, with times since the run's start."""

    name: str
    fault: str
    at_ns: int | None  # None: ``after`` says when
    after: After | None = None
    for_ns: int  # until the end of the run where the file leaves it open
    ramp_ns: int = 0  # from nothing to full intensity, within for_ns
    ramp_down_ns: int = 0  # from full intensity back to nothing, the last part of for_ns
    scope: Mapping[str, str | tuple[str, ...]]  # keys by fault: asset, venue, pair, …
    intensity: float | None  # fraction (500 bp: 0.05), nanoseconds, or factor, as the fault says
    parameters: Mapping[str, Value]  # complete: the fault's defaults are filled in; names carry units
    drawn: Mapping[str, str] = {}  # field → the distribution that its value was drawn from
    line: int = 0

    def begun(self, at_ns: int, run_lasts_ns: int) -> Injection:
        """This injection with its moment known, and cut to the run's end."""
        return msgspec.structs.replace(self, at_ns=at_ns, for_ns=min(self.for_ns, run_lasts_ns - at_ns))


class Phase(msgspec.Struct, frozen=True):
    """A named stretch of the run, by which moments may be told."""

    phase: str
    from_ns: int
    to_ns: int


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """The market that the run plays."""

    config: MarketConfig
    file: str  # as the author would write it
    directory: str  # the data files that the definition names are relative to this

    @property
    def name(self) -> str:
        return self.config.market


class MonitorSetup(msgspec.Struct, frozen=True, kw_only=True):
    """How the monitor is set up otherwise than the firm's operators mean it to be. The correlator judges by what they
    mean all the same. Empty: as they mean it.

    ``limits_text``: the limits that the monitor reads. ``leaves_out``: venues and assets that it does not watch.
    ``timing_ms``: other values of its cadences, network and patience, by field.
    """

    limits_text: str = ""
    leaves_out: tuple[str, ...] = ()
    timing_ms: Mapping[str, int] = {}


AS_MEANT = MonitorSetup()


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """One case of one scenario, ready to run."""

    file: str
    scenario: str
    case: str
    description: str
    tags: tuple[str, ...]
    seed: int
    start_ns: int | None  # None: the market's first bar, which its data alone can tell
    duration_ns: int
    market: Market
    firm: Firm
    limits_file: str
    limits_text: str  # overrides merged in; the correlator reads this, and the monitor if it is set up as meant
    monitor_setup: MonitorSetup = AS_MEANT
    controls: str | None = None  # the name of what is wired in
    controls_file: str = ""
    controls_text: str = ""  # what the monitor reads of it
    operator: Operator | None = None
    phases: tuple[Phase, ...] = ()
    timeline: tuple[Injection, ...]
    expect: tuple[Expectation, ...]
    expect_miss: tuple[ExpectedMiss, ...] = ()
    forbid: tuple[Forbidden, ...]
    assertions: tuple[Assertion, ...] = ()
    stop_when: tuple[Condition, ...] = ()
    steady_state: SteadyState | None
    judge_all_ns: int | None

    def as_control(self) -> Experiment:
        """The same world with nothing injected or asked: equal for cases that may share one control."""
        return msgspec.structs.replace(
            self, file="", case="", description="", tags=(), phases=(), timeline=(), expect=(), expect_miss=(),
            forbid=(), assertions=(), stop_when=(), steady_state=None, judge_all_ns=None,
        )  # fmt: skip

    def to_resolved(self) -> dict[str, Any]:
        """The experiment as plain JSON values, for the journal's header (``resolved``): the same wherever it is loaded
        from. Of the market's file it tells the name, and of data files the path as seen from there."""
        return {
            "scenario": self.scenario,
            "case": self.case,
            "description": self.description,
            "tags": list(self.tags),
            "seed": self.seed,
            "start_ns": self.start_ns,
            "duration_ns": self.duration_ns,
            "market": {"file": PurePath(self.market.file).name, **msgspec.to_builtins(self.market.config)},
            "firm": msgspec.to_builtins(self.firm),
            "controls": self.controls,
            "operator": msgspec.to_builtins(self.operator),
            "phases": msgspec.to_builtins(self.phases),
            "timeline": [_resolved(injection) for injection in self.timeline],
            "expect": msgspec.to_builtins(self.expect),
            "expect_miss": msgspec.to_builtins(self.expect_miss),
            "forbid": msgspec.to_builtins(self.forbid),
            "assertions": msgspec.to_builtins(self.assertions),
            "stop_when": msgspec.to_builtins(self.stop_when),
            "steady_state": msgspec.to_builtins(self.steady_state),
            "judge_all_ns": self.judge_all_ns,
        }


def _resolved(injection: Injection) -> dict[str, Any]:
    return {
        "inject": injection.name,
        "fault": injection.fault,
        "at_ns": injection.at_ns,
        "after": msgspec.to_builtins(injection.after),
        "for_ns": injection.for_ns,
        "ramp_ns": injection.ramp_ns,
        "ramp_down_ns": injection.ramp_down_ns,
        "scope": msgspec.to_builtins(injection.scope),
        "intensity": injection.intensity,
        "with": msgspec.to_builtins(injection.parameters),
        "drawn": dict(injection.drawn),
        "line": injection.line,
    }
