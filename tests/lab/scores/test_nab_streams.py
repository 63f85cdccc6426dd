"""How runs become NAB's windows and detections."""

from __future__ import annotations

import pytest

from lab.coverage.facts import Fired, Found, RunFacts
from lab.scores.streams import nab_scores
from tests.lab.scores.facts_samples import demand, false, run


def counts(*facts: RunFacts) -> tuple[int, int, int, int]:
    got = nab_scores(facts)
    return got.windows, got.windows_detected, got.detections_outside, got.windows_in_probation


def standard(*facts: RunFacts) -> float | None:
    return nab_scores(facts).profiles["standard"].score


def test_equal_demands_whose_windows_overlap_are_one_window_and_others_are_not() -> None:
    again = demand(due_at_s=605.0)
    assert counts(run(demand(), again)) == (1, 1, 0, 0)
    assert counts(run(demand(), demand(severity="critical", due_at_s=605.0))) == (2, 2, 0, 0)
    assert counts(run(demand(), demand(due_at_s=700.0))) == (2, 2, 0, 0)


def test_an_alert_before_it_was_due_counts_as_one_when_due() -> None:
    assert standard(run(demand("detected", -30.0))) == standard(run(demand("detected", 0.0))) == 100.0


def test_a_late_alert_misses_its_window_and_costs_a_little_besides() -> None:
    assert counts(run(demand("late", 12.0))) == (1, 0, 1, 0)
    assert standard(run(demand("late", 12.0))) == pytest.approx(-0.11 * 0.4621171573 / 2 * 100)


def test_a_window_that_begins_in_probation_is_left_out_and_counted_as_such() -> None:
    assert counts(run(demand(due_at_s=100.0))) == (0, 0, 0, 1)
    assert standard(run(demand(due_at_s=100.0))) is None
    assert counts(run(fired=(false(at_s=100.0), false(at_s=400.0)))) == (0, 0, 1, 0)


@pytest.mark.parametrize(("found", "latency_s"), [("detected", 8.0), ("late", 30.0)])
def test_what_answers_a_window_that_is_left_out_is_no_detection_outside(found: Found, latency_s: float) -> None:
    """Half an hour has 270 seconds of probation: the window begins in the 265th second, its answer comes behind."""
    assert counts(run(demand(found, latency_s, due_at_s=265.0))) == (0, 0, 0, 1)
    both = run(demand(found, latency_s, due_at_s=265.0), demand(due_at_s=700.0))
    assert (counts(both), standard(both)) == ((1, 1, 0, 1), 100.0)
    alarmed = run(demand(found, latency_s, due_at_s=265.0), fired=(false(at_s=290.0),))
    assert counts(alarmed) == (0, 0, 1, 1)


def test_what_truth_justifies_and_nobody_demanded_is_no_detection() -> None:
    true = Fired("drawdown", "firm", "high", 900.0, "true")
    doubtful = Fired("drawdown", "firm", "high", 900.0, "unknown")
    assert counts(run(demand(), fired=(true, doubtful))) == (1, 1, 0, 0)


def test_a_demand_that_truth_did_not_make_has_no_window() -> None:
    assert counts(run(demand("unknown"), demand(alert=None, action="breaker"))) == (0, 0, 0, 0)


def test_a_false_alarm_falls_into_the_stream_that_it_fits() -> None:
    """Behind a window it costs by how far; in a stream of its own, in full."""
    near = standard(run(demand(), fired=(false(at_s=612.0),)))
    far = standard(run(demand(), fired=(false("api_outage", at_s=612.0),)))
    mild = standard(run(demand(), fired=(false(at_s=612.0, severity="warning"),)))
    assert near is not None
    assert far == mild == pytest.approx(100.0 - 0.11 / 2 * 100)
    assert near > 97.0
