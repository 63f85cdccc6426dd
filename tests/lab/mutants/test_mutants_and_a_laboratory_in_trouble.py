"""What goes wrong in the laboratory kills no mutant; what a run proves all the same does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from correlator.verdict import Judgement
from lab.journal.writer import JournalError, JournalWriter
from lab.laboratory.kernel import Kernel
from lab.mutants.campaign import Campaign, Hunt, Standing, _played
from lab.mutants.memory import Played
from lab.mutants.mutant import Mutant, SourceEdit
from lab.mutants.selection import Catalogue, name_of
from lab.playing.run_directory import RunDirectory
from lab.playing.trials import Trial
from lab.scenario.resolve import load_scenario

EVENT_GAP = Path(__file__).parents[3] / "scenarios" / "exchange" / "event_gap.yaml"
EXPERIMENT = load_scenario(EVENT_GAP, case="noticed").experiments[0]
KILLED = "the process of event_gap/noticed was ended by SIGKILL; the machine may be out of memory"


def judged(verdict: str, ended: str = "completed") -> Judgement:
    return msgspec.convert(
        {
            "verdict": verdict, "reasons": ["why"], "scenario": "event_gap", "case": "noticed", "seed": 42,
            "description": "", "tags": [], "start_ns": 0, "versions": {}, "code": "", "checks": [], "injections": [],
            "ended": {"reason": ended, "at_s": 600.0, "planned_s": 600.0, "detail": ""}, "expectations": [],
            "forbids": [], "alerts": [], "false_alarms": [], "unexpected": [], "unalerted": [], "rules": [],
            "series": [], "counts": {},
        },
        Judgement,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("judgement", "trouble", "crashed", "is_unjudged"),
    [
        (None, "event_gap/noticed: event_gap/noticed took longer than 300 s", True, False),
        (None, f"event_gap/noticed: {KILLED}", False, True),
        (None, "event_gap/control: no room; event_gap/noticed/verdict: no room", False, True),
        (judged("unknown"), f"event_gap/control: {KILLED}", False, True),
        (judged("fail"), f"event_gap/control: {KILLED}", False, False),
        (judged("unknown"), "", False, False),
        (judged("unknown", "failed"), "", True, False),
    ],
)
def test_only_what_the_monitor_did_is_held_against_it(
    judgement: Judgement | None, trouble: str, crashed: bool, is_unjudged: bool, tmp_path: Path
) -> None:
    played = _played(Trial(EXPERIMENT, RunDirectory(tmp_path), judgement, trouble, 0.0))
    assert (played.crashed, played.is_unjudged) == (crashed, is_unjudged)


def test_a_journal_that_cannot_be_written_is_no_crash_of_the_monitor(tmp_path: Path) -> None:
    with pytest.raises(JournalError) as refused:
        JournalWriter(tmp_path / "nowhere" / "run.journal", Kernel(0), {})
    played = _played(Trial(EXPERIMENT, RunDirectory(tmp_path), None, f"event_gap/noticed: {refused.value}", 0.0))
    assert (played.crashed, played.is_unjudged) == (False, True)


def test_a_case_that_crashes_without_a_mutant_too_neither_kills_nor_spares(tmp_path: Path) -> None:
    hunt: Any = Hunt(Catalogue([EXPERIMENT]), {}, None, tmp_path, 1, all_kills=False, jobs=1)
    campaign = Campaign(hunt)
    campaign.baseline[name_of(EXPERIMENT)] = Played("unknown", "it took longer than 300 s", crashed=True)
    mutant = Mutant(id="source/x", level="source", operator="x", what="", edit=SourceEdit("x.py", 1, 0, 1, "a", "b"))
    standing = Standing(mutant)
    campaign._judge(standing, EXPERIMENT, Played("fail", "", crashed=False))
    assert (standing.kills, standing.survived) == ([], [])
    assert list(campaign.troubles) == ["event_gap/noticed without a mutant: it took longer than 300 s"]
