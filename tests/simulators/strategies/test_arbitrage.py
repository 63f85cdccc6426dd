"""Arbitrage: trades only what beats its fees, and never stays with a lame leg."""

from typing import Any

import pytest

from simulators.ports import Request
from simulators.strategies.params import ArbitrageParams, TriangularParams

PAIR = "BTC/USDT"
TRIANGLE = ("ETH/BTC", "BTC/USDT", "ETH/USDT")


def _start(floor: Any, kind: str, params: Any, pairs: tuple[str, ...]) -> Any:
    strategy = floor.strategy(kind, params, pairs)
    strategy.start()
    floor.run(5.0)
    return strategy


def _two_venues(make_floor: Any, fee_bp: float = 4.0) -> Any:
    return make_floor({"apex": (PAIR,), "boreal": (PAIR,)}, fee_bp=fee_bp)


@pytest.mark.parametrize(("apart_bp", "trades"), [(0.0, False), (12.0, False), (18.0, True)])
def test_it_acts_only_on_an_edge_beyond_both_fees_and_its_minimum(
    make_floor: Any, apart_bp: float, trades: bool
) -> None:
    # Half-spread 1 bp each side and 4 bp fee each: 10 bp of cost, and 5 bp must remain.
    floor = _two_venues(make_floor)
    _start(floor, "arbitrage", ArbitrageParams(min_edge_bp=5.0), (PAIR,))
    floor.prices["boreal", PAIR] = 24_500.0 * (1 + apart_bp * 1e-4)
    floor.run(30.0)
    assert ("arbitrage" in floor.journal.events(), floor.journal.fills > 0) == (trades, trades)


def test_both_legs_trade_the_same_quantity_and_earn_the_edge(make_floor: Any) -> None:
    floor = _two_venues(make_floor, fee_bp=0.0)
    before = {v: (floor.held(v, "BTC"), floor.held(v, "USDT")) for v in floor.exchanges}
    _start(floor, "arbitrage", ArbitrageParams(cooldown_s=10_000.0), (PAIR,))
    floor.prices["boreal", PAIR] = 24_600.0
    floor.run(10.0)
    moved = {v: (floor.held(v, "BTC") - before[v][0], floor.held(v, "USDT") - before[v][1]) for v in floor.exchanges}
    assert moved["apex"][0] > 0.01
    assert moved["boreal"][0] == pytest.approx(-moved["apex"][0])
    profit = moved["apex"][1] + moved["boreal"][1]
    assert profit == pytest.approx(moved["apex"][0] * (24_600.0 * (1 - 1e-4) - 24_500.0 * (1 + 1e-4)), rel=0.02)


def test_a_lasting_difference_is_traded_up_to_the_position_cap(make_floor: Any) -> None:
    floor = _two_venues(make_floor, fee_bp=0.0)
    strategy = _start(floor, "arbitrage", ArbitrageParams(allocation=0.1, cooldown_s=2.0), (PAIR,))
    floor.prices["boreal", PAIR] = 24_700.0
    floor.run(600.0)
    client = strategy.clients["boreal"]
    pair = client.pairs[PAIR]
    cap = strategy.position_cap_units(client, pair)
    assert -1.05 * cap <= strategy.position_units(client, pair) <= -0.9 * cap


def test_a_leg_that_fails_is_unwound(make_floor: Any) -> None:
    floor = _two_venues(make_floor, fee_bp=0.0)
    strategy = _start(floor, "arbitrage", ArbitrageParams(cooldown_s=10_000.0), (PAIR,))
    wire = floor.wires["boreal"]
    wire.loses_request = lambda request: request.method == "POST"
    floor.prices["boreal", PAIR] = 24_600.0
    floor.run(40.0)
    assert floor.journal.events().count("arbitrage") == 1
    assert floor.journal.events().count("unwind") >= 1
    for venue in ("apex", "boreal"):
        client = strategy.clients[venue]
        assert strategy.position_units(client, client.pairs[PAIR]) == 0
        assert floor.held(venue, "BTC") == pytest.approx(10.0)


def test_no_second_trade_begins_while_the_first_is_under_way(make_floor: Any) -> None:
    floor = _two_venues(make_floor, fee_bp=0.0)
    _start(floor, "arbitrage", ArbitrageParams(cooldown_s=1.0), (PAIR,))
    for wire in floor.wires.values():
        wire.loses_reply = lambda request: request.method == "POST"
        wire.is_silent = False
    wire = floor.wires["boreal"]
    wire.loses_request = lambda request: request.method == "POST"
    floor.prices["boreal", PAIR] = 24_600.0
    floor.run(4.0)
    assert floor.wires["apex"].count("POST") == 1


def test_a_leg_that_nobody_takes_back_is_left_open_after_five_attempts(make_floor: Any) -> None:
    floor = _two_venues(make_floor, fee_bp=0.0)
    _start(floor, "arbitrage", ArbitrageParams(cooldown_s=10_000.0), (PAIR,))
    floor.wires["boreal"].loses_request = lambda request: request.method == "POST"

    def is_sale(request: Request) -> bool:
        return request.method == "POST" and "side=SELL" in request.target

    floor.wires["apex"].loses_request = is_sale
    floor.prices["boreal", PAIR] = 24_600.0
    floor.run(200.0)
    assert floor.journal.events().count("unwind") == 5
    assert floor.journal.events().count("left open") == 1


