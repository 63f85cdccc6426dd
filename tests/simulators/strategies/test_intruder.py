"""A stolen key: the exchange takes orders and withdrawals from whoever signs with it, if it may and from there."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.exchange.api.routes import ApiKey
from simulators.strategies.harm import KeyElsewhereParams, StolenKeyParams
from simulators.strategies.intruder import KeyElsewhere, StolenAccess, StolenKey
from simulators.strategies.pairs import Pair
from simulators.strategies.rest import Key

BTC = "BTC/USD"
PAIR = Pair(BTC, "BTCUSD", "BTC", "USD", 1_000_000, 1_000, 1, 1_000_000_000)


def _steal(floor: Any, effects: list[str], *, secret: str = "S", **params: Any) -> StolenKey:
    access = StolenAccess(floor.wires["apex"], Key("K", secret))
    told = StolenKeyParams(account="sub", venue="apex", **params)
    return StolenKey(access, PAIR, floor.kernel, told, effects.append)


@pytest.fixture
def floor(make_floor: Any) -> Any:
    floor = make_floor({"apex": (BTC,)}, fee_bp=4.0)
    floor.keys = floor.wires["apex"].venue._keys
    floor.keys["K"] = ApiKey("sub", can_trade=True, can_withdraw=True, secret="S")
    return floor


def test_a_thief_trades_the_account_to_its_harm_until_the_key_is_changed(floor: Any) -> None:
    effects: list[str] = []
    before = floor.held("apex", "USD") + 24_500.0 * floor.held("apex", "BTC")
    thief = _steal(floor, effects, trades_per_minute=30, order_notional=20_000.0)
    thief.begin(1)
    floor.run(59.0)
    assert effects == ["the venue took an order of the thief's"]
    assert floor.wires["apex"].count("POST /api/v3/order") == 30
    after = floor.held("apex", "USD") + 24_500.0 * floor.held("apex", "BTC")
    assert before - after > 30 * 20_000.0 * 4e-4 * 0.9
    thief.end(2)
    floor.run(60.0)
    assert floor.wires["apex"].count("POST /api/v3/order") == 30


def test_a_thief_withdraws_what_the_key_lets_him(floor: Any) -> None:
    effects: list[str] = []
    _steal(floor, effects, trades_per_minute=0, withdraw_asset="BTC", withdraw_amount=2.5).begin(1)
    floor.run(1.0)
    assert effects == ["the venue took the thief's withdrawal"]
    assert floor.held("apex", "BTC") == 7.5


def test_a_key_that_may_not_withdraw_loses_nothing(floor: Any) -> None:
    floor.keys["K"] = ApiKey("sub", can_trade=True, secret="S")
    effects: list[str] = []
    _steal(floor, effects, trades_per_minute=0, withdraw_asset="BTC", withdraw_amount=2.5).begin(1)
    floor.run(1.0)
    assert effects == []
    assert floor.held("apex", "BTC") == 10.0


@pytest.mark.parametrize("key", [ApiKey("sub", can_trade=True, secret="S", addresses=("maker",)), None])
def test_a_bound_key_is_of_no_use_elsewhere_and_neither_is_one_without_its_secret(floor: Any, key: Any) -> None:
    secret = "guessed" if key is None else "S"
    if key is not None:
        floor.keys["K"] = key
    effects: list[str] = []
    _steal(floor, effects, secret=secret).begin(1)
    floor.run(30.0)
    assert effects == []
    assert [order for order in floor.journal.orders if "rejected" not in order] == []


def test_reading_elsewhere_is_answered_and_changes_nothing(floor: Any) -> None:
    effects: list[str] = []
    access = StolenAccess(floor.wires["apex"], Key("K", "S"))
    told = KeyElsewhereParams(account="sub", venue="apex", interval_ns=10 * 10**9)
    KeyElsewhere(access, floor.kernel, told, effects.append).begin(1)
    floor.run(29.0)
    assert effects == ["the venue answered"]
    assert floor.wires["apex"].count("GET /api/v3/account") == 3
    assert floor.held("apex", "BTC") == 10.0


def test_a_thief_that_does_nothing_is_no_fault() -> None:
    with pytest.raises(ValueError, match="neither trades nor withdraws"):
        StolenKeyParams(account="sub", venue="apex", trades_per_minute=0)
    with pytest.raises(ValueError, match="go together"):
        StolenKeyParams(account="sub", venue="apex", withdraw_asset="BTC")
