"""The latency that a hunt drives up: how long what was due waited for its alert, or a worse one, and for no milder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from correlator.verdict import Judgement
from lab.playing.run_directory import RunDirectory
from lab.playing.trials import Trial
from lab.scenario.resolve import load_scenario
from lab.tuning.bench import renamed
from lab.tuning.objective import OBJECTIVES, score_of

EVENT_GAP = Path(__file__).parents[3] / "scenarios" / "exchange" / "event_gap.yaml"


def rule(severity: str, due_at_s: float) -> dict[str, Any]:
    breach: dict[str, Any] = {
        "began_at_s": 100.0, "ended_at_s": None, "due_at_s": due_at_s, "peak": 1.0, "breaches": 1, "evidence": []
    }  # fmt: skip
    return {
        "alert": "drawdown", "asset": "USD", "severity": severity, "bound": "1 %", "unit": "share", "for_s": 0.0,
        "breaches": 1, "times_due": 1, "first_breach_at_s": 100.0, "first_due_at_s": due_at_s, "coalesced_gap_s": 0.0,
        "alerted": True, "intervals": [breach],
    }  # fmt: skip


def alert(severity: str, fired_at_s: float) -> dict[str, Any]:
    return {
        "alert": "drawdown", "asset": "USD", "severity": severity, "alert_id": severity, "fired_at_s": fired_at_s,
        "pending_since_at_s": fired_at_s, "resolved_at_s": None, "observed": 1.0, "limit": 1.0, "unit": "share",
        "truth": "true", "in_control": False, "expected": True, "reason": "", "production_evidence": [],
        "evidence": [],
    }  # fmt: skip


def judged(rules: list[Any], alerts: list[Any]) -> Judgement:
    injection = {
        "name": "crash", "fault": "price_shock", "planned_at_s": 90.0, "planned_end_at_s": None, "began_at_s": 90.0,
        "took_effect_at_s": 90.0, "claimed_at_s": 90.0, "ended_at_s": None, "refused": False, "detail": "",
        "notes": [], "evidence": [],
    }  # fmt: skip
    return msgspec.convert(
        {
            "verdict": "fail", "reasons": [], "scenario": "crash", "case": "noticed", "seed": 1, "description": "",
            "tags": [], "start_ns": 0, "versions": {}, "code": "", "checks": [], "injections": [injection],
            "ended": {"reason": "completed", "at_s": 600.0, "planned_s": 600.0, "detail": ""}, "expectations": [],
            "forbids": [], "alerts": alerts, "false_alarms": [], "unexpected": [], "unalerted": [], "rules": rules,
            "series": [], "counts": {},
        },
        Judgement,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("alerts", "waited_s"),
    [
        ([alert("warning", 105.0)], 450.0),  # nobody ever said that it was critical
        ([alert("warning", 105.0), alert("critical", 155.0)], 5.0),
        ([alert("critical", 103.0)], 3.0),  # a worse one answers a milder rule
        ([], 500.0),
    ],
)
def test_a_rule_waits_for_its_alert_or_a_worse_one(alerts: list[Any], waited_s: float, tmp_path: Path) -> None:
    experiment = load_scenario(EVENT_GAP, case="noticed").experiments[0]
    judgement = judged([rule("warning", 100.0), rule("critical", 150.0)], alerts)
    score = score_of(OBJECTIVES["latency"], Trial(experiment, RunDirectory(tmp_path), judgement, "", 0.0))
    assert score is not None
    assert score.value == waited_s


def test_a_value_and_its_negative_are_cases_of_their_own() -> None:
    experiment = load_scenario(EVENT_GAP, case="noticed").experiments[0]
    names = [renamed(experiment, f"intensity_{value}").case for value in ("-50 bp", "0 bp", "50 bp")]
    assert names == ["noticed-intensity_minus50bp", "noticed-intensity_0bp", "noticed-intensity_50bp"]
