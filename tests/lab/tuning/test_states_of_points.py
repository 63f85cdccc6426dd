"""What became of an expectation at one point of a search."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from correlator.verdict import Judgement
from lab.tuning.states import State, states_in

NEVER_DUE: dict[str, Any] = {
    "alert": "drawdown", "asset": "USD", "severity": "high", "of": "breach", "injection": None, "origin": "scenario",
    "line": 3, "verdict": "unknown", "outcome": "never_due", "reason": "never due", "deadline_s": 10.0,
}  # fmt: skip


def ended(reason: str) -> Judgement:
    return msgspec.convert(
        {
            "verdict": "unknown", "reasons": [], "scenario": "crash", "case": "noticed", "seed": 1, "description": "",
            "tags": [], "start_ns": 0, "versions": {}, "code": "", "checks": [], "injections": [],
            "ended": {"reason": reason, "at_s": 60.0, "planned_s": 600.0, "detail": ""}, "expectations": [NEVER_DUE],
            "forbids": [], "alerts": [], "false_alarms": [], "unexpected": [], "unalerted": [], "rules": [],
            "series": [], "counts": {},
        },
        Judgement,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "state"),
    [("completed", "not_owed"), ("stopped", "not_owed"), ("failed", "unknown"), ("killed", "unknown")],
)
def test_a_run_that_broke_off_does_not_show_that_nothing_was_owed(reason: str, state: State) -> None:
    assert states_in(ended(reason), [0]) == (state,)
