"""Whatever breaks while a run is judged: the verdict is unknown and says how, never a pass; what is proven stays so."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from correlator import expecting, findings, journal, judge, reading
from correlator.cause import build
from correlator.reporting import to_json
from correlator.truth import measures as measures_package
from correlator.truth import wire, world
from tests.trust.conftest import Played
from tests.trust.doctoring import Arms, Monitor, Recorded, mute, perfect, watched_by, write

S = 10**9
BROKEN = "this was broken on purpose"

# What only passes on, or by which the verdict is written down: there is no verdict to be had without.
UNGUARDED = {
    "attempt",
    "checked",
    "worst",
    "find",
    "judge_findings",
    "judge_expectations",
    "unjudged",
    "collect_phases",
}


QUIET = {"overdue_settlement", "partial_settlement", "sequence_gap", "snapshot_loss"}
"""Mandates of which nothing is to be computed in forty seconds in which nothing settles and no depth is asked for."""


def steps_of(module: ModuleType) -> Iterator[tuple[ModuleType, str]]:
    """The functions of the correlator that a module calls by name."""
    for name, called in sorted(vars(module).items()):
        is_ours = inspect.isfunction(called) and called.__module__.startswith("correlator.")
        if is_ours and called.__module__ != module.__name__ and name not in UNGUARDED:
            yield module, name


STEPS = [*steps_of(judge), *steps_of(expecting)]
NOT_ASKED = {"match_action", "judge_forbidden_action"}
"""Of no story: control actions are asked for where controls are wired in."""


def measures() -> list[type]:
    """Every class that computes the truth of a mandate."""
    modules = [importlib.import_module(f"{measures_package.__name__}.{each.name}") for each in pkgutil.iter_modules(
        measures_package.__path__)]  # fmt: skip
    return [
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and each.__module__ == module.__name__ and "mandate" in vars(each)
    ]


class Stories:
    """Runs of which everything is asked, judged a hundred times: their findings, and the verdict that is due."""

    def __init__(self, arms: Arms, place: Path) -> None:
        self._arms, self._place = arms, place
        resolved = arms.recorded["run"].header["resolved"]
        asked = {
            "assertions": [{"quantity": "equity", "op": "above", "value": 1.0, "at_ns": 100 * S}],
            "steady_state": {"from_ns": 30 * S, "no_alerts": True, "feeds_live": True, "again_within_ns": 60 * S},
            "judge_all_ns": 5 * S,
            "forbid": [{"alert": "drawdown"}],
        }
        demanding = [
            {**each, "resolves_within_ns": 120 * S, "escalates_within_ns": 60 * S, "contain": {"within_ns": 60 * S}}
            for each in resolved["expect"]
        ]
        unseen = [{"alert": "stablecoin_peg", "because": "nobody looks"}]
        self.alerted = self._found("alerted", perfect, {**asked, "expect": demanding})
        self.unseen = self._found("unseen", mute, {**asked, "steady_state": None, "expect": [], "expect_miss": unseen})
        self.proven = self._found("proven", mute, {**asked, "expect": demanding})

    def _found(self, story: str, monitor: Monitor, asked: dict[str, Any]) -> findings.Findings:
        for name, recorded in self._arms.recorded.items():
            resolved = {**recorded.header["resolved"], **(asked if name == "run" else {})}
            history = msgspec.structs.replace(recorded, header={**recorded.header, "resolved": resolved})
            path = write(history, self._place / f"plain_{story}_{name}.journal")
            told = watched_by(history, monitor(reading.read_run(journal.Journal(path))), acts=False)
            write(told, self._place / f"{story}_{name}.journal")
        run, control = (self._place / f"{story}_{name}.journal" for name in ("run", "control"))
        return findings.find(findings.Journals(run, control))


@pytest.fixture(scope="module")
def stories(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Stories:
    stories = Stories(played["depeg"], tmp_path_factory.mktemp("stories"))
    for found, verdict in ((stories.alerted, "pass"), (stories.unseen, "pass"), (stories.proven, "fail")):
        judgement = judge.judge_findings(found)
        assert judgement.verdict == verdict, judgement.reasons
    return stories


def test_the_steps_of_judging_are_what_is_broken_here() -> None:
    names = {name for _, name in STEPS}
    assert {"check_effects", "check_causes", "judge_false_alarms", "judge_recovery", "build_causes", "match"} <= names
    assert {"examine", "settle", "harm_of", "judge_containment", "judge_escalation", "report_alerts"} <= names
    assert len(names) >= 35


@pytest.mark.parametrize(
    ("module", "name"), [*STEPS, (build, "depend")], ids=lambda each: getattr(each, "__name__", each)
)
def test_a_step_that_breaks_leaves_no_pass_and_hides_no_fail(
    module: ModuleType, name: str, stories: Stories, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def breaks(*_: Any, **__: Any) -> Any:
        calls.append(name)
        raise RuntimeError(BROKEN)

    monkeypatch.setattr(module, name, breaks)
    reached = 0
    for found in (stories.alerted, stories.unseen):
        found.looks.clear()
        calls.clear()
        judgement = judge.judge_findings(found)
        assert judgement.verdict == ("unknown" if calls else "pass"), judgement.reasons
        assert (BROKEN in to_json(judgement).decode()) == bool(calls)
        reached += bool(calls)
    assert reached or name in NOT_ASKED
    assert judge.judge_findings(stories.proven).verdict == "fail"


@pytest.fixture(scope="module")
def beginning(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seconds of a day on which nothing happens: a run of its own, and a pass."""
    whole = played["absent"].recorded["run"]
    end_ns = whole.header["start_ns"] + 40 * S
    resolved = {**whole.header["resolved"], "steady_state": None}
    entries = [entry for entry in whole.entries if entry.at_ns < end_ns]
    header = {**whole.header, "end_ns": end_ns, "resolved": resolved}
    place = tmp_path_factory.mktemp("beginning")
    path = write(Recorded(header, entries, ("completed", end_ns, "")), place / "run.journal")
    assert judge.judge(path, None).verdict == "pass"
    return path


def test_every_mandate_has_a_measure_that_is_broken_here() -> None:
    assert {str(vars(each)["mandate"]) for each in measures()} == world.MANDATES | wire.MANDATES


@pytest.mark.parametrize("measure", measures(), ids=lambda each: each.mandate)
def test_a_measure_that_breaks_has_no_truth(measure: type, beginning: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def breaks(*_: Any, **__: Any) -> Any:
        calls.append("")
        raise RuntimeError(BROKEN)

    methods = [each for each in vars(measure) if inspect.isfunction(vars(measure)[each]) and each != "__init__"]
    for name in [each for each in methods if not each.startswith("_")] or ["__init__"]:
        monkeypatch.setattr(measure, name, breaks)
    judgement = judge.judge(beginning, None)
    truth = next(each for each in judgement.checks if each.name == "truth")
    if not calls:
        assert (judgement.verdict, measure.mandate in QUIET) == ("pass", True)  # type: ignore[attr-defined]
        return
    assert (judgement.verdict, truth.verdict) == ("unknown", "unknown")
    assert BROKEN in truth.reason
    assert f"the truth of {measure.mandate} " in truth.reason or "any mandate" in truth.reason  # type: ignore[attr-defined]
