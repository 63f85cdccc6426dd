"""The experiment: what a scenario file means once everything it extends, names and leaves open has been filled in.

This is what the coordinator runs. How it is written in YAML is declared in ``document``; how one becomes the other, in
``resolve``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from lab.scenario.firm import Firm
from lab.scenario.mandates import MANDATES, SEVERITIES
from lab.scenario.records import Key
from lab.scenario.scalars import NAME, Choice, Duration, Flag, Text
from simulators.market_data.world.config import MarketConfig

SUBJECT = Text("a subject of the mandate, such as USDT, apex or BTC/USD", r"[A-Za-z0-9_/:]+", 60)

Value = bool | int | float | str | tuple[str, ...]


class Injection(msgspec.Struct, frozen=True, kw_only=True):
    """One occurrence of a fault, with times since the run's start."""

    name: str
    fault: str
    at_ns: int
    for_ns: int  # until the end of the run where the file leaves it open
    ramp_ns: int = 0  # from nothing to full intensity, within for_ns
    ramp_down_ns: int = 0  # from full intensity back to nothing, the last part of for_ns
    scope: Mapping[str, str | tuple[str, ...]]  # keys by fault: asset, venue, pair, …
    intensity: float | None  # fraction (500 bp: 0.05), nanoseconds, or factor, as the fault says
    parameters: Mapping[str, Value]  # complete: the fault's defaults are filled in; names carry units
    line: int = 0

    @property
    def ends_ns(self) -> int:
        return self.at_ns + self.for_ns


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that must fire by a deadline."""

    alert: Annotated[str, Key(Choice(MANDATES), "the mandate")]
    asset: Annotated[str | None, Key(SUBJECT, "the alert's subject; optional where the mandate has one")] = None
    severity: Annotated[str | None, Key(Choice(SEVERITIES), "this severity or worse")] = None
    within_ns: Annotated[int, Key(Duration(positive=True), "the deadline", "within")]
    of: Annotated[str, Key(Choice(("breach", "effect", "injection")), "what the deadline is counted from")] = "breach"
    injection: Annotated[str | None, Key(NAME, "the injection; optional where the timeline has one")] = None
    line: int = 0


class Forbidden(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that must not fire."""

    alert: Annotated[str, Key(Choice((*MANDATES, "any")), "the mandate, or `any`")]
    asset: Annotated[str | None, Key(SUBJECT, "the alert's subject; all of them where absent")] = None
    severity: Annotated[str | None, Key(Choice(SEVERITIES), "this severity only; all of them where absent")] = None
    line: int = 0


class SteadyState(msgspec.Struct, frozen=True, kw_only=True):
    """What must hold until the first injection, or else the run says nothing about it."""

    from_ns: Annotated[int, Key(Duration(), "since the run's start", "from")] = 0
    no_alerts: Annotated[bool, Key(Flag(), "no alert fires")] = True
    feeds_live: Annotated[bool, Key(Flag(), "every price feed of the monitor is fresh")] = True


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """The market that the run plays."""

    config: MarketConfig
    file: str  # as the author would write it
    directory: str  # the data files that the definition names are relative to this

    @property
    def name(self) -> str:
        return self.config.market


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
    limits_text: str  # overrides merged in; monitor and correlator both read this
    timeline: tuple[Injection, ...]
    expect: tuple[Expectation, ...]
    forbid: tuple[Forbidden, ...]
    steady_state: SteadyState | None
    judge_all_ns: int | None

    def as_control(self) -> Experiment:
        """The same world with nothing injected or asked: equal for cases that may share one control."""
        return msgspec.structs.replace(
            self, file="", case="", description="", tags=(), timeline=(), expect=(), forbid=(), steady_state=None,
            judge_all_ns=None,
        )  # fmt: skip

    def to_resolved(self) -> dict[str, Any]:
        """The experiment as plain JSON values, for the journal's header (``resolved``)."""
        return {
            "scenario": self.scenario,
            "case": self.case,
            "description": self.description,
            "tags": list(self.tags),
            "seed": self.seed,
            "start_ns": self.start_ns,
            "duration_ns": self.duration_ns,
            "market": {"file": self.market.file, **msgspec.to_builtins(self.market.config)},
            "firm": msgspec.to_builtins(self.firm),
            "timeline": [
                {
                    "inject": injection.name,
                    "fault": injection.fault,
                    "at_ns": injection.at_ns,
                    "for_ns": injection.for_ns,
                    "ramp_ns": injection.ramp_ns,
                    "ramp_down_ns": injection.ramp_down_ns,
                    "scope": msgspec.to_builtins(injection.scope),
                    "intensity": injection.intensity,
                    "with": msgspec.to_builtins(injection.parameters),
                    "line": injection.line,
                }
                for injection in self.timeline
            ],
            "expect": [msgspec.to_builtins(expectation) for expectation in self.expect],
            "forbid": [msgspec.to_builtins(forbidden) for forbidden in self.forbid],
            "steady_state": None if self.steady_state is None else msgspec.to_builtins(self.steady_state),
            "judge_all_ns": self.judge_all_ns,
        }
