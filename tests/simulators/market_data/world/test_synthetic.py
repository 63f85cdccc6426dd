"""The synthetic market has the features it promises."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulators.market_data.world.bars import checked_bars
from simulators.market_data.world.config import market_config
from simulators.market_data.world.synthetic import synthetic_bars
from simulators.market_data.world.world import World

RAW: dict[str, Any] = {
    "schema": "riskproof-market/1",
    "market": "formulas",
    "starts": "2023-02-19T00:00:00Z",
    "synthetic": {
        "days": 30,
        "assets": [
            {"asset": "BTC", "price_usd": 24500, "volatility_per_year": 0.5, "correlation": 0.95},
            {"asset": "ETH", "price_usd": 1690, "volatility_per_year": 0.6, "correlation": 0.9},
        ],
    },
}


def returns(bars: Any) -> Any:
    return np.diff(np.log(bars.close))


def test_returns_are_correlated_fat_tailed_and_cluster_at_the_stated_volatility() -> None:
    btc, eth, usdt = synthetic_bars(market_config(RAW), np.random.default_rng(3))
    one, other = returns(btc), returns(eth)
    yearly = one.std() * 525_960**0.5
    kurtosis = ((one - one.mean()) ** 4).mean() / one.var() ** 2
    clustering = np.corrcoef(np.abs(one[:-1]), np.abs(one[1:]))[0, 1]
    assert 0.4 < yearly < 0.65
    assert 0.75 < np.corrcoef(one, other)[0, 1] < 0.95
    assert kurtosis > 5
    assert clustering > 0.1
    assert abs(np.corrcoef(one[:-1], one[1:])[0, 1]) < 0.08
    deviation_bp = (usdt.close - 1).std() * 1e4
    assert 1 < deviation_bp < 3


def test_bars_are_valid_follow_each_other_and_repeat_with_the_seed() -> None:
    config = market_config(RAW)
    made = synthetic_bars(config, np.random.default_rng(3))
    for bars in made:
        columns = {"open": bars.open, "high": bars.high, "low": bars.low, "close": bars.close, "volume": bars.volume}
        checked_bars("formulas", bars.minute * 60_000, columns, lambda position: position)
        np.testing.assert_allclose(bars.open[1:], bars.close[:-1], rtol=1e-12)
    again = synthetic_bars(config, np.random.default_rng(3))
    np.testing.assert_array_equal(made[0].high, again[0].high)
    assert not np.array_equal(made[0].close, synthetic_bars(config, np.random.default_rng(4))[0].close)


def test_synthetic_market_plays_like_any_other(lab: Any) -> None:
    config = market_config(RAW)
    world = World(config, synthetic_bars(config, np.random.default_rng(3)), lab.streams())
    _, dollars = world.ticks("apex", "BTC/USD", lab.start_hour)
    assert abs(dollars[0] / 24_500 - 1) < 0.01
    assert (world.starts_ns, world.ends_ns) == (lab.start_ns, lab.start_ns + 30 * 24 * lab.hour_ns)
