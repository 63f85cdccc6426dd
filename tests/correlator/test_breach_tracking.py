"""Breaches: found where they are, remembered within bounds, and drawn as envelopes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from correlator.truth.intervals import MOST_INTERVALS, BreachTracker, coalesce
from correlator.truth.series import BUCKETS, Buckets, Envelope

SECOND_NS = 10**9


def update(tracker: BreachTracker, times: list[int], values: list[float]) -> None:
    tracker.update(np.array(times, np.int64), np.array(values, np.float64), lambda at_ns: at_ns + 1)


def test_breach_is_strictly_above_and_undefined_is_not_above() -> None:
    tracker = BreachTracker(1.0)
    update(tracker, [0, 10, 20, 30, 40], [1.0, 1.5, 3.0, float("nan"), 1.0])
    (interval,) = tracker.intervals
    assert (interval.begins_ns, interval.ends_ns, interval.peak, interval.begins_seq) == (10, 30, 3.0, 11)


def test_due_only_after_the_hold_time_even_across_stretches() -> None:
    tracker = BreachTracker(1.0, hold_ns=25)
    update(tracker, [0, 10, 20], [2.0, 0.0, 2.0])
    update(tracker, [30, 40, 50], [2.0, 2.0, 0.0])
    assert [(each.begins_ns, each.ends_ns, each.due_ns) for each in tracker.intervals] == [(0, 10, None), (20, 50, 45)]
    assert (tracker.breaches, tracker.dues) == (2, 1)


def test_breach_at_the_end_stays_open_and_is_due_if_it_lasted() -> None:
    tracker = BreachTracker(1.0, hold_ns=25)
    update(tracker, [0], [2.0])
    tracker.finish(25)
    (interval,) = tracker.intervals
    assert (interval.ends_ns, interval.due_ns, interval.lasted_ns) == (None, 25, 25)


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=40), st.integers(0, 60))
def test_coalescing_keeps_what_counts(spans: list[tuple[int, int]], gap: int) -> None:
    tracker = BreachTracker(0.0, hold_ns=20)
    at_ns = 0
    for wait, lasts in spans:
        tracker.begin(at_ns + wait, 1, float(lasts))
        tracker.end(at_ns + wait + lasts)
        at_ns += wait + lasts
    joined = coalesce(tracker.intervals, gap)
    assert sum(each.lasted_ns for each in joined) == sum(lasts for _, lasts in spans)
    assert sum(each.breaches for each in joined) == len(spans)
    assert [each.begins_ns for each in joined][:1] == [each.begins_ns for each in tracker.intervals][:1]
    assert [each.ends_ns for each in joined][-1:] == [each.ends_ns for each in tracker.intervals][-1:]
    assert all(later.begins_ns - (earlier.ends_ns or 0) > gap for earlier, later in pairwise(joined))
    first_due = next((each.due_ns for each in tracker.intervals if each.due_ns is not None), None)
    assert next((each.due_ns for each in joined if each.due_ns is not None), None) == first_due


def test_flicker_without_end_is_bounded_and_counted() -> None:
    tracker = BreachTracker(1.0)
    for number in range(20_000):
        tracker.begin(number * 10 * SECOND_NS, number, 2.0)
        tracker.end(number * 10 * SECOND_NS + SECOND_NS)
    assert len(tracker.intervals) <= MOST_INTERVALS
    assert tracker.breaches == sum(each.breaches for each in tracker.intervals) == 20_000
    assert tracker.coalesced_gap_ns == 16 * SECOND_NS
    assert (tracker.intervals[0].begins_ns, tracker.intervals[-1].ends_ns) == (0, 199_991 * SECOND_NS)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.floats(-5, 5)), min_size=1, max_size=80), st.integers(1, 7))
def test_envelope_holds_the_extremes_of_every_stretch(points: list[tuple[int, float]], size: int) -> None:
    points = sorted((at_s * SECOND_NS, value) for at_s, value in points)
    buckets = Buckets(0, 10_000 * SECOND_NS)
    envelope = Envelope(buckets)
    for start in range(0, len(points), size):
        times = np.array([at_ns for at_ns, _ in points[start : start + size]], np.int64)
        envelope.update(np.array([value for _, value in points[start : start + size]]), buckets.edges(times))
    shown = envelope.points(10_001 * SECOND_NS)
    drawn = {round(at_s * SECOND_NS / buckets.width_ns): (low, high) for at_s, low, high in shown}
    assert len(drawn) <= BUCKETS
    for bucket in {min(at_ns // buckets.width_ns, BUCKETS - 1) for at_ns, _ in points}:
        mine = [value for at_ns, value in points if min(at_ns // buckets.width_ns, BUCKETS - 1) == bucket]
        assert drawn[bucket] == (float(f"{min(mine):.7g}"), float(f"{max(mine):.7g}"))
