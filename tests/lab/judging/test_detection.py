"""What became of an alert itself, in a judged expectation that also asks for what must follow it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from correlator.verdict import DemandOutcome, ExpectationOutcome, Outcome, Verdict
from lab.judging.detection import detection_of
from lab.suite.observation import Sample
from lab.tuning.states import State, state_of

DETECTED: dict[str, Any] = {"due_at_s": 100.0, "detected_at_s": 101.0, "deadline_at_s": 110.0}
SILENT: dict[str, Any] = {"due_at_s": 100.0, "deadline_at_s": 110.0}


def judged(verdict: Verdict, outcome: Outcome, came: dict[str, Any], resolved: str = "") -> ExpectationOutcome:
    """As the correlator tells it; ``resolved``: the resolution is the worst part, with this outcome."""
    expectation = ExpectationOutcome(
        alert="drawdown", asset="USD", severity="high", of="breach", injection=None, verdict=verdict, outcome=outcome,
        reason="the alert", deadline_s=10.0, **came,
    )  # fmt: skip
    if not resolved:
        return expectation
    follows = msgspec.convert(
        {"verdict": verdict, "outcome": resolved, "reason": "what followed", "within_s": 60.0}, DemandOutcome
    )
    return msgspec.structs.replace(expectation, outcome=follows.outcome, reason=follows.reason, resolved=follows)


@pytest.mark.parametrize(
    ("found", "outcome", "in_time", "state"),
    [
        (judged("pass", "detected", DETECTED), "detected", True, "noticed"),
        (judged("unknown", "never_due", {}), "never_due", None, "not_owed"),
        # The breach went on to the end of the run, so that nothing had to resolve; the alert had come in time.
        (judged("unknown", "detected", DETECTED, "never_due"), "detected", True, "noticed"),
        (judged("unknown", "detected", DETECTED, "interrupted"), "detected", True, "noticed"),
        (judged("fail", "detected", DETECTED, "not_resolved"), "detected", True, "noticed"),
        (judged("fail", "doubtful", SILENT, "not_contained"), "doubtful", None, "doubtful"),
        (judged("fail", "missed", SILENT), "missed", False, "missed"),
    ],
)
def test_what_had_to_follow_an_alert_is_no_matter_of_its_detection(
    found: ExpectationOutcome, outcome: Outcome, in_time: bool | None, state: State
) -> None:
    assert (detection_of(found), Sample(found, 0).in_time, state_of(found)) == (outcome, in_time, state)
