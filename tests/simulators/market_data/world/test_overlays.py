"""Harm laid over prices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.market_data.world.errors import MarketError
from simulators.market_data.world.harm import (
    HarmParams,
    PriceDivergenceParams,
    PriceShockParams,
    StablecoinDepegParams,
)
from simulators.market_data.world.overlays import (
    PriceDivergenceFault,
    PriceShockFault,
    StablecoinDepegFault,
    climb,
    envelope,
)

MINUTE_NS = 60_000_000_000
SYMBOLS = ("BTC/USD", "ETH/USD", "BTC/USDT", "ETH/USDT", "ETH/BTC", "USDT/USD")


def factors(world: Any, venue: str, at_ns: int) -> dict[str, float]:
    """What multiplies each pair's price at a moment."""
    moment = np.array([at_ns], np.int64)
    found = {}
    for symbol in SYMBOLS:
        total = 1.0
        for harm, exponent in world.harms_on(venue, symbol):
            total *= float(harm.factor(moment)[0]) ** exponent
        found[symbol] = round(total, 9)
    return found


def window(lab: Any, **keys: Any) -> dict[str, Any]:
    return {
        "injection": "harm",
        "starts_ns": lab.start_ns + 10 * MINUTE_NS,
        "ends_ns": lab.start_ns + 40 * MINUTE_NS,
        "volatility": 0.0,
        **keys,
    }


def test_depeg_lowers_the_coin_raises_what_is_quoted_in_it_and_spares_the_dollar_pairs(lab: Any) -> None:
    world = lab.triangle()
    params = StablecoinDepegParams(**window(lab, intensity=0.05, asset="USDT"))
    StablecoinDepegFault(world, lab.clock(), params, lambda detail: None).begin(5)
    assert factors(world, "apex", lab.start_ns + 20 * MINUTE_NS) == {
        "BTC/USD": 1.0,
        "ETH/USD": 1.0,
        "BTC/USDT": round(1 / 0.95, 9),
        "ETH/USDT": round(1 / 0.95, 9),
        "ETH/BTC": 1.0,
        "USDT/USD": 0.95,
    }


def test_shock_moves_all_its_assets_together_and_leaves_their_cross_alone(lab: Any) -> None:
    world = lab.triangle()
    params = PriceShockParams(**window(lab, intensity=0.15, assets=("BTC", "ETH")))
    PriceShockFault(world, lab.clock(), params, lambda detail: None).begin(5)
    assert factors(world, "boreal", lab.start_ns + 20 * MINUTE_NS) == {
        "BTC/USD": 0.85, "ETH/USD": 0.85, "BTC/USDT": 0.85, "ETH/USDT": 0.85, "ETH/BTC": 1.0, "USDT/USD": 1.0,
    }  # fmt: skip


def test_divergence_of_a_venue_spares_the_others_and_its_own_cross(lab: Any) -> None:
    world = lab.triangle()
    params = PriceDivergenceParams(**window(lab, intensity=0.01, venue="boreal"))
    PriceDivergenceFault(world, lab.clock(), params, lambda detail: None).begin(5)
    during = lab.start_ns + 20 * MINUTE_NS
    assert factors(world, "apex", during) == dict.fromkeys(SYMBOLS, 1.0)
    assert factors(world, "boreal", during) == {
        "BTC/USD": 1.01, "ETH/USD": 1.01, "BTC/USDT": 1.01, "ETH/USDT": 1.01, "ETH/BTC": 1.0, "USDT/USD": 1.0,
    }  # fmt: skip


def test_divergence_of_a_pair_moves_that_pair_only(lab: Any) -> None:
    world = lab.triangle()
    params = PriceDivergenceParams(**window(lab, intensity=0.01, pair="ETH/BTC", direction="down"))
    PriceDivergenceFault(world, lab.clock(), params, lambda detail: None).begin(5)
    assert factors(world, "apex", lab.start_ns + 20 * MINUTE_NS) == {**dict.fromkeys(SYMBOLS, 1.0), "ETH/BTC": 0.99}


def test_overlapping_harms_multiply(lab: Any) -> None:
    world = lab.triangle()
    shock = PriceShockParams(**window(lab, intensity=0.1, assets=("BTC",)))
    depeg = StablecoinDepegParams(**window(lab, injection="slide", intensity=0.05, asset="USDT"))
    PriceShockFault(world, lab.clock(), shock, lambda detail: None).begin(5)
    StablecoinDepegFault(world, lab.clock(), depeg, lambda detail: None).begin(6)
    found = factors(world, "apex", lab.start_ns + 20 * MINUTE_NS)
    assert (found["BTC/USDT"], found["BTC/USD"]) == (round(0.9 / 0.95, 9), 0.9)


