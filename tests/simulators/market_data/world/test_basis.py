"""Perpetuals part from their spot as far as on a calm day, and as far as a recorded market says."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.market_data.world.basis import Basis
from simulators.market_data.world.config import BasisConfig, market_config
from simulators.market_data.world.errors import MarketError
from simulators.market_data.world.noise import HourlyStream
from simulators.market_data.world.recipes import find_recipe


def basis(config: BasisConfig = BasisConfig(), seed: int = 7) -> Basis:  # noqa: B008  # frozen
    return Basis(config, HourlyStream(np.random.Generator(np.random.PCG64(seed))))


def test_the_calm_basis_has_the_level_deviation_and_half_life_that_were_measured() -> None:
    config = BasisConfig()
    process, minutes = basis(), np.arange(60.0)
    values = np.concatenate([process.at(hour, minutes) for hour in range(10_000, 12_000)]) * 1e4
    calm = values - values.mean()
    lag = round(config.half_life_min)
    correlation = float(np.mean(calm[lag:] * calm[:-lag]) / np.mean(calm * calm))
    assert values.mean() == pytest.approx(config.level_bp, abs=0.06)
    assert values.std() == pytest.approx(config.deviation_bp, rel=0.06)
    assert correlation == pytest.approx(0.5, abs=0.06)


def test_an_hour_begins_where_the_last_one_ended_and_is_the_same_whoever_asked_before() -> None:
    first, second = basis(), basis()
    late = first.at(1_000, np.array([0.0, 30.0]))
    for hour in (905, 999):
        second.at(hour, np.array([0.0]))
    assert (second.at(1_000, np.array([0.0, 30.0])) == late).all()
    assert first.at(999, np.array([60.0]))[0] == pytest.approx(late[0], abs=2e-9)


def test_a_perpetual_without_a_series_is_its_spot_with_the_calm_basis() -> None:
    raw = {
        "schema": "riskproof-market/1",
        "market": "made",
        "starts": "2023-02-20T00:00:00Z",
        "basis": {"level_bp": 30, "deviation_bp": 0},
        "noise_bp": 0,
        "synthetic": {"days": 1, "assets": [{"asset": "BTC", "price_usd": 24_000, "volatility_per_year": 0.4}]},
    }
    config = market_config(raw)
    recipe = find_recipe(config, "apexf", "BTC/USDT:USDT")
    assert (recipe.has_basis, recipe.plays_bars, len(recipe.legs)) == (True, False, 1)
    with pytest.raises(MarketError):
        find_recipe(config, "apexf", "ETH/USDT:USDT")


def test_a_recorded_perpetual_steers_and_does_not_play_bars_of_its_own() -> None:
    series = [{"pair": "BTC/USDT", "file": "a.parquet"}, {"pair": "BTC/USDT:USDT", "file": "a.parquet"}]
    raw = {"schema": "riskproof-market/1", "market": "made", "series": series, "at_par": ["USDT"]}
    with pytest.raises(MarketError, match="residual"):
        market_config(raw)
    series[1]["role"] = "residual"
    recipe = find_recipe(market_config(raw), "apexf", "BTC/USDT:USDT")
    assert (recipe.residual, recipe.has_basis) == (1, False)
