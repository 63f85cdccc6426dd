"""Facts: what coverage and scores need of one run, read from its verdict or, where it has none, from its scenario."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from correlator.verdict import AlertOutcome, ExpectationOutcome, Judgement, MissOutcome, Verdict
from lab.judging.detection import detection_of
from lab.suite.observation import Sample

if TYPE_CHECKING:
    from lab.playing.trials import Trial

Found = Literal["detected", "late", "missed", "unknown"]
"""What became of a demand: the alert or action came in time; later than that; not at all, or it failed; or nothing is
proven."""

_NOT_ANSWERABLE = ("no_effect", "never_due", "due_too_late", "doubtful", "interrupted", "not_judged")
"""Outcomes by which the truth owed nothing that the monitor could have answered in time."""


class RunName(msgspec.Struct, frozen=True, order=True):
    """Which run."""

    scenario: str
    case: str
    seed: int

    def __str__(self) -> str:
        return f"{self.scenario}/{self.case}/seed-{self.seed}"


@dataclass(frozen=True, slots=True)
class Demand:
    """One expectation in one run. Exactly one of ``alert`` and ``action`` is given; moments are in seconds since the
    run's start, and null where it never came to that.

    ``verdict`` is of the demand with whatever had to follow; ``found`` of the alert or action alone. ``faults`` are of
    the injection that it names, else of all in its run. ``owed``: the truth demanded it, whatever the monitor did.
    """

    alert: str | None
    action: str | None
    asset: str | None
    severity: str | None
    faults: tuple[str, ...]
    found: Found
    verdict: Verdict
    owed: bool
    due_at_s: float | None = None
    deadline_at_s: float | None = None
    detected_at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Fired:
    """One alert that fired."""

    alert: str
    asset: str
    severity: str
    at_s: float
    truth: Literal["true", "false", "unknown"]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run. ``mandates`` are those that its limits keep; ``blind`` names those of breaches that no production API
    shows, once for each. ``judged``: there is a verdict; without one every demand is unknown. ``rescored``: it is
    under other terms than the run's own scenario's."""

    name: RunName
    tags: tuple[str, ...]
    faults: tuple[str, ...]
    verdict: Verdict
    judged: bool
    lasted_s: float
    mandates: tuple[str, ...]
    demands: tuple[Demand, ...]
    fired: tuple[Fired, ...]
    blind: tuple[str, ...]
    rescored: bool = False

    @property
    def false_alarms(self) -> list[Fired]:
        """Alerts without a true breach."""
        return [one for one in self.fired if one.truth == "false"]

    def watches(self, mandate: str) -> bool:
        """Whether a false alarm of a mandate would have been one: its limits keep it, or one was heard all the same."""
        return mandate in self.mandates or any(one.alert == mandate for one in self.false_alarms)


class Ended(msgspec.Struct):
    """When the history ended."""

    at_s: float


class Injected(msgspec.Struct):
    """One injection."""

    name: str
    fault: str


class KeptRule(msgspec.Struct):
    """One rule that the limits keep."""

    alert: str


class Told(msgspec.Struct):
    """What facts need of a verdict; a ``Judgement`` has it all, and ``verdict.json`` is read no further than this."""

    verdict: Verdict
    scenario: str
    case: str
    seed: int
    tags: Sequence[str]
    ended: Ended
    injections: Sequence[Injected]
    expectations: Sequence[ExpectationOutcome]
    alerts: Sequence[AlertOutcome]
    rules: Sequence[KeptRule]
    misses: Sequence[MissOutcome] = ()
    judged_under: str = ""


class _Written(msgspec.Struct):
    alert: str | None = None
    action: str | None = None
    asset: str | None = None
    severity: str | None = None
    injection: str | None = None


class _Planned(msgspec.Struct):
    inject: str
    fault: str


class _Blind(msgspec.Struct):
    alert: str


class Scripted(msgspec.Struct):
    """What facts need of ``scenario.json``."""

    scenario: str
    case: str
    seed: int
    tags: list[str]
    timeline: list[_Planned]
    expect: list[_Written]
    expect_miss: list[_Blind] = []


def facts_of(told: Told | Judgement) -> RunFacts:
    """The facts of a judged run."""
    injected = [(one.name, one.fault) for one in told.injections]
    return RunFacts(
        name=RunName(told.scenario, told.case, told.seed),
        tags=tuple(told.tags),
        faults=_faults(injected),
        verdict=told.verdict,
        judged=True,
        lasted_s=told.ended.at_s,
        mandates=tuple(dict.fromkeys(rule.alert for rule in told.rules)),
        demands=tuple(_demand(one, _faults(injected, one.injection)) for one in told.expectations),
        fired=tuple(Fired(one.alert, one.asset, str(one.severity), one.fired_at_s, one.truth) for one in told.alerts),
        blind=tuple(one.alert for one in told.misses),
        rescored=bool(told.judged_under),
    )


def facts_without_verdict(scripted: Scripted) -> RunFacts:
    """The facts of a run that was played, or should have been, and has no verdict: whatever it demands is unknown."""
    injected = [(one.inject, one.fault) for one in scripted.timeline]
    return RunFacts(
        name=RunName(scripted.scenario, scripted.case, scripted.seed),
        tags=tuple(scripted.tags),
        faults=_faults(injected),
        verdict="unknown",
        judged=False,
        lasted_s=0.0,
        mandates=(),
        demands=tuple(
            Demand(
                alert=one.alert,
                action=one.action,
                asset=one.asset,
                severity=one.severity,
                faults=_faults(injected, one.injection),
                found="unknown",
                verdict="unknown",
                owed=False,
            )
            for one in scripted.expect
        ),
        fired=(),
        blind=tuple(one.alert for one in scripted.expect_miss),
    )


def facts_of_trial(trial: Trial) -> RunFacts:
    """The facts of a run that was just played."""
    if trial.judgement is not None:
        return facts_of(trial.judgement)
    played = trial.experiment
    return facts_without_verdict(
        Scripted(
            scenario=played.scenario,
            case=played.case,
            seed=played.seed,
            tags=list(played.tags),
            timeline=[_Planned(one.name, one.fault) for one in played.timeline],
            expect=[_Written(one.alert, one.action, one.asset, one.severity, one.injection) for one in played.expect],
            expect_miss=[_Blind(one.alert) for one in played.expect_miss],
        )
    )


def _demand(one: ExpectationOutcome, faults: tuple[str, ...]) -> Demand:
    return Demand(
        alert=one.alert,
        action=one.action,
        asset=one.asset,
        severity=one.severity,
        faults=faults,
        found=_found(one),
        verdict=one.verdict,
        owed=detection_of(one) not in _NOT_ANSWERABLE and one.due_at_s is not None,
        due_at_s=one.due_at_s,
        deadline_at_s=one.deadline_at_s,
        detected_at_s=one.detected_at_s,
    )


def _found(one: ExpectationOutcome) -> Found:
    """As a suite counts it: what had to follow the alert is a matter of the demand's verdict."""
    in_time = Sample(one, 0).in_time
    if in_time is None:
        return "unknown"
    if in_time:
        return "detected"
    return "missed" if one.outcome in ("missed", "failed") else "late"


def _faults(injected: Iterable[tuple[str, str]], named: str | None = None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fault for name, fault in injected if named is None or name == named))