def test_volatility_of_the_factor_rises_with_the_harm_and_is_the_same_for_every_venue(lab: Any) -> None:
    def overlay(**keys: Any) -> Any:
        world = lab.triangle()
        params = StablecoinDepegParams(
            **window(lab, intensity=0.05, asset="USDT", ramp_ns=30 * MINUTE_NS, volatility=0.1, **keys)
        )
        StablecoinDepegFault(world, lab.clock(), params, lambda detail: None).begin(5)
        return world.harms_on("apex", "USDT/USD")[0][0]

    moments = lab.start_ns + (10 * 60 + np.arange(1800, dtype=np.int64)) * 1_000_000_000
    slide = 1 - 0.05 * np.arange(1800) / 1800
    deviations = overlay().factor(moments) - slide
    early, late = deviations[:600].std(), deviations[-600:].std()
    assert 0 < early < late / 2
    assert 0.002 < late < 0.008
    np.testing.assert_array_equal(overlay().factor(moments), overlay().factor(moments))
    assert not np.array_equal(overlay(injection="other").factor(moments), overlay().factor(moments))


@given(
    starts=st.integers(0, 10**6),
    ramp=st.integers(0, 10**5),
    hold=st.integers(1, 10**5),
    down=st.integers(0, 10**5),
    shape=st.sampled_from(["linear", "stepwise", "cascade"]),
    steps=st.integers(1, 60),
)
def test_envelope_is_nothing_outside_and_climbs_without_falling_back_inside(
    starts: int, ramp: int, hold: int, down: int, shape: Any, steps: int
) -> None:
    ends = starts + ramp + hold + down
    params = HarmParams(
        injection="x", starts_ns=starts, ends_ns=ends, ramp_ns=ramp, ramp_down_ns=down, intensity=0.1, shape=shape,
        steps=steps,
    )  # fmt: skip
    at = np.unique(np.linspace(starts - 5, ends + 5, 400).astype(np.int64))
    level = envelope(params, at)
    outside = (at < starts) | (at >= ends)
    assert not level[outside].any()
    assert ((level >= 0) & (level <= 1)).all()
    climbing = (at >= starts) & (at < starts + ramp)
    assert (np.diff(level[climbing]) >= 0).all()
    held = (at >= starts + ramp) & (at < ends - down)
    np.testing.assert_array_equal(level[held], np.ones(held.sum()))


def test_cascade_doubles_its_falls_and_steps_are_equal() -> None:
    share = np.array([0.0, 0.2, 0.3, 0.5, 0.8, 1.0])
    np.testing.assert_allclose(climb("cascade", 4, share), np.array([1, 1, 3, 7, 15, 15]) / 15)
    np.testing.assert_allclose(climb("stepwise", 4, share), np.array([1, 1, 2, 3, 4, 4]) / 4)
    np.testing.assert_array_equal(climb("linear", 4, share), share)


def test_asset_that_the_market_lacks_is_refused(lab: Any) -> None:
    params = PriceShockParams(**window(lab, intensity=0.1, assets=("SOL",)))
    with pytest.raises(MarketError) as refused:
        PriceShockFault(lab.triangle(), lab.clock(), params, lambda detail: None)
    assert str(refused.value) == "test: harm.asset: expected one of BTC, USDT, ETH, found SOL"


def test_depeg_of_something_that_is_no_stablecoin_is_refused(lab: Any) -> None:
    params = StablecoinDepegParams(**window(lab, intensity=0.1, asset="BTC"))
    with pytest.raises(MarketError) as refused:
        StablecoinDepegFault(lab.triangle(), lab.clock(), params, lambda detail: None)
    assert str(refused.value) == "test: harm.asset: expected a stablecoin (USDT), found BTC"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"intensity": 1.0}, "intensity: expected 0 to 0.99 of the price, found 1.0"),
        ({"intensity": float("nan")}, "intensity: expected 0 to 0.99 of the price, found nan"),
        ({"ends_ns": 0}, "ends_ns: expected a moment after starts_ns, found 0"),
        ({"ramp_ns": 10**15}, "ramp_ns: expected ramps within the duration, found 1000000000000000"),
        ({"steps": 0}, "steps: expected 1 to 60, found 0"),
        ({"volatility": 2.0}, "volatility: expected 0 to 1 of the harm in force, found 2.0"),
        ({}, "venue: expected a venue or a pair to diverge, found neither"),
    ],
)
def test_impossible_parameters_are_refused(lab: Any, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        PriceDivergenceParams(**window(lab, **{"intensity": 0.1, **keys}))
    assert str(refused.value) == message
