"""NAB's scoring rule against the figures that the benchmark has published, and against what it says of itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.scores.nab import PROFILES, Profile, Window, normalised, probation, raw_score, sigma

STANDARD = PROFILES["standard"]

# What the benchmark publishes (version 1.1): rows, windows, where a detector detected, and the scores by profile.
PUBLISHED = {
    "numentaTM, ec2_request_latency_system_failure": (
        4032, [(2014, 2148), (3328, 3462), (3956, 4031)],
        [2, 41, 50, 54, 338, 522, 833, 934, 1296, 2081, 2082, 3391, 3394, 3395, 4023, 4024],
        {"standard": 1.70586905384, "reward_low_FP_rate": 1.37586905384, "reward_low_FN_rate": 1.70586905384},
    ),
    "numentaTM, iio_us-east-1_i-a2eb1cd9_NetworkIn": (
        1243, [(218, 280), (308, 370)], [2, 203],
        {"standard": -2.11, "reward_low_FP_rate": -2.22, "reward_low_FN_rate": -4.11},
    ),
    "contextOSE, TravelTime_387": (
        2500, [(387, 469), (948, 1030), (1485, 1567)], [269, 428, 989, 1539, 2039, 2132],
        {"standard": 2.22072210783, "reward_low_FP_rate": 2.00072210783},
    ),
    "contextOSE, TravelTime_387, at the threshold of the third profile": (
        2500, [(387, 469), (948, 1030), (1485, 1567)], [269, 428, 989, 1539, 1685, 2039, 2132],
        {"reward_low_FN_rate": 2.11088703615},
    ),
    "numentaTM, TravelTime_451": (
        2162, [(438, 654)], [2, 3, 4, 10, 12, 76, 77, 79], {"standard": -1.0, "reward_low_FN_rate": -2.0},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_file_gets_its_published_score(name: str) -> None:
    rows, spans, detections, scores = PUBLISHED[name]
    windows = [Window(*span) for span in spans]
    got = {profile: raw_score(windows, detections, PROFILES[profile], probation(rows)) for profile in scores}
    assert got == pytest.approx(scores, abs=1e-10)


def test_the_published_totals_make_the_published_scoreboard() -> None:
    """116 windows; the raw totals of numentaTM and of the null detector, and the final scores of the scoreboard."""
    totals = {"standard": 33.7640374371, "reward_low_FP_rate": 15.4635150821, "reward_low_FN_rate": 8.76403743713}
    final = {"standard": 64.55346445, "reward_low_FP_rate": 56.66530823, "reward_low_FN_rate": 69.18506823}
    null = {"standard": -116.0, "reward_low_FP_rate": -116.0, "reward_low_FN_rate": -232.0}
    got = {name: normalised(raw, 116, PROFILES[name]) for name, raw in totals.items()}
    assert got == pytest.approx(final, abs=1e-7)
    assert {name: normalised(raw, 116, PROFILES[name]) for name, raw in null.items()} == dict.fromkeys(null, 0.0)


def test_the_scoring_function_has_the_values_that_the_scorer_documents() -> None:
    assert [round(sigma(place), 5) for place in (-1.0, -0.5, 0.0, 1.0, 3.1)] == [0.98661, 0.84828, 0.0, -0.98661, -1.0]


def test_the_probationary_period_is_a_share_of_the_rows_up_to_a_limit() -> None:
    assert [probation(rows) for rows in (10, 4032, 5000, 22_695)] == [1, 604, 750, 750]


def test_a_window_is_worth_its_earliest_detection_and_the_first_row_is_worth_all() -> None:
    window = [Window(100, 109)]
    assert raw_score(window, [100], STANDARD) == 1.0
    assert raw_score(window, [100, 101, 109], STANDARD) == 1.0
    assert 0.0 < raw_score(window, [109], STANDARD) < raw_score(window, [101], STANDARD) < 1.0


def test_a_detection_behind_a_window_costs_the_more_the_farther_it_lies() -> None:
    window = [Window(100, 109)]
    costs = [raw_score(window, [100, row], STANDARD) - 1.0 for row in (110, 115, 130, 1_000)]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == pytest.approx(-0.11)
    assert raw_score(window, [99, 100], STANDARD) == pytest.approx(1.0 - 0.11)


WINDOWS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 20)), max_size=5)
ROWS = st.lists(st.integers(0, 400), max_size=20)
PROFILE = st.sampled_from(list(PROFILES.values()))


def placed(gaps: list[tuple[int, int]]) -> list[Window]:
    windows: list[Window] = []
    row = 0
    for gap, width in gaps:
        windows.append(Window(row + gap, row + gap + width))
        row = windows[-1].last + 1
    return windows


@given(WINDOWS, ROWS, PROFILE)
def test_nothing_scores_more_than_a_hundred_and_silence_scores_zero(
    gaps: list[tuple[int, int]], rows: list[int], profile: Profile
) -> None:
    windows = placed(gaps)
    most = normalised(raw_score(windows, [one.first for one in windows], profile), len(windows), profile)
    got = normalised(raw_score(windows, rows, profile), len(windows), profile)
    silent = normalised(raw_score(windows, [], profile), len(windows), profile)
    if windows:
        assert (most, silent) == (pytest.approx(100.0), 0.0)
        assert got is not None
        assert got <= 100.0 + 1e-9
    else:
        assert (most, got, silent) == (None, None, None)


@given(WINDOWS, ROWS, PROFILE)
def test_the_order_of_detections_makes_no_difference(
    gaps: list[tuple[int, int]], rows: list[int], profile: Profile
) -> None:
    windows = placed(gaps)
    assert raw_score(windows, rows, profile) == raw_score(windows, rows[::-1], profile)
