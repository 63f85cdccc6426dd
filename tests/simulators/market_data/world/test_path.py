"""Paths inside minute bars."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.market_data.world.bars import Bars
from simulators.market_data.world.noise import HourlyStream, mean_reverting
from simulators.market_data.world.path import MINUTES, SeriesPath, minute_paths

prices = st.floats(1e-6, 1e7, allow_nan=False)


@st.composite
def bars_of_an_hour(draw: Any) -> list[tuple[float, float, float, float]]:
    rows = []
    for _ in range(draw(st.integers(1, 8))):
        base = draw(prices)
        low, *inner, high = sorted(base * (1 + draw(st.floats(0, 0.3))) for _ in range(4))
        open_, close = (
            draw(st.permutations([*inner]))
            if draw(st.booleans())
            else draw(
                st.sampled_from([(low, high), (high, low), (low, low), (high, high), (low, inner[0]), (inner[1], high)])
            )
        )
        rows.append((open_, high, low, close))
    return rows


@given(rows=bars_of_an_hour(), slots=st.sampled_from([4, 5, 60, 600]), seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_path_honours_open_high_low_and_close_exactly(
    rows: list[tuple[float, float, float, float]], slots: int, seed: int
) -> None:
    open_, high, low, close = np.array(rows).T
    generator = np.random.default_rng(seed)
    uniforms = generator.random((len(rows), 3))
    path, pinned = minute_paths(open_, high, low, close, uniforms, generator.standard_normal((len(rows), slots)))

    assert path.shape == (len(rows), slots)
    np.testing.assert_array_equal(path[:, 0], open_)
    np.testing.assert_array_equal(path[:, -1], close)
    np.testing.assert_array_equal(path.max(axis=1), high)
    np.testing.assert_array_equal(path.min(axis=1), low)
    np.testing.assert_array_equal(np.take_along_axis(path, pinned, axis=1), np.stack((open_, high, low, close), axis=1))


def test_extremes_are_met_to_the_last_digit_whatever_the_rounding() -> None:
    generator = np.random.default_rng(4)
    corners = np.sort(generator.uniform(1e-4, 1e5, (20_000, 1)) * (1 + generator.uniform(0, 9, (20_000, 4))), axis=1)
    low, open_, close, high = corners.T
    uniforms, normals = generator.random((20_000, 3)), generator.standard_normal((20_000, 6))
    path, _ = minute_paths(open_, high, low, close, uniforms, normals)
    np.testing.assert_array_equal(path.max(axis=1), high)
    np.testing.assert_array_equal(path.min(axis=1), low)


def test_path_wanders_between_its_anchors_rather_than_sticking_to_them() -> None:
    generator = np.random.default_rng(1)
    ones = np.ones(400)
    uniforms, normals = generator.random((400, 3)), generator.standard_normal((400, 60))
    path, _ = minute_paths(100 * ones, 101 * ones, 99 * ones, 100 * ones, uniforms, normals)
    at_bounds = ((path == 99) | (path == 101)).sum(axis=1)
    assert at_bounds.max() == 2  # touched once each, never clipped to
    assert 0.3 < path.std() < 0.8


def series(bars: Bars, *siblings: Bars, per_minute: int = 60, most: int = 600, seed: int = 5) -> SeriesPath:
    return SeriesPath(bars, (bars, *siblings), HourlyStream(np.random.default_rng(seed)), per_minute, most)


def test_an_hour_is_the_same_whatever_was_asked_before(lab: Any) -> None:
    bars = lab.walk(180, 100.0)
    in_order, reversed_ = series(bars), series(bars)
    hours = [lab.start_hour + offset for offset in range(3)]
    expected = [in_order.hour(hour).price for hour in hours]
    for hour, price in zip(reversed(hours), reversed(expected), strict=True):
        np.testing.assert_array_equal(reversed_.hour(hour).price, price)
    assert not np.array_equal(series(bars, seed=6).hour(hours[0]).price, expected[0])


def test_wide_bar_gets_more_slots_up_to_the_bound(lab: Any) -> None:
    calm = lab.walk(180, 100.0)
    high = calm.high.copy()
    high[130] *= 1.05
    wild = Bars(calm.minute, calm.open, high, calm.low, calm.close, calm.volume)
    counts = series(wild).hour(lab.start_hour + 2).grid.counts
    assert counts[10] == 600
    assert np.median(counts) == 60
    assert series(wild, most=200).hour(lab.start_hour + 2).grid.counts[10] == 200


def test_wide_bar_of_one_venue_gives_every_venue_of_that_pair_more_slots(lab: Any) -> None:
    calm = lab.walk(180, 100.0)
    high = calm.high.copy()
    high[130] *= 1.05
    wild = Bars(calm.minute, calm.open, high, calm.low, calm.close, calm.volume)
    assert series(calm, wild).hour(lab.start_hour + 2).grid.counts[10] == 600


def test_minute_without_a_bar_is_not_live_and_stays_at_the_last_close(lab: Any) -> None:
    bars = lab.without(lab.walk(60, 100.0), [20, 21])
    hour = series(bars).hour(lab.start_hour)
    expected = np.ones(MINUTES, bool)
    expected[[20, 21]] = False
    np.testing.assert_array_equal(hour.live, expected)
    gap = np.isin(hour.grid.minute, [20, 21])
    np.testing.assert_array_equal(hour.price[gap], np.full(gap.sum(), bars.close[19]))


def test_venues_that_recorded_one_pair_move_together_despite_gaps(lab: Any) -> None:
    kraken = lab.walk(60, 100.0)
    shifted = [column * 1.001 for column in (kraken.open, kraken.high, kraken.low, kraken.close)]
    coinbase = lab.without(Bars(kraken.minute, *shifted, kraken.volume), [5, 6, 7])
    one = series(kraken, coinbase).hour(lab.start_hour)
    other = series(coinbase, kraken).hour(lab.start_hour)
    np.testing.assert_array_equal(one.grid.counts, other.grid.counts)
    both = other.live[other.grid.minute]
    np.testing.assert_allclose(other.price[both], one.price[both] * 1.001, rtol=1e-12)


def test_noise_has_unit_deviation_and_forgets() -> None:
    noise = mean_reverting(np.random.default_rng(2), 200_000)
    assert len(noise) == 200_000
    assert abs(noise.mean()) < 0.05
    assert abs(noise.std() - 1) < 0.03
    assert np.corrcoef(noise[:-1], noise[1:])[0, 1] > 0.9
    assert abs(np.corrcoef(noise[:-20], noise[20:])[0, 1]) < 0.03
