"""Whatever clients, the street and the venue do, value adds up and the book stays a book."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.exchange.types import OrderType, Rejected, Side, TimeInForce
from simulators.ledger import UNITS, Overdraft

CLIENTS = ("ada", "bob", "cyd")
clients = st.sampled_from(CLIENTS)
sides = st.sampled_from(list(Side))
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("limit"),
            clients,
            sides,
            st.sampled_from(list(TimeInForce)),
            st.integers(1_999_000, 2_001_000).map(lambda ticks: ticks // 50 * 50),
            st.integers(1, 150_000),
        ),
        st.tuples(st.just("market"), clients, sides, st.integers(1, 400_000)),
        st.tuples(st.just("value"), clients, sides, st.integers(1, 90_000)),
        st.tuples(st.just("cancel"), clients, st.integers(0, 20)),
        st.tuples(st.just("cancel_all"), clients),
        st.tuples(st.just("requote"), st.floats(19_980, 20_020)),
        st.tuples(st.just("adjust"), st.sampled_from([0.5, 1.0, 4.0]), st.sampled_from([0.0, 0.3, 1.0])),
        st.tuples(st.just("wait"), st.integers(0, 3_000)),
        st.tuples(st.just("transfer"), clients, clients, st.sampled_from(["BTC", "USDT"]), st.integers(1, 60)),
        st.tuples(st.just("settle"), clients, st.integers(1, 60_000)),
    ),
    max_size=40,
)


def perform(floor: Any, step: tuple[Any, ...]) -> None:
    exchange = floor.exchange
    match step:
        case ("limit", client, side, time_in_force, price_ticks, lots):
            floor.limit(client, side, price_ticks, lots, time_in_force)
        case ("market", client, side, lots):
            floor.market(client, side, lots)
        case ("value", client, side, quote):
            floor.market(client, side, quote=quote)
        case ("cancel", client, position):
            orders = exchange.open_orders(client, 0)
            exchange.cancel(client, 0, orders[position].order_id if position < len(orders) else -1)
        case ("cancel_all", client):
            exchange.cancel_all(client, 0)
        case ("requote", reference):
            exchange.requote(0, reference)
        case ("adjust", spread, capacity):
            exchange.adjust_street(0, spread, capacity)
        case ("wait", milliseconds):
            floor.wait(milliseconds / 1_000)
        case ("transfer", source, target, asset, amount):
            exchange.transfer(asset, source, target, amount * UNITS, "transfer")
        case ("settle", client, amount):
            exchange.transfer("USDT", client, "settling", amount * UNITS, "settlement")


def balances_of_the_journal(floor: Any) -> Counter[tuple[str, str]]:
    """Every balance, recomputed from postings and fills alone, as the correlator will."""
    balances: Counter[tuple[str, str]] = Counter()

    def move(source: str, target: str, asset: str, amount: int) -> None:
        balances[source, asset] -= amount
        balances[target, asset] += amount

    for asset, source, target, amount, _ in floor.records.of("posting"):
        assert amount > 0
        move(source, target, asset, amount)
    for body in floor.records.of("fill"):
        _, _, price_ticks, lots, taker_side, taker, _, maker, _, taker_fee, maker_fee = body
        buyer, seller = (taker, maker) if taker_side == "buy" else (maker, taker)
        buyer_fee, seller_fee = (taker_fee, maker_fee) if taker_side == "buy" else (maker_fee, taker_fee)
        move(seller, buyer, "BTC", lots * 1_000)
        move(buyer, seller, "USDT", lots * price_ticks * 10)
        move(buyer, "fees", "BTC", buyer_fee)
        move(seller, "fees", "USDT", seller_fee)
    return balances


def check(floor: Any) -> None:
    exchange = floor.exchange
    ledger = exchange.ledger
    assert {asset: ledger.total(asset) for asset in ledger.assets()} == {"BTC": 0, "ETH": 0, "USDT": 0}
    held: Counter[tuple[str, str]] = Counter()
    for client in CLIENTS:
        for order in exchange.open_orders(client):
            assert 0 < order.open_lots <= order.quantity_lots
            if order.side is Side.BUY:
                held[client, "USDT"] += order.open_lots * order.price_ticks * 10
            else:
                held[client, "BTC"] += order.open_lots * 1_000
    recorded = balances_of_the_journal(floor)
    for account in ledger.accounts():
        for asset, holding in account.holdings.items():
            assert holding.held == held[account.name, asset]
            assert holding.free + holding.held == recorded[account.name, asset]
            assert holding.free >= 0 or account.may_overdraw
    bids, asks = exchange.depth(0, 100)
    bid_ticks, _, ask_ticks, _ = exchange.top(0)
    assert exchange.top(0) == ((bids or [(0, 0)])[0] + (asks or [(0, 0)])[0])
    assert not bids or not asks or bid_ticks < ask_ticks
    assert all(lots > 0 for _, lots in bids + asks)
    quotes = floor.records.of("quote")
    assert exchange.top(0) == (quotes[-1][1:] if quotes else (0, 0, 0, 0))


@settings(max_examples=300, deadline=None)
@given(steps, st.booleans())
def test_value_adds_up_and_the_book_is_never_crossed_whatever_happens(new_floor, steps, has_street: bool) -> None:
    floor = new_floor() if has_street else new_floor(street=None)
    for step in steps:
        if step[0] in ("requote", "adjust") and not has_street:
            continue
        with contextlib.suppress(Rejected, Overdraft):
            perform(floor, step)
        check(floor)


orders = st.lists(
    st.tuples(clients, sides, st.sampled_from([None, *range(2_000_000, 2_000_005)]), st.integers(25, 90)), max_size=40
)


@settings(max_examples=300, deadline=None)
@given(orders)
def test_matching_is_that_of_an_engine_too_simple_to_be_wrong(new_floor, orders) -> None:
    floor = new_floor(street=None)
    resting: list[list[Any]] = []  # [order_id, account, side, price_ticks, lots]
    expected = []
    for number, (client, side, price_ticks, lots) in enumerate(orders, start=1):
        kind = OrderType.MARKET if price_ticks is None else OrderType.LIMIT
        floor.exchange.place(client, 0, side, kind, TimeInForce.GTC, price_ticks or 0, lots)
        rests = price_ticks is not None
        while lots:
            others = [other for other in resting if other[2] is not side]
            best = min(others, key=lambda other: (other[3] * side, other[0]), default=None)
            if best is None or (price_ticks is not None and (best[3] - price_ticks) * side > 0):
                break
            if best[1] == client:
                rests = False
                break
            filled = min(lots, best[4])
            expected.append((best[3], filled, client, best[1]))
            lots -= filled
            best[4] -= filled
            if not best[4]:
                resting.remove(best)
        if lots and rests:
            resting.append([number, client, side, price_ticks, lots])
    assert floor.fills() == expected
    still_open = [order for client in CLIENTS for order in floor.exchange.open_orders(client)]
    assert sorted((order.order_id, order.open_lots) for order in still_open) == [(each[0], each[4]) for each in resting]
