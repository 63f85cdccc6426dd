"""Prices of pairs out of the series they share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulators.market_data.world.errors import MarketError
from simulators.market_data.world.recipes import Leg, Recipe, find_recipe, unpriced
from simulators.market_data.world.world import World

MINUTE_NS = 60_000_000_000


def at(times: Any, prices: Any, moments: Any) -> Any:
    """The price in force at each moment: the last tick's."""
    return prices[np.searchsorted(times, moments, side="right") - 1]


@pytest.mark.parametrize("venue", ["apex", "boreal"])
def test_every_venue_honours_the_bars_of_a_recorded_pair(lab: Any, venue: str) -> None:
    bars = lab.walk(120, 24_500.0)
    world = World(lab.config([{"pair": "BTC/USDT"}]), (bars,), lab.streams())
    times, prices = lab.prices(world, venue, "BTC/USDT", range(lab.start_hour, lab.start_hour + 2))
    minutes = times // MINUTE_NS
    for position, minute in enumerate(bars.minute):
        inside = prices[minutes == minute]
        found = (inside[0], inside.max(), inside.min(), inside[-1])
        assert found == (bars.open[position], bars.high[position], bars.low[position], bars.close[position])


def test_a_pair_is_never_silent_for_two_seconds_and_its_times_are_not_regular(lab: Any) -> None:
    times, _ = lab.triangle().ticks("apex", "BTC/USD", lab.start_hour)
    steps = np.diff(times)
    assert steps.min() > 0
    assert steps.max() < 2_000_000_000
    assert len(np.unique(steps)) > 3000
    assert len(times) >= 3600


def test_gap_of_a_series_silences_its_pair_and_those_it_leads_only(lab: Any) -> None:
    config = lab.config([{"pair": "BTC/USDT"}, {"pair": "ETH/USDT"}, {"pair": "USDT/USD"}])
    bars = (
        lab.without(lab.walk(60, 24_500.0, 1), [10]),
        lab.walk(60, 1_690.0, 2),
        lab.without(lab.walk(60, 1.0, 3, 1e-5), [30]),
    )
    world = World(config, bars, lab.streams())

    def silent(symbol: str) -> list[int]:
        times, _ = world.ticks("apex", symbol, lab.start_hour)
        spoken = (times - lab.start_ns) // MINUTE_NS
        return sorted(set(range(60)) - set(spoken.tolist()))

    found = {symbol: silent(symbol) for symbol in ("BTC/USDT", "BTC/USD", "ETH/USDT", "ETH/BTC", "ETH/USD", "USDT/USD")}
    assert found == {
        "BTC/USDT": [10], "BTC/USD": [10], "ETH/USDT": [], "ETH/BTC": [], "ETH/USD": [], "USDT/USD": [30],
    }  # fmt: skip


def test_a_venues_own_gap_leaves_the_other_venue_alone(lab: Any) -> None:
    config = lab.config([{"pair": "BTC/USD", "venue": "apex"}, {"pair": "BTC/USD", "venue": "boreal"}])
    world = World(config, (lab.without(lab.walk(60, 100.0), [10]), lab.walk(60, 100.0)), lab.streams())
    counts = [len(world.ticks(venue, "BTC/USD", lab.start_hour)[0]) for venue in ("apex", "boreal")]
    assert counts[1] - counts[0] == 60


def test_same_seed_gives_the_same_ticks_and_another_seed_others(lab: Any) -> None:
    for symbol in ("BTC/USDT", "ETH/BTC"):
        once, again, other = (lab.triangle(seed).ticks("apex", symbol, lab.start_hour) for seed in (7, 7, 8))
        np.testing.assert_array_equal(once[0], again[0])
        np.testing.assert_array_equal(once[1], again[1])
        assert not np.array_equal(once[0], other[0][: len(once[0])])


def test_each_hour_has_times_of_its_own(lab: Any) -> None:
    world = lab.triangle()
    one, next_ = (world.ticks("apex", "USDT/USD", lab.start_hour + hour)[0] % lab.hour_ns for hour in (0, 1))
    assert not np.array_equal(one[:100], next_[:100])


def test_asking_for_another_venue_or_a_later_hour_changes_no_ticks(lab: Any) -> None:
    alone, busy = lab.triangle(), lab.triangle()
    for hour in (2, 0, 1):
        busy.ticks("boreal", "BTC/USDT", lab.start_hour + hour)
        busy.ticks("apex", "ETH/BTC", lab.start_hour + hour)
    for hour in range(3):
        expected = alone.ticks("apex", "BTC/USDT", lab.start_hour + hour)
        found = busy.ticks("apex", "BTC/USDT", lab.start_hour + hour)
        np.testing.assert_array_equal(found, expected)


def test_venues_differ_by_little(lab: Any) -> None:
    world = lab.triangle()
    moments = lab.start_ns + np.arange(10, 3600) * 1_000_000_000
    apex, boreal = (at(*world.ticks(venue, "BTC/USD", lab.start_hour), moments) for venue in ("apex", "boreal"))
    apart_bp = np.abs(apex / boreal - 1) * 1e4
    assert 0 < np.median(apart_bp) < 1
    assert apart_bp.max() < 10


