"""Whatever clients, markets, funding and liquidation do, money and contracts add up, and the journal tells all."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.exchange.types import Rejected, Side

clients = st.sampled_from(("ada", "bob", "cyd"))
sides = st.sampled_from((Side.BUY, Side.SELL))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("market"), clients, sides, st.integers(1, 6_000), st.booleans()),
        st.tuples(st.just("limit"), clients, sides, st.integers(19_900, 20_100), st.integers(1, 3_000)),
        st.tuples(st.just("move"), st.integers(15_000, 26_000)),
        st.tuples(st.just("wait"), st.sampled_from((1, 5, 40, 3_600, 28_800))),
        st.tuples(st.just("leverage"), clients, st.sampled_from((1, 5, 20, 100))),
        st.tuples(st.just("cancel"), clients),
    ),
    max_size=25,
)


def perform(pit: Any, step: tuple[Any, ...]) -> None:
    match step:
        case ("market", client, side, lots, reduce_only):
            pit.market(client, side, lots, reduce_only)
        case ("limit", client, side, price, lots):
            pit.limit(client, side, price, lots)
        case ("move", price):
            pit.move(price)
        case ("wait", seconds):
            pit.wait(min(seconds, 60))
            if seconds > 60:  # to just before the next hour or funding, without playing every second of it
                pit.house.contracts[0].next_funding_ns = pit.clock.now_ns
                pit.wait(1)
        case ("leverage", client, leverage):
            pit.house.set_leverage(client, 0, leverage)
        case ("cancel", client):
            pit.exchange.cancel_all(client, 0)


def check(pit: Any) -> None:
    ledger = pit.exchange.ledger
    assert {asset: ledger.total(asset) for asset in ledger.assets()} == dict.fromkeys(ledger.assets(), 0)
    wallets: Counter[str] = Counter()
    for asset, source, target, amount, _ in pit.records.of("posting"):
        assert amount > 0
        assert asset == "USDT"
        wallets[source] -= amount
        wallets[target] += amount
    lots: Counter[str] = Counter()
    for _, _, _, quantity, taker_side, taker, _, maker, _, taker_fee, maker_fee in pit.records.of("fill"):
        sign = 1 if taker_side == "buy" else -1
        lots[taker] += sign * quantity
        lots[maker] -= sign * quantity
        assert taker_fee == maker_fee == 0
    last: dict[str, int] = {}
    taken_over: Counter[str] = Counter()
    for account, _, contracts, _, _, event in pit.records.of("position"):
        if event == "liquidation":
            taken_over[account] += contracts - last.get(account, 0)
        last[account] = contracts
    for name in ("ada", "bob", "cyd"):
        held, cost = pit.position(name)
        assert pit.wallet(name) == wallets[name] >= 0
        assert held == lots[name] + taken_over[name] == last.get(name, 0)
        assert (held > 0) == (cost > 0)
        assert (held < 0) == (cost < 0)
        free, on_hold = pit.exchange.balance(name, "BTC/USDT:USDT contracts")
        assert free + on_hold == held * 100_000
    assert sum(taken_over.values()) == 0


@settings(max_examples=60, deadline=None)
@given(steps)
def test_money_and_contracts_add_up_at_every_moment(new_pit: Any, story: list[tuple[Any, ...]]) -> None:
    pit = new_pit()
    for step in story:
        with contextlib.suppress(Rejected):
            perform(pit, step)
        check(pit)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_realised_profit_and_cost_add_up_to_what_was_traded(new_pit: Any, story: list[tuple[Any, ...]]) -> None:
    pit = new_pit()
    for step in story:
        with contextlib.suppress(Rejected):
            perform(pit, step)
    realised: Counter[str] = Counter()
    for account, _, _, _, amount, event in pit.records.of("position"):
        if event != "funding":
            realised[account] += amount
    for name in ("ada", "bob", "cyd"):
        free, on_hold = pit.exchange.balance(name, "BTC/USDT:USDT cost")
        assert free + on_hold == realised[name] - pit.position(name)[1]