def test_a_leg_is_bought_back_with_what_the_account_can_pay(make_floor: Any) -> None:
    floor = _two_venues(make_floor, fee_bp=10.0)
    floor.exchanges["boreal"].transfer("USDT", "sub", "external", 500_000 * 10**8, "withdrawal")
    _start(floor, "arbitrage", ArbitrageParams(cooldown_s=10_000.0), (PAIR,))
    floor.wires["apex"].loses_request = lambda request: request.method == "POST"
    floor.prices["boreal", PAIR] = 24_700.0
    floor.run(60.0)
    assert floor.journal.events().count("unwind") >= 1
    assert "order failed" in floor.journal.events()  # the lost one
    assert all("NEVER_ARRIVED" in detail for detail in floor.journal.details("order failed"))
    assert 0.98 * 10.0 < floor.held("boreal", "BTC") < 10.0


def test_a_silent_venue_is_not_traded_against(make_floor: Any) -> None:
    floor = _two_venues(make_floor, fee_bp=0.0)
    _start(floor, "arbitrage", ArbitrageParams(), (PAIR,))
    floor.wires["boreal"].is_silent = True
    floor.run(10.0)
    floor.prices["apex", PAIR] = 24_000.0
    floor.run(20.0)
    assert "arbitrage" not in floor.journal.events()


def test_a_crossed_quote_is_not_believed(make_floor: Any) -> None:
    floor = _two_venues(make_floor, fee_bp=0.0)
    _start(floor, "arbitrage", ArbitrageParams(), (PAIR,))
    (stream,) = [s for s in floor.wires["boreal"].streams if s.target.startswith("/stream")]
    stream.deliver(
        b'{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"30000","B":"1","a":"29000","A":"1"}}'
    )
    floor.run(5.0)
    assert "arbitrage" not in floor.journal.events()


def test_a_pause_forbids_new_trades(make_floor: Any) -> None:
    floor = _two_venues(make_floor, fee_bp=0.0)
    strategy = _start(floor, "arbitrage", ArbitrageParams(), (PAIR,))
    strategy.pause("gate")
    floor.prices["boreal", PAIR] = 24_700.0
    floor.run(20.0)
    assert floor.journal.fills == 0


def test_a_triangle_that_closes_is_left_alone(make_floor: Any) -> None:
    floor = make_floor({"apex": TRIANGLE}, fee_bp=2.0)
    _start(floor, "triangular_arbitrage", TriangularParams(), TRIANGLE)
    floor.run(60.0)
    assert floor.journal.events() == ["started", "ready"]


@pytest.mark.parametrize("factor", [1.01, 0.99])
def test_a_triangle_that_pays_is_walked_in_the_direction_that_pays(make_floor: Any, factor: float) -> None:
    floor = make_floor({"apex": TRIANGLE}, fee_bp=2.0)
    before = {asset: floor.held("apex", asset) for asset in ("BTC", "ETH", "USDT")}
    _start(floor, "triangular_arbitrage", TriangularParams(cooldown_s=10_000.0), TRIANGLE)
    floor.prices["apex", "ETH/BTC"] *= factor
    floor.run(10.0)
    way = "USDT > ETH > BTC" if factor > 1 else "USDT > BTC > ETH"
    (detail,) = floor.journal.details("arbitrage")
    assert detail.startswith(f"apex: {way}")
    gain = {asset: floor.held("apex", asset) - held for asset, held in before.items()}
    # What the lot steps leave over stays in the outer assets; the profit is in the home asset.
    assert gain["USDT"] + gain["BTC"] * 24_500.0 + gain["ETH"] * 1_650.0 > 50.0
    assert 0.0 <= gain["BTC"] * 24_500.0 < 5.0
    assert 0.0 <= gain["ETH"] * 1_650.0 < 5.0


def test_a_triangle_must_pay_for_three_fees(make_floor: Any) -> None:
    # Three half-spreads of 1 bp and three fees of 2 bp: an edge of 12 bp leaves 3, and 5 must remain.
    floor = make_floor({"apex": TRIANGLE}, fee_bp=2.0)
    _start(floor, "triangular_arbitrage", TriangularParams(), TRIANGLE)
    floor.prices["apex", "ETH/BTC"] = 1_650.0 / 24_500.0 * 1.0012
    floor.run(10.0)
    assert "arbitrage" not in floor.journal.events()


def test_a_trip_that_breaks_off_is_brought_home(make_floor: Any) -> None:
    floor = make_floor({"apex": TRIANGLE}, fee_bp=2.0)
    before = {asset: floor.held("apex", asset) for asset in ("BTC", "ETH", "USDT")}
    _start(floor, "triangular_arbitrage", TriangularParams(cooldown_s=10_000.0), TRIANGLE)
    floor.wires["apex"].loses_request = lambda request: request.method == "POST" and "symbol=ETHBTC" in request.target
    floor.prices["apex", "ETH/BTC"] *= 1.01
    floor.run(60.0)
    assert floor.journal.events().count("unwind") == 1
    gain = {asset: floor.held("apex", asset) - held for asset, held in before.items()}
    assert 0.0 <= gain["BTC"] * 24_500.0 + gain["ETH"] * 1_650.0 < 10.0
    assert -60.0 < gain["USDT"] < 0.0


def test_pairs_that_make_no_triangle_leave_the_strategy_idle(make_floor: Any) -> None:
    floor = make_floor({"apex": ("BTC/USDT", "ETH/USDT", "USDT/USD")})
    _start(floor, "triangular_arbitrage", TriangularParams(), ("BTC/USDT", "ETH/USDT", "USDT/USD"))
    assert floor.journal.events() == ["started", "ready", "idle"]
