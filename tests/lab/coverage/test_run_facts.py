"""What is kept of a verdict for coverage and scores."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from correlator.verdict import ExpectationOutcome, Outcome
from lab.coverage.facts import Demand, Ended, Injected, KeptRule, Told, facts_of
from tests.lab.suite.suite_samples import expected


def demanded(*outcomes: ExpectationOutcome) -> tuple[Demand, ...]:
    told = Told(
        verdict="pass",
        scenario="crash",
        case="noticed",
        seed=1,
        tags=["E"],
        ended=Ended(1_800.0),
        injections=[Injected("a", "price_shock"), Injected("b", "wire_loss"), Injected("c", "price_shock")],
        expectations=outcomes,
        alerts=[],
        rules=[KeptRule("drawdown"), KeptRule("drawdown"), KeptRule("basis")],
    )
    facts = facts_of(told)
    assert facts.mandates == ("drawdown", "basis")
    assert facts.faults == ("price_shock", "wire_loss")
    return facts.demands


def named(injection: str) -> ExpectationOutcome:
    return msgspec.structs.replace(expected(), injection=injection)


def test_a_demand_is_of_the_fault_of_the_injection_that_it_names_else_of_all() -> None:
    got = [one.faults for one in demanded(named("b"), named("c"), expected())]
    assert got == [("wire_loss",), ("price_shock",), ("price_shock", "wire_loss")]


FOUND = {
    "detected": "detected",
    "taken": "detected",
    "late": "late",
    "missed": "missed",
    "failed": "missed",
    "not_escalated": "detected",
    "not_resolved": "detected",
    "not_contained": "detected",
    "lost_too_much": "detected",
    "orders_went_on": "detected",
}
NOTHING_OWED = ("no_effect", "never_due", "due_too_late", "doubtful", "interrupted", "not_judged")


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_every_outcome_of_the_correlator_is_found_once(outcome: Outcome) -> None:
    (one,) = demanded(expected(outcome, None if outcome == "missed" else 1.0))
    assert (one.found, one.owed) == (FOUND.get(outcome, "unknown"), outcome not in NOTHING_OWED)


def test_what_had_to_follow_a_late_alert_does_not_make_it_timely() -> None:
    (one,) = demanded(expected("not_resolved", 11.0))
    assert one.found == "late"


def test_a_verdict_under_other_terms_is_known_as_such() -> None:
    own = Told(
        verdict="pass", scenario="crash", case="noticed", seed=1, tags=[], ended=Ended(1.0), injections=[],
        expectations=[], alerts=[], rules=[],
    )  # fmt: skip
    assert not facts_of(own).rescored
    stored = msgspec.json.encode(msgspec.structs.replace(own, judged_under="deadlines x10"))
    assert facts_of(msgspec.json.decode(stored, type=Told)).rescored
