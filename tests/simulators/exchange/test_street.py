from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.exchange.config import StreetConfig
from simulators.exchange.types import Side, TimeInForce

ASKS = [(2_000_200, 100_000), (2_000_400, 200_000), (2_000_600, 400_000)]
BIDS = [(1_999_800, 100_000), (1_999_600, 200_000), (1_999_400, 400_000)]


def test_the_ladder_stands_around_the_reference_price_and_grows_with_depth(floor) -> None:
    assert floor.exchange.depth(0, 10) == (BIDS, ASKS)
    assert floor.exchange.top(0) == (1_999_800, 100_000, 2_000_200, 100_000)


@given(st.floats(0.001, 1e6), st.floats(0, 50))
def test_the_street_never_crosses_itself(new_floor, reference: float, half_spread_bp: float) -> None:
    floor = new_floor(StreetConfig(half_spread_bp=half_spread_bp, top_notional=1e5, levels=4), reference)
    bid_ticks, bid_lots, ask_ticks, _ = floor.exchange.top(0)
    assert bid_ticks < ask_ticks
    assert bid_lots > 0 or bid_ticks == 0
    assert all(ticks > 0 and lots > 0 for side in floor.exchange.depth(0, 9) for ticks, lots in side)


@pytest.mark.parametrize("reference", [0.0, -1.0, float("nan"), float("inf")])
def test_a_reference_price_that_is_none_is_refused(floor, reference: float) -> None:
    with pytest.raises(ValueError, match="must be positive and finite"):
        floor.exchange.requote(0, reference)


def test_a_large_order_walks_the_ladder_and_pays_for_its_size(floor) -> None:
    floor.market("ada", Side.BUY, 350_000)
    assert floor.fills() == [
        (2_000_200, 100_000, "ada", "street"),
        (2_000_400, 200_000, "ada", "street"),
        (2_000_600, 50_000, "ada", "street"),
    ]
    assert floor.exchange.depth(0, 10) == (BIDS, [(2_000_600, 350_000)])


@pytest.mark.parametrize(
    "wrong",
    [
        {"half_spread_bp": -1.0},
        {"top_notional": float("nan")},
        {"levels": 0},
        {"growth": 0.0},
        {"step_bp": float("inf")},
        {"recovery_per_second": -0.1},
    ],
)
def test_a_street_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be from"):
        StreetConfig(**{"half_spread_bp": 1.0, "top_notional": 1.0, **wrong})


@given(st.lists(st.integers(500, 300_000), min_size=2, max_size=6, unique=True))
def test_the_larger_the_order_the_worse_its_price(new_floor, sizes: list[int]) -> None:
    prices = []
    for lots in sorted(sizes):
        order = new_floor().market("ada", Side.BUY, lots)
        prices.append(order.filled_quote / order.filled_lots)
    assert prices == sorted(prices)


def test_recovery_is_exact_and_counted_from_the_taking(floor) -> None:
    floor.market("ada", Side.BUY, 100_000)
    floor.wait(0.00005)  # half a lot, which is not offered yet
    floor.exchange.requote(0, 20_000.0)
    assert floor.exchange.depth(0, 1)[1] == [ASKS[1]]
    floor.wait(0.99995)
    floor.exchange.requote(0, 20_000.0)
    assert floor.exchange.depth(0, 1)[1] == [(2_000_200, 10_000)]
    floor.wait(3.5)
    floor.exchange.requote(0, 20_000.0)
    assert floor.exchange.depth(0, 1)[1] == [(2_000_200, 45_000)]
    floor.wait(60)
    floor.exchange.requote(0, 20_000.0)
    assert floor.exchange.depth(0, 10) == (BIDS, ASKS)


def test_recovery_is_seen_by_the_next_order_without_a_requote(floor) -> None:
    floor.market("ada", Side.BUY, 100_000)
    floor.wait(2)
    order = floor.market("bob", Side.BUY, 20_001)
    assert floor.fills()[1:] == [(2_000_200, 20_000, "bob", "street"), (2_000_400, 1, "bob", "street")]
    assert order.filled_lots == 20_001


def test_moving_the_ladder_does_not_bring_sold_liquidity_back(floor) -> None:
    floor.market("ada", Side.BUY, 100_000)
    floor.exchange.requote(0, 21_000.0)
    floor.exchange.requote(0, 20_000.0)
    assert floor.exchange.depth(0, 10) == (BIDS, ASKS[1:])


