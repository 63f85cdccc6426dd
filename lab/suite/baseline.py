"""Baseline: what a suite found when somebody said *this is how it should be*, kept under version control.

The file is JSON with sorted keys and a line for each latency, so that a change of it reads well in a review. It is
written by ``lab baseline update`` and by nothing else.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from correlator.verdict import Verdict
from lab.playing.run_directory import write_whole
from lab.suite.result import FORMAT as SUITE_FORMAT
from lab.suite.result import CaseResult, SuiteResult

FORMAT = "riskproof-baseline/1"


class BaselineError(Exception):
    """A baseline or a suite's result cannot be read: which file, what was found, what was expected."""


class Rule(msgspec.Struct, frozen=True):
    """When a latency counts as grown; edit it in the baseline's file.

    ``alpha``: the largest p of the rank test; ``effect``: the smallest Cliff's delta; a growth matters from
    ``smallest_s`` or ``smallest_share`` of the deadline on, whichever is more.
    """

    alpha: float = 0.01
    effect: float = 0.33
    smallest_s: float = 0.1
    smallest_share: float = 0.05

    def matters_s(self, deadline_s: float) -> float:
        """The smallest growth that matters, in seconds."""
        return max(self.smallest_s, self.smallest_share * deadline_s)


class SeedBaseline(msgspec.Struct, frozen=True):
    """One seed of a case: its verdict, and its false alarms by mandate."""

    verdict: Verdict
    false_alarms: dict[str, int] = {}


class ExpectationBaseline(msgspec.Struct, frozen=True):
    """One expectation, by seed: latencies since due and since the injection, null where none is known, and the outcomes
    that are no detection in time."""

    deadline_s: float
    latencies_s: dict[str, float | None]
    since_injections_s: dict[str, float | None]
    otherwise: dict[str, str] = {}

    def outcome(self, seed: str) -> str:
        """What became of it under a seed."""
        return self.otherwise.get(seed, "detected")


class CaseBaseline(msgspec.Struct, frozen=True):
    """One case: ``expectations`` by their ``ExpectationStats.key``."""

    file: str
    seeds: dict[str, SeedBaseline]
    expectations: dict[str, ExpectationBaseline]


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """``cases`` by ``scenario/case``; ``code`` and ``versions`` are what they were found with."""

    format: str = FORMAT
    code: str
    versions: dict[str, str]
    rule: Rule = Rule()
    cases: dict[str, CaseBaseline]


def baseline_of(result: SuiteResult, rule: Rule | None = None) -> Baseline:
    """The baseline that a result makes; remembered seeds, which nobody asked for, are left out."""
    return Baseline(
        code=result.code,
        versions=result.versions,
        rule=rule or Rule(),
        cases={f"{case.scenario}/{case.case}": case_baseline(case) for case in result.cases},
    )


def case_baseline(case: CaseResult) -> CaseBaseline:
    """One case as a baseline keeps it."""
    return CaseBaseline(
        file=relative(case.file),
        seeds={str(one.seed): SeedBaseline(one.verdict, one.false_alarms) for one in case.seeds if not one.remembered},
        expectations={
            one.key: ExpectationBaseline(
                one.deadline_s,
                {str(seed): latency_s for seed, latency_s in zip(one.seeds, one.latencies_s, strict=True)},
                {str(seed): span_s for seed, span_s in zip(one.seeds, one.since_injections_s, strict=True)},
                {
                    str(seed): outcome
                    for seed, outcome in zip(one.seeds, one.outcomes, strict=True)
                    if outcome not in ("detected", "taken")
                },
            )
            for one in case.expectations
        },
    )


def relative(file: str) -> str:
    """A path as seen from here where it lies below, so that a baseline reads the same on every machine."""
    near = os.path.relpath(os.path.realpath(file))
    return file if near.startswith("..") else Path(near).as_posix()


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write the file, keys sorted.

    Raises:
        RunDirectoryError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded = msgspec.json.encode(baseline, order="sorted")
    write_whole(path, msgspec.json.format(encoded, indent=1) + b"\n")


def read_baseline(path: Path) -> Baseline:
    """Raises:
    BaselineError: there is no such file, or it is none of ours.
    """
    baseline = _decoded(path, Baseline, FORMAT, "a baseline that `lab baseline update` wrote")
    assert isinstance(baseline, Baseline)
    return baseline


def read_result(path: Path) -> SuiteResult:
    """A suite's stored result; ``path`` may be the directory that holds ``suite.json``.

    Raises:
        BaselineError: there is no such file, or it is none of ours.
    """
    file = path / "suite.json" if path.is_dir() else path
    result = _decoded(file, SuiteResult, SUITE_FORMAT, "a suite.json that `lab suite` wrote")
    assert isinstance(result, SuiteResult)
    return result


class _Header(msgspec.Struct):
    format: str = ""


def _decoded(path: Path, kind: type[Baseline] | type[SuiteResult], form: str, expected: str) -> Baseline | SuiteResult:
    try:
        content = path.read_bytes()
        found = msgspec.json.decode(content, type=_Header).format
        if found != form:
            raise BaselineError(f"{path}: format is {found!r}; expected {expected}, {form!r}")
        return msgspec.json.decode(content, type=kind)
    except FileNotFoundError as error:
        raise BaselineError(f"{path}: there is no such file; expected {expected}") from error
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror}; expected {expected}") from error
    except msgspec.DecodeError as error:
        raise BaselineError(f"{path}: {error}; expected {expected}") from error
