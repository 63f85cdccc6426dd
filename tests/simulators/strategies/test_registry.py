"""Strategies by name: every kind has its params, and a mistake is named."""

from typing import Any

import msgspec
import pytest

from simulators.strategies.params import KINDS, MarketMakerParams, MomentumParams
from simulators.strategies.registry import STRATEGIES


def test_every_kind_of_params_has_its_strategy() -> None:
    assert sorted(STRATEGIES) == sorted(KINDS)


def test_an_unknown_kind_is_refused_with_the_known_ones(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    with pytest.raises(ValueError, match="no strategy is called 'momentun'; there are arbitrage, carry, correlation_"):
        floor.strategy("momentun", MomentumParams(), ("BTC/USD",))


def test_params_of_another_kind_are_refused(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    with pytest.raises(ValueError, match="momentum takes MomentumParams, not MarketMakerParams"):
        floor.strategy("momentum", MarketMakerParams(), ("BTC/USD",))


@pytest.mark.parametrize(
    "field", [{"allocation": 1.5}, {"half_spread_bp": -1.0}, {"requote_interval_s": 0.0}, {"x": 1}]
)
def test_params_out_of_range_are_refused(field: dict[str, float]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(field, MarketMakerParams)


def test_a_pair_that_a_venue_does_not_list_is_named_and_the_others_are_traded(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    strategy = floor.strategy("market_making", MarketMakerParams(), ("BTC/USD", "ETH/USD"))
    strategy.start()
    floor.run(20.0)
    assert floor.journal.details("ready") == ["apex: equity 745000 USD; not listed there: ETH/USD"]
    assert len(floor.open_orders()) == 2


def test_the_same_seed_gives_the_same_requests(make_floor: Any) -> None:
    runs = []
    for _ in range(2):
        floor = make_floor({"apex": ("BTC/USD", "USDT/USD")})
        strategy = floor.strategy("market_making", MarketMakerParams(), ("BTC/USD", "USDT/USD"))
        strategy.start()

        def drift(second: int, floor: Any = floor) -> None:
            floor.prices["apex", "BTC/USD"] = 24_500.0 * (1 + 3e-5 * (second * 7 % 40))

        floor.run(300.0, drift)
        runs.append((floor.wires["apex"].requests, floor.journal.said))
    assert runs[0] == runs[1]