steps = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(300, 250_000)),
        st.tuples(st.just("wait"), st.integers(0, 3_000)),
        st.tuples(st.just("move"), st.integers(0, 40)),
    ),
    max_size=40,
)


@given(steps)
def test_the_same_liquidity_is_never_sold_twice(new_floor, steps: list[tuple[str, int]]) -> None:
    floor = new_floor()
    elapsed_ms = taken = 0
    for step, amount in steps:
        if step == "buy":
            taken += floor.market("ada", Side.BUY, amount).filled_lots
        elif step == "wait":
            floor.wait(amount / 1_000)
            elapsed_ms += amount
        else:
            # The reference price only rises from where it began, so that no lot becomes cheaper to offer.
            floor.exchange.requote(0, 20_000.0 + amount)
        offered = sum(lots for _, lots in floor.exchange.depth(0, 9)[1])
        assert taken + offered <= 700_000 + 70_000 * elapsed_ms // 1_000 + 3  # a lot of rounding per rank


def test_a_withdrawn_street_offers_less_and_leaves_no_trace(floor) -> None:
    floor.exchange.adjust_street(0, half_spread_multiplier=5.0, capacity_multiplier=0.25)
    assert floor.exchange.depth(0, 1) == ([(1_999_000, 25_000)], [(2_001_000, 25_000)])
    floor.exchange.adjust_street(0, capacity_multiplier=0.0)
    assert floor.exchange.top(0) == (0, 0, 0, 0)
    assert floor.market("ada", Side.BUY, 1_000).status.name == "EXPIRED"
    floor.exchange.adjust_street(0)
    assert floor.exchange.depth(0, 10) == (BIDS, ASKS)


def test_what_was_taken_from_a_withdrawn_street_is_missing_when_it_returns(floor) -> None:
    floor.exchange.adjust_street(0, capacity_multiplier=0.5)
    floor.market("ada", Side.BUY, 50_000)
    floor.exchange.adjust_street(0)
    assert floor.exchange.depth(0, 1)[1] == [(2_000_200, 50_000)]
    floor.wait(2)
    floor.exchange.requote(0, 20_000.0)
    assert floor.exchange.depth(0, 1)[1] == [(2_000_200, 70_000)]


def test_the_street_fills_what_it_crosses_at_the_clients_price_and_no_more_than_it_has(floor) -> None:
    first = floor.limit("ada", Side.SELL, 2_000_150, 80_000)
    second = floor.limit("bob", Side.SELL, 2_000_160, 80_000)
    floor.exchange.requote(0, 20_003.7)  # bids at 20,001.69, then 19,999.69
    assert floor.fills() == [(2_000_150, 80_000, "street", "ada"), (2_000_160, 19_981, "street", "bob")]
    assert (first.status.name, second.status.name) == ("FILLED", "PARTIALLY_FILLED")
    bid_ticks, _, ask_ticks, ask_lots = floor.exchange.top(0)
    assert (bid_ticks, ask_ticks, ask_lots) == (1_999_969, 2_000_160, 60_019)
    floor.wait(1)  # a tenth of the level grows back and goes to the order it crosses
    floor.exchange.requote(0, 20_003.7)
    assert floor.fills()[2:] == [(2_000_160, 9_998, "street", "bob")]


@pytest.mark.parametrize(
    ("reference", "side", "price_ticks"), [(20_001.0, Side.SELL, 2_000_200), (19_999.0, Side.BUY, 1_999_800)]
)
def test_at_one_price_who_has_stood_there_longer_is_served_first(
    new_floor, reference: float, side: Side, price_ticks: int
) -> None:
    floor = new_floor(reference=reference)
    floor.limit("bob", side, price_ticks, 1_000)  # inside the street's spread
    floor.exchange.requote(0, 20_000.0)  # the street comes to bob's price
    floor.limit("cyd", side, price_ticks, 1_000)
    assert floor.exchange.depth(0, 1)[0 if side is Side.BUY else 1] == [(price_ticks, 102_000)]
    floor.market("ada", Side(-side), 102_000)
    assert floor.fills() == [
        (price_ticks, 1_000, "ada", "bob"),
        (price_ticks, 100_000, "ada", "street"),
        (price_ticks, 1_000, "ada", "cyd"),
    ]


def test_what_an_order_would_get_is_judged_in_the_order_of_service(floor) -> None:
    floor.limit("ada", Side.SELL, 2_000_200, 1_000)  # behind the street, so it stops ada only after the street
    order = floor.limit("ada", Side.BUY, 2_000_200, 100_000, TimeInForce.FOK)
    assert order.filled_lots == 100_000
