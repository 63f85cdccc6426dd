"""Harm of an asset's returns, as minute closes of the harmed price show it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulators.market_data.world.errors import MarketError
from simulators.market_data.world.harm import CorrelationBreakParams, VolatilityBurstParams
from simulators.market_data.world.returns import CorrelationBreakFault, VolatilityBurstFault

MINUTE_NS = 60_000_000_000
HOURS = 12
BEGINS, ENDS = 120, 600  # minutes


def laid(lab: Any, fault: Any, kind: Any, **keys: Any) -> Any:
    world = lab.triangle(hours=HOURS)
    window = {"starts_ns": lab.start_ns + BEGINS * MINUTE_NS, "ends_ns": lab.start_ns + ENDS * MINUTE_NS}
    effects: list[str] = []
    fault(world, lab.clock(), kind(injection="harm", **window, **keys), effects.append).begin(5)
    return world


def returns(lab: Any, world: Any, asset: str, begin: int = BEGINS, end: int = ENDS) -> Any:
    """Logarithmic minute returns of the asset's dollar price between two minutes of the run, with the harm."""
    minutes = lab.start_ns // MINUTE_NS + np.arange(begin - 1, end, dtype=np.int64)
    closes = world.closes(asset, minutes)
    for harm, exponent in world.harms_on("apex", f"{asset}/USD"):
        closes = (
            closes * harm.factor(np.minimum((minutes + 1) * MINUTE_NS, lab.start_ns + end * MINUTE_NS - 1)) ** exponent
        )
    return np.diff(np.log(closes))


def test_a_burst_multiplies_the_volatility_and_spares_other_assets(lab: Any) -> None:
    calm = lab.triangle(hours=HOURS)
    wild = laid(lab, VolatilityBurstFault, VolatilityBurstParams, assets=("BTC",), intensity=4.0)
    ratio = returns(lab, wild, "BTC") / returns(lab, calm, "BTC")
    assert np.allclose(ratio, 4.0, rtol=1e-6)
    assert np.array_equal(returns(lab, wild, "ETH"), returns(lab, calm, "ETH"))


@pytest.mark.parametrize(
    ("intensity", "least", "most"), [(1.0, -1.0001, -0.9999), (0.5, -0.15, 0.15), (0.0, 0.9999, 1.0001)]
)
def test_a_break_turns_the_correlation_and_keeps_the_volatility(
    lab: Any, intensity: float, least: float, most: float
) -> None:
    before = returns(lab, lab.triangle(hours=HOURS), "ETH")
    after = returns(
        lab, laid(lab, CorrelationBreakFault, CorrelationBreakParams, assets=("ETH",), intensity=intensity), "ETH"
    )
    assert least <= np.corrcoef(before, after)[0, 1] <= most
    assert 0.9 <= after.std() / before.std() <= 1.1


def test_nothing_is_left_outside_and_a_ramp_down_leads_back(lab: Any) -> None:
    world = laid(
        lab, VolatilityBurstFault, VolatilityBurstParams, assets=("BTC",), intensity=9.0, ramp_down_ns=60 * MINUTE_NS
    )
    ((harm, _),) = world.harms_on("apex", "BTC/USD")
    at = lab.start_ns + np.array([BEGINS - 1, BEGINS, ENDS - 61, ENDS - 30, ENDS, ENDS + 5]) * MINUTE_NS
    factor = harm.factor(at)
    assert (factor[0], factor[4], factor[5]) == (1.0, 1.0, 1.0)
    assert factor[1] == pytest.approx(1.0)
    assert abs(np.log(factor[3])) < abs(np.log(factor[2]))


def test_a_cross_moves_by_the_difference_of_its_legs(lab: Any) -> None:
    world = laid(lab, VolatilityBurstFault, VolatilityBurstParams, assets=("BTC", "ETH"), intensity=3.0)
    at = np.array([lab.start_ns + 300 * MINUTE_NS], np.int64)
    by_asset = {
        symbol: np.prod([harm.factor(at)[0] ** exponent for harm, exponent in world.harms_on("apex", symbol)])
        for symbol in ("BTC/USD", "ETH/USD", "ETH/BTC")
    }
    assert by_asset["ETH/BTC"] == pytest.approx(by_asset["ETH/USD"] / by_asset["BTC/USD"])


def test_an_asset_that_the_market_lacks_is_refused(lab: Any) -> None:
    with pytest.raises(MarketError, match="one of BTC, USDT, ETH"):
        laid(lab, VolatilityBurstFault, VolatilityBurstParams, assets=("SOL",), intensity=2.0)
