"""The markets that ship can be played, and say what happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from simulators.market_data.world.config import market_config
from simulators.market_data.world.importers import load_bars
from simulators.market_data.world.recipes import unpriced
from simulators.market_data.world.world import World

MARKETS = Path(__file__).parents[4] / "scenarios" / "markets"
PAIRS = ("BTC/USD", "ETH/USD", "BTC/USDT", "ETH/USDT", "ETH/BTC", "USDT/USD")


def shipped(lab: Any, name: str) -> World:
    raw = yaml.load((MARKETS / f"{name}.yaml").read_text(), yaml.BaseLoader)
    config = market_config(_plain(raw), name)
    return World(config, load_bars(config, MARKETS, lab.streams()), lab.streams())


def _plain(value: Any) -> Any:
    """YAML's text as values; instants stay text."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    resolved = yaml.safe_load(value)
    return resolved if isinstance(resolved, bool | int | float) else value


@pytest.mark.parametrize("name", sorted(path.stem for path in MARKETS.glob("*.yaml")))
def test_shipped_market_prices_every_pair_at_both_venues(lab: Any, name: str) -> None:
    world = shipped(lab, name)
    for venue in ("apex", "boreal"):
        assert unpriced(world.config, venue, PAIRS) == ()
        for symbol in PAIRS:
            assert len(world.ticks(venue, symbol, world.starts_ns // lab.hour_ns + 1)[0]) > 2500


def test_calm_market_keeps_its_peg_and_its_bars(lab: Any) -> None:
    world = shipped(lab, "calm_2023_02_kucoin_1m")
    hours = (world.ends_ns - world.starts_ns) // lab.hour_ns
    assert hours == 18 * 24
    _, peg = lab.prices(world, "apex", "USDT/USD", range(lab.start_hour, lab.start_hour + hours, 24))
    assert 0.9995 < peg.min() < peg.max() < 1.001
    times, prices = world.ticks("apex", "BTC/USDT", lab.start_hour)
    first = prices[times < lab.start_ns + 60_000_000_000]
    assert (first[0], first.max(), first.min(), first[-1]) == (24633.4, 24633.4, 24626.4, 24626.5)


def test_history_replays_what_each_venue_saw(lab: Any) -> None:
    world = shipped(lab, "usdc_depeg_2023_03")
    hours = range(world.starts_ns // lab.hour_ns, world.ends_ns // lab.hour_ns)
    highs = {venue: lab.prices(world, venue, "USDT/USD", hours)[1].max() for venue in ("apex", "boreal")}
    assert highs == {"apex": 1.06, "boreal": 1.02659}
    assert lab.prices(world, "apex", "USDC/USD", hours)[1].min() == 0.874
    silent = np.diff(lab.prices(world, "apex", "BTC/USDT", hours)[0]).max()
    assert silent > 60_000_000_000


def test_crash_replays_the_fall_of_ether(lab: Any) -> None:
    world = shipped(lab, "crash_2021_05_19")
    hours = range(world.starts_ns // lab.hour_ns, world.ends_ns // lab.hour_ns)
    _, ether = lab.prices(world, "apex", "ETH/USDT", hours)
    assert ether.min() / ether[0] < 0.65


def test_the_perpetual_of_june_2025_trades_below_spot(lab: Any) -> None:
    world = shipped(lab, "spot_perp_2025_06")
    hours = range(world.starts_ns // lab.hour_ns, world.starts_ns // lab.hour_ns + 24)
    _, spot = lab.prices(world, "apex", "BTC/USDT", hours)
    _, perpetual = lab.prices(world, "apexf", "BTC/USDT:USDT", hours)
    assert -6.0 < (perpetual.mean() / spot.mean() - 1) * 1e4 < -3.0