def test_triangle_and_dollar_cross_close_within_the_venues_noise(lab: Any) -> None:
    world = lab.triangle()
    moments = lab.start_ns + np.arange(10, 3600) * 1_000_000_000
    btc_usdt, eth_usdt, eth_btc, btc_usd, usdt_usd = (
        at(*world.ticks("apex", symbol, lab.start_hour), moments)
        for symbol in ("BTC/USDT", "ETH/USDT", "ETH/BTC", "BTC/USD", "USDT/USD")
    )
    assert np.median(np.abs(eth_btc * btc_usdt / eth_usdt - 1)) < 1e-4
    assert np.median(np.abs(btc_usdt * usdt_usd / btc_usd - 1)) < 1e-4


def test_recorded_cross_steers_the_triangle_at_minute_closes(lab: Any) -> None:
    config = lab.config(
        [{"pair": "BTC/USDT"}, {"pair": "ETH/USDT"}, {"pair": "ETH/BTC", "role": "residual"}], noise_bp=0
    )
    cross = lab.without(lab.walk(60, 0.069, 9), [12, 13])
    world = World(config, (lab.walk(60, 24_500.0, 1), lab.walk(60, 1_690.0, 2), cross), lab.streams())
    times, prices = world.ticks("apex", "ETH/BTC", lab.start_hour)
    minutes = times // MINUTE_NS
    assert sorted(set((minutes - lab.start_ns // MINUTE_NS).tolist())) == [m for m in range(60) if m not in (12, 13)]
    closes = [prices[minutes == minute][-1] for minute in cross.minute]
    np.testing.assert_allclose(closes, cross.close, rtol=1e-12)


def test_stablecoin_without_a_series_stays_at_par(lab: Any) -> None:
    world = World(
        lab.config([{"pair": "BTC/USDT"}], at_par=["USDT"], noise_bp=0), (lab.walk(60, 100.0),), lab.streams()
    )
    _, par = world.ticks("apex", "USDT/USD", lab.start_hour)
    np.testing.assert_array_equal(par, np.ones(3600))
    dollars, tethers = (world.ticks("apex", symbol, lab.start_hour) for symbol in ("BTC/USD", "BTC/USDT"))
    assert (dollars[1].min(), dollars[1].max()) == (tethers[1].min(), tethers[1].max())


def test_price_at_a_moment_is_the_last_ticks_or_where_the_market_opens(lab: Any) -> None:
    world = lab.triangle()
    times, prices = world.ticks("apex", "BTC/USDT", lab.start_hour)
    opening, _ = world.ticks("apex", "USDT/USD", lab.start_hour)
    assert world.price("apex", "BTC/USDT", int(times[100])) == prices[100]
    assert world.price("apex", "BTC/USDT", int(times[100]) - 1) == prices[99]
    assert world.price("apex", "BTC/USDT", lab.start_ns) == prices[0]
    assert world.price("apex", "USDT/USD", lab.start_ns + lab.hour_ns) is not None
    assert world.price("apex", "BTC/USDT", lab.start_ns - 1) is None
    assert world.price("apex", "BTC/USDT", lab.start_ns + 3 * lab.hour_ns) is None
    assert opening[0] > lab.start_ns


def test_shortest_chain_prices_a_pair_and_a_venues_own_series_comes_first(lab: Any) -> None:
    config = lab.config(
        [
            {"pair": "BTC/USDT"},
            {"pair": "ETH/USDT"},
            {"pair": "USDT/USD"},
            {"pair": "USDT/USD", "venue": "apex"},
            {"pair": "ETH/BTC", "role": "residual"},
        ]
    )
    assert find_recipe(config, "apex", "BTC/USDT") == Recipe((Leg(0, False),))
    assert find_recipe(config, "apex", "BTC/USD") == Recipe((Leg(0, False), Leg(3, False)))
    assert find_recipe(config, "boreal", "BTC/USD") == Recipe((Leg(0, False), Leg(2, False)))
    assert find_recipe(config, "apex", "ETH/BTC") == Recipe((Leg(1, False), Leg(0, True)), residual=4)
    assert unpriced(config, "apex", ["BTC/USD", "SOL/USD", "ETH/USD"]) == ("SOL/USD",)


def test_pair_that_no_series_leads_to_is_refused(lab: Any) -> None:
    world = lab.triangle()
    with pytest.raises(MarketError) as refused:
        world.ticks("apex", "SOL/USDT", lab.start_hour)
    assert str(refused.value) == (
        "test: apex lists SOL/USDT: expected a pair that the market's series lead to "
        "(BTC/USDT, ETH/USDT, USDT/USD), found none"
    )


def test_window_beyond_the_data_is_refused(lab: Any) -> None:
    config = lab.config([{"pair": "BTC/USDT"}], starts="2023-02-18T23:00:00Z")
    with pytest.raises(MarketError) as refused:
        World(config, (lab.walk(60, 100.0),), lab.streams())
    assert str(refused.value) == (
        "test: starts: expected 2023-02-19T00:00Z, the first bar, or later, found 2023-02-18T23:00Z"
    )


def test_unstated_window_is_where_all_paths_overlap(lab: Any) -> None:
    config = lab.config([{"pair": "BTC/USDT"}, {"pair": "USDT/USD"}])
    late = lab.without(lab.walk(120, 1.0, 3), list(range(30)))
    world = World(config, (lab.walk(60, 100.0), late), lab.streams())
    assert (world.starts_ns, world.ends_ns) == (lab.start_ns + 30 * MINUTE_NS, lab.start_ns + 60 * MINUTE_NS)


def test_memory_of_paths_is_bounded(lab: Any) -> None:
    world = lab.triangle(hours=12)
    for hour in range(12):
        world.ticks("apex", "BTC/USD", lab.start_hour + hour)
    assert len(world._hours) <= 6
