"""A market maker quotes both sides, leans against its inventory, stays under its cap, and leaves when blind."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.strategies.params import MarketMakerParams

HOUR_S = 3_600


def _maker(floor: Any, pair: str = "BTC/USD", **params: float) -> Any:
    maker = floor.strategy("market_making", MarketMakerParams(**params), (pair,))
    maker.start()
    floor.run(10.0)
    return maker


def test_it_quotes_both_sides_around_the_mid(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    _maker(floor, half_spread_bp=4.0)
    assert floor.open_orders() == [
        ("BTC/USD", "buy", pytest.approx(24_500.0 * (1 - 4e-4), abs=0.02)),
        ("BTC/USD", "sell", pytest.approx(24_500.0 * (1 + 4e-4), abs=0.02)),
    ]


def test_a_quiet_market_is_not_requoted(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    _maker(floor)
    floor.run(600.0)
    assert floor.wires["apex"].count("POST") == 2
    assert floor.wires["apex"].count("DELETE") == 0


def test_a_moving_market_is_followed_at_the_interval_not_at_every_tick(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    _maker(floor)

    def drift(second: int) -> None:
        floor.prices["apex", "BTC/USD"] = 24_500.0 * (1 + 2e-5 * second)

    before = len(floor.wires["apex"].requests)
    floor.run(600.0, drift)
    operations = sum(1 for r in floor.wires["apex"].requests[before:] if r.startswith(("POST", "DELETE")))
    assert 0.1 <= operations / 600.0 <= 0.35


def test_a_large_move_is_answered_before_the_interval_is_over(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    _maker(floor, requote_interval_s=60.0)
    floor.prices["apex", "BTC/USD"] = 24_500.0 * 1.002
    floor.run(6.0)
    prices = [price for _, _, price in floor.open_orders()]
    assert prices == [pytest.approx(24_549.0 * (1 - 4e-4), abs=3.0), pytest.approx(24_549.0 * (1 + 4e-4), abs=3.0)]


def test_it_leaves_the_market_when_the_feed_is_silent_and_returns_with_it(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    maker = _maker(floor)
    floor.wires["apex"].is_silent = True
    floor.run(40.0)
    assert floor.open_orders() == []
    assert "withdraw" in floor.journal.events()
    floor.wires["apex"].is_silent = False
    floor.run(120.0)
    assert len(floor.open_orders()) == 2
    assert maker.may_trade


def test_inventory_lowers_both_quotes(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    _maker(floor, skew_bp=8.0, order_fraction=0.2, allocation=0.5)
    floor.prices["apex", "BTC/USD"] = 24_480.0
    floor.run(2.0)
    floor.run(40.0)
    bid, ask = [price for _, _, price in floor.open_orders()]
    assert floor.held("apex", "BTC") > 10.0
    assert (bid + ask) / 2 < 24_480.0 - 3.0


def test_a_maker_that_believes_in_the_peg_buys_a_sliding_stablecoin_up_to_its_cap(make_floor: Any) -> None:
    floor = make_floor({"apex": ("USDT/USD",)})
    params = {"half_spread_bp": 1.0, "requote_bp": 1.0, "skew_bp": 1.0, "fair_half_life_s": 12.0 * HOUR_S}
    maker = _maker(floor, "USDT/USD", allocation=0.3, **params)

    def slide(second: int) -> None:
        wave = (second % 60 - 30) * 0.03e-4
        floor.prices["apex", "USDT/USD"] = 1.0 - 100e-4 * second / (6 * HOUR_S) + wave

    floor.run(6 * HOUR_S, slide)
    cap = maker.position_cap_units(maker.clients["apex"], maker.clients["apex"].pairs["USDT/USD"]) / 1e8
    bought = floor.held("apex", "USDT") - 500_000.0
    assert cap == pytest.approx(300_000.0, rel=0.02)
    assert 0.9 * cap <= bought <= 1.05 * cap


def test_pause_takes_everything_out_of_the_market_and_resume_brings_it_back(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    maker = _maker(floor)
    maker.pause("test")
    floor.run(60.0)
    assert floor.open_orders() == []
    maker.resume()
    floor.run(60.0)
    assert len(floor.open_orders()) == 2
    assert [event for event in floor.journal.events() if event in ("paused", "resumed")] == ["paused", "resumed"]


def test_stop_cancels_what_rests_and_ends_all_activity(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    maker = _maker(floor)
    maker.stop()
    floor.run(5.0)
    requests = len(floor.wires["apex"].requests)
    floor.run(300.0)
    assert floor.open_orders() == []
    assert len(floor.wires["apex"].requests) == requests
    assert [stream.is_open for stream in floor.wires["apex"].streams] == [False, False]


def test_the_loss_limit_pauses_the_strategy_for_good(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    _maker(floor, loss_limit=0.02)
    floor.prices["apex", "BTC/USD"] = 22_000.0
    floor.run(130.0)
    assert floor.open_orders() == []
    assert floor.journal.events()[-1] == "paused"


def test_what_is_withdrawn_is_not_taken_for_a_loss(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    maker = _maker(floor, loss_limit=0.02)
    floor.exchanges["apex"].transfer("USD", "sub", "external", 200_000 * 10**8, "withdrawal")
    floor.run(130.0)
    assert maker.may_trade
    assert maker.clients["apex"].account.opening_equity_usd == pytest.approx(545_000.0)


def test_a_decision_is_recorded_and_is_the_cause_of_its_orders(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    _maker(floor)
    assert floor.journal.events() == ["started", "ready", "requote"]
    assert floor.journal.details("requote") == ["apex BTC/USD: fair 24500, inventory +0.000 of cap"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.integers(-60, 60), min_size=20, max_size=60))
def test_inventory_stays_within_the_cap_whatever_the_price_does(make_floor: Any, moves: list[int]) -> None:
    floor = make_floor({"apex": ("BTC/USD",)}, fee_bp=2.0)
    maker = _maker(floor, allocation=0.1, order_fraction=0.04, urgent_gap_s=1.0)
    price = 24_500.0
    for move in moves:
        price *= 1 + move * 1e-4
        floor.prices["apex", "BTC/USD"] = price
        floor.run(7.0)
        client = maker.clients["apex"]
        pair = client.pairs["BTC/USD"]
        # The cap is in dollars: it moves with the price between an order's sizing and now.
        assert abs(maker.position_units(client, pair)) <= 1.1 * maker.position_cap_units(client, pair)
    assert all(free >= 0 and held >= 0 for _, free, held in floor.exchanges["apex"].balances("sub"))


def test_a_quote_that_stands_nearly_right_keeps_its_place_in_the_queue(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    _maker(floor, requote_bp=2.0)
    floor.prices["apex", "BTC/USD"] = 24_500.0 * 1.0001
    floor.run(60.0)
    assert floor.wires["apex"].count("DELETE") == 0


def test_a_wild_market_is_looked_at_no_oftener_than_the_gap_allows(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    _maker(floor, urgent_gap_s=5.0, allocation=0.9)

    def jump(second: int) -> None:
        floor.prices["apex", "BTC/USD"] = 24_500.0 * (1 + 3e-3 * (second % 2))

    before = floor.wires["apex"].count("POST")
    floor.run(60.0, jump)
    assert 8 <= floor.wires["apex"].count("POST") - before <= 26


def test_a_bid_is_taken_away_when_the_cap_shrinks_below_the_position(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USD",)})
    maker = _maker(floor, allocation=0.1, order_fraction=0.06)
    floor.prices["apex", "BTC/USD"] = 24_480.0
    floor.run(30.0)
    assert [side for _, side, _ in floor.open_orders()] == ["buy", "sell"]
    floor.exchanges["apex"].transfer("USD", "sub", "external", 400_000 * 10**8, "withdrawal")
    floor.run(90.0)
    client = maker.clients["apex"]
    assert maker.room_units(client, client.pairs["BTC/USD"], 1) < 0
    assert [side for _, side, _ in floor.open_orders()] == ["sell"]
