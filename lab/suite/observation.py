"""Observation: what a suite keeps of one trial once it is judged, so that a thousand of them fit into memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from correlator.verdict import AlertOutcome, ExpectationOutcome, Judgement, Outcome
from lab.judging.detection import detection_of
from lab.judging.without_harm import comes_without_harm
from lab.playing.trials import Trial
from lab.suite.result import SeedResult

NS_PER_S = 1_000_000_000
MISSED = ("late", "missed", "failed")
"""Outcomes that prove that the alert or action did not come in time."""

_IN_TIME = ("detected", "taken")


@dataclass(frozen=True, slots=True)
class Sample:
    """One expectation in one trial; ``place`` counts those of the trial that read the same."""

    outcome: ExpectationOutcome
    place: int

    @property
    def came_to(self) -> Outcome:
        """The outcome of the alert or action itself, whatever had to follow it."""
        return detection_of(self.outcome)

    @property
    def in_time(self) -> bool | None:
        """Whether the alert or action came in time, whatever had to follow it; None: nothing was proven."""
        one = self.outcome
        if self.came_to in MISSED:
            return False
        if self.came_to not in _IN_TIME or one.detected_at_s is None or one.deadline_at_s is None:
            return None
        return one.detected_at_s <= one.deadline_at_s

    @property
    def latency_s(self) -> float | None:
        """From due to detection; None where none came or where it is in doubt."""
        return None if self.in_time is None else self.outcome.latency_s

    @property
    def since_injection_s(self) -> float | None:
        """From the injection to detection; None as for the latency."""
        return None if self.in_time is None else self.outcome.since_injection_s

    @property
    def margin_s(self) -> float | None:
        """From detection to the deadline, negative when late; None as for the latency."""
        one = self.outcome
        if self.in_time is None or one.detected_at_s is None or one.deadline_at_s is None:
            return None
        return round(one.deadline_at_s - one.detected_at_s, 6)


@dataclass(frozen=True, slots=True)
class Stray:
    """Alerts of a mandate that the case does not expect, and that the control does not raise."""

    mandate: str
    true: int
    false: int
    doubtful: int


@dataclass(frozen=True, slots=True)
class Observation:
    """One trial, reduced to what the suite's figures need."""

    scenario: str
    case: str
    file: str
    description: str
    tags: tuple[str, ...]
    faults: tuple[str, ...]
    seed: SeedResult
    samples: tuple[Sample, ...]
    mandates: tuple[str, ...]  # that the limits keep
    forbidden_false: dict[str, int]  # false alarms that a prohibition names, by mandate
    forbidden_true: int
    strays: tuple[Stray, ...]
    code: str
    versions: dict[str, str]


def observe(trial: Trial, *, remembered: bool = False) -> Observation:
    """What is kept of a trial. ``remembered``: it ran only because its seed failed before."""
    experiment, judgement = trial.experiment, trial.judgement
    seed = SeedResult(
        seed=experiment.seed,
        verdict=trial.verdict,
        reasons=[f"unknown: no verdict: {trial.trouble or 'it was not judged'}"]
        if judgement is None
        else judgement.reasons,
        trouble=trial.trouble,
        wall_s=round(trial.wall_s, 3),
        simulated_s=0.0 if judgement is None else judgement.ended.at_s,
        directory=str(trial.directory.path),
        remembered=remembered,
        false_alarms={} if judgement is None else _by_mandate(judgement.false_alarms),
    )
    forbidden = [] if judgement is None else _forbidden(judgement)
    return Observation(
        scenario=experiment.scenario,
        case=experiment.case,
        file=experiment.file,
        description=experiment.description,
        tags=tuple(experiment.tags),
        faults=tuple(dict.fromkeys(injection.fault for injection in experiment.timeline)),
        seed=seed,
        samples=() if judgement is None else _samples(judgement.expectations),
        mandates=() if judgement is None else tuple(dict.fromkeys(rule.alert for rule in judgement.rules)),
        forbidden_false=_by_mandate([alert for alert in forbidden if alert.truth == "false"]),
        forbidden_true=sum(alert.truth == "true" for alert in forbidden),
        strays=() if judgement is None or not experiment.timeline else strays(judgement),
        code="" if judgement is None else judgement.code,
        versions={} if judgement is None else judgement.versions,
    )


def _samples(outcomes: list[ExpectationOutcome]) -> tuple[Sample, ...]:
    met: Counter[tuple[str | None, ...]] = Counter()
    samples = []
    for one in outcomes:
        reads = (one.origin, one.alert, one.action, one.asset, one.severity, one.of, one.injection)
        samples.append(Sample(one, met[reads]))
        met[reads] += 1
    return tuple(samples)


def _forbidden(judgement: Judgement) -> list[AlertOutcome]:
    """Every alert that some prohibition names, once."""
    places = sorted({place for forbid in judgement.forbids for place in forbid.alerts})
    return [judgement.alerts[place] for place in places]


def strays(judgement: Judgement) -> tuple[Stray, ...]:
    """Alerts of a run with harm that nobody asked for, by mandate. What comes without harm too, or may, is left out."""
    asked_for = {one.alert for one in judgement.expectations if one.origin == "scenario"}
    asked_for |= {miss.alert for miss in judgement.misses}
    told = zip(judgement.alerts, comes_without_harm(judgement), strict=True)
    others = [alert for alert, without_harm in told if alert.alert not in asked_for and without_harm is False]
    return tuple(
        Stray(mandate, *(sum(one.alert == mandate and one.truth == truth for one in others) for truth in _TRUTHS))
        for mandate in dict.fromkeys(alert.alert for alert in others)
    )


_TRUTHS = ("true", "false", "unknown")


def _by_mandate(alerts: list[AlertOutcome]) -> dict[str, int]:
    return dict(sorted(Counter(alert.alert for alert in alerts).items()))
