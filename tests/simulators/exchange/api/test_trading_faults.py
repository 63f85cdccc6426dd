"""Faults of trading: what clients see of them, when they take effect, how two of a kind add up, and that they leave."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from simulators.exchange.api.limits import RateLimits
from simulators.exchange.harm_trading import (
    CancelRejectParams,
    ContradictingBalancesParams,
    DisconnectParams,
    DuplicateFillParams,
    EventGapParams,
    FrozenAccountParams,
    LiquidityWithdrawalParams,
    LostFillParams,
    OrderRejectParams,
    PartialFillsParams,
    PhantomFillParams,
    SpreadWideningParams,
    ThrottlingParams,
)
from simulators.exchange.trading_faults.accounts import ContradictingBalances, FrozenAccount
from simulators.exchange.trading_faults.doors import Disconnect, Throttling
from simulators.exchange.trading_faults.fills import DuplicateFill, EventGap, LostFill, PhantomFill
from simulators.exchange.trading_faults.orders import CancelReject, OrderReject, PartialFills
from simulators.exchange.trading_faults.street import LiquidityWithdrawal, SpreadWidening
from simulators.picks import Picks

START_NS = 1_676_851_200_000_000_000
MS = 1_000_000
SECOND = 1_000 * MS
MINUTE = 60 * SECOND
ORDER = "/api/v3/order?symbol=BTCUSDT"
SELL = f"{ORDER}&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.1&price=24501"
BUY_NOW = f"{ORDER}&side=BUY&type=MARKET&quantity=0.1"
TOO_MANY = "Too many new orders; current limit is 2 orders per 10 SECOND."
PICKED = (OrderReject, CancelReject, PartialFills, PhantomFill, LostFill, DuplicateFill)


class Effects(list[str]):
    """What a fault said when it took effect."""

    def __call__(self, detail: str) -> None:
        self.append(detail)


def begin(world: Any, fault_type: Any, params: Any, seed: int = 1) -> tuple[Any, Effects]:
    effects = Effects()
    picks = (Picks(np.random.Generator(np.random.PCG64(seed))),) if fault_type in PICKED else ()
    fault = fault_type(world.api, world.clock, params, *picks, effects)
    fault.begin(900)
    return fault, effects


def code(world: Any, method: str, target: str) -> int:
    """0, or the code of the refusal."""
    reply = world.call(method, target, "K-trade")
    return 0 if reply.status == 200 else msgspec.json.decode(reply.body)["code"]


def executions(frames: list[Any]) -> list[tuple[str, str, int, str]]:
    """(execution, status, trade id, quantity) of each report."""
    events = [frame["event"] for frame in frames if "event" in frame]
    return [(e["x"], e["X"], e["t"], e["l"]) for e in events if e["e"] == "executionReport"]


def shown(world: Any, asset: str) -> tuple[str, str]:
    account = world.get("/api/v3/account", "K-trade")
    return next((row["free"], row["locked"]) for row in account["balances"] if row["asset"] == asset)


def streamed(frames: list[Any], asset: str) -> list[tuple[str, str]]:
    events = [frame["event"] for frame in frames if "event" in frame]
    positions = [event for event in events if event["e"] == "outboundAccountPosition"]
    return [(row["f"], row["l"]) for event in positions for row in event["B"] if row["a"] == asset]


# Orders


@pytest.mark.parametrize(
    ("reason", "refused"),
    [
        ("insufficient_balance", (400, -2010, "Account has insufficient balance for requested action.")),
        ("market_closed", (400, -1013, "Market is closed.")),
        ("too_many_orders", (429, -1015, "Too many new orders.")),
    ],
)
def test_rejected_orders_are_refused_with_the_reason_and_journalled(world, reason, refused):
    fault, effects = begin(world, OrderReject, OrderRejectParams(share=1.0, reason=reason))
    assert effects == []
    assert world.refusal("POST", SELL, "K-trade") == refused
    assert effects == [f"an order of momentum was refused: {refused[1]} {refused[2]}"]
    assert [(body[0], body[-2], body[-1]) for body in world.audit.of("order")] == [("momentum", "rejected", refused[2])]
    fault.end(901)
    assert code(world, "POST", SELL) == 0
    assert world.exchange.gate is None


def test_other_pairs_and_accounts_are_not_refused(world):
    begin(world, OrderReject, OrderRejectParams(share=1.0, pairs=("ETH/BTC",)))
    _, effects = begin(world, OrderReject, OrderRejectParams(share=1.0, accounts=("maker",)))
    assert code(world, "POST", SELL) == 0
    assert effects == []


def test_what_is_rejected_at_a_small_share_is_rejected_at_a_greater_one(new_world):
    def refused(share: float) -> list[bool]:
        world = new_world()
        begin(world, OrderReject, OrderRejectParams(share=share))
        return [code(world, "POST", SELL) != 0 for _ in range(60)]

    few, many = refused(0.2), refused(0.6)
    assert 4 <= sum(few) <= 22 < sum(many) <= 48
    assert all(greater for smaller, greater in zip(few, many, strict=True) if smaller)
    assert refused(0.0) == [False] * 60


def test_rejects_grow_along_the_ramp(world):
    params = OrderRejectParams(share=1.0, starts_ns=START_NS, ends_ns=START_NS + 100 * SECOND, ramp_ns=100 * SECOND)
    begin(world, OrderReject, params)
    halves = []
    for _ in range(2):
        halves.append(sum(code(world, "POST", SELL) != 0 for _ in range(50)))
        world.clock.run_until(START_NS + 90 * SECOND)
    assert halves[0] < 5
    assert halves[1] > 38


def test_two_faults_of_orders_add_up_and_leave_one_by_one(world):
    world.quote(2_449_900, 2_450_100)
    some, _ = begin(world, PartialFills, PartialFillsParams(share=1.0, filled=0.5))
    fewer, _ = begin(world, PartialFills, PartialFillsParams(share=1.0, filled=0.4), seed=2)
    assert world.post(BUY_NOW)["executedQty"] == "0.02000000"
    some.end(901)
    assert world.post(BUY_NOW)["executedQty"] == "0.04000000"
    fewer.end(901)
    assert world.post(BUY_NOW)["executedQty"] == "0.10000000"


def test_partial_fills_expire_the_rest_of_what_meets_the_book_and_leave_resting_orders(world):
    world.quote(2_449_900, 2_450_100)
    _, effects = begin(world, PartialFills, PartialFillsParams(share=1.0, filled=0.3))
    world.post(SELL)
    ended_by_the_book = f"{ORDER}&side=BUY&type=LIMIT&timeInForce=IOC&quantity=0.1&price=20000"
    assert world.post(ended_by_the_book)["executedQty"] == "0.00000000"
    assert effects == []
    assert [order.open_lots for order in world.exchange.open_orders("momentum")] == [10_000]
    order = world.post(f"{ORDER}&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=24501")
    assert (order["status"], order["executedQty"]) == ("EXPIRED", "0.03000000")
    assert effects == ["an order of momentum was filled in part: 3000 of 10000 lots"]


def test_a_rejected_cancel_leaves_the_order_in_the_book(world):
    first, second = world.post(SELL)["orderId"], world.post(SELL)["orderId"]
    fault, effects = begin(world, CancelReject, CancelRejectParams(share=1.0))
    assert world.refusal("DELETE", f"{ORDER}&orderId=999", "K-trade")[1] == -2011
    assert effects == []
    assert world.refusal("DELETE", f"{ORDER}&orderId={first}", "K-trade") == (400, -2011, "Unknown order sent.")
    assert effects == ["the cancel of an order of momentum was refused: Unknown order sent."]
    assert [(body[1], *body[3:]) for body in world.audit.of("order") if body[-2] == "cancel_rejected"] == [
        (first, 0, "sell", "limit", "GTC", 2_450_100, 10_000, "cancel_rejected", "Unknown order sent.")
    ]
    assert code(world, "DELETE", "/api/v3/openOrders?symbol=BTCUSDT") == -2011
    assert [order.order_id for order in world.exchange.open_orders("momentum")] == [first, second]
    fault.end(901)
    assert code(world, "DELETE", f"{ORDER}&orderId={first}") == 0
    assert code(world, "DELETE", "/api/v3/openOrders?symbol=BTCUSDT") == 0
    assert world.exchange.open_orders("momentum") == []


def test_two_faults_of_cancels_hold_until_the_last_has_ended(world):
    world.post(SELL)
    one, _ = begin(world, CancelReject, CancelRejectParams(share=1.0))
    other, _ = begin(world, CancelReject, CancelRejectParams(share=1.0, reason="restricted"))
    one.end(901)
    refusal = world.refusal("DELETE", f"{ORDER}&orderId=1", "K-trade")
    assert refusal == (400, -2011, "Order was not canceled due to cancel restrictions.")
    other.end(901)
    assert code(world, "DELETE", f"{ORDER}&orderId=1") == 0


# The street


def test_a_wider_spread_and_less_depth_are_seen_at_once_and_multiply(new_world):
    world = new_world(street=True)
    world.exchange.requote(0, 20_000.0)
    calm = world.exchange.depth(0, 10)
    client = world.connect("/ws/btcusdt@bookTicker")
    wide, effects = begin(world, SpreadWidening, SpreadWideningParams(factor=10.0, pairs=("BTC/USDT",)))
    assert effects == ["the spread of BTC/USDT is 10 times as wide"]
    assert [(frame["b"], frame["a"]) for frame in client.take()] == [("19980.00000000", "20020.00000000")]
    wider, _ = begin(world, SpreadWidening, SpreadWideningParams(factor=2.0))
    thin, effects = begin(world, LiquidityWithdrawal, LiquidityWithdrawalParams(share=0.75))
    assert effects == ["75.0000% of the street's depth in BTC/USDT are gone"]
    assert world.exchange.top(0) == (1_996_000, 25_000, 2_004_000, 25_000)
    wide.end(901)
    assert world.exchange.top(0) == (1_999_200 + 400, 25_000, 2_000_400, 25_000)
    thin.end(901)
    wider.end(901)
    assert world.exchange.depth(0, 10) == calm


def test_a_street_without_liquidity_offers_nothing(new_world):
    world = new_world(street=True)
    world.exchange.requote(0, 20_000.0)
    begin(world, LiquidityWithdrawal, LiquidityWithdrawalParams(share=1.0))
    assert world.exchange.top(0) == (0, 0, 0, 0)


def test_the_spread_ramps_once_a_second_and_takes_effect_with_the_first_tick(new_world):
    world = new_world(street=True)
    world.exchange.requote(0, 20_000.0)
    params = SpreadWideningParams(
        factor=11.0,
        starts_ns=START_NS,
        ends_ns=START_NS + 60 * SECOND,
        ramp_ns=20 * SECOND,
        ramp_down_ns=20 * SECOND,
    )
    fault, effects = begin(world, SpreadWidening, params)
    bids = []
    for second in (0, 1, 10, 30, 50, 59):
        world.clock.run_until(START_NS + second * SECOND)
        bids.append(world.exchange.top(0)[0])
    assert bids == [1_999_800, 1_999_700, 1_998_800, 1_997_800, 1_998_800, 1_999_700]
    assert effects == ["the spread of BTC/USDT is 1.5 times as wide"]
    fault.end(901)
    assert world.exchange.top(0)[0] == 1_999_800


def test_two_faults_that_widen_beyond_the_price_stop_short_of_it(new_world):
    world = new_world(street=True)
    world.exchange.requote(0, 20_000.0)
    for _ in range(2):
        begin(world, SpreadWidening, SpreadWideningParams(factor=1_000.0))
    assert world.exchange.top(0)[0] == 20_000


# Fills


def test_a_lost_fill_is_neither_told_nor_listed_until_the_fault_ends(world):
    world.quote(2_449_900, 2_450_100)
    client = world.user_data()
    fault, effects = begin(world, LostFill, LostFillParams(share=1.0))
    world.post(BUY_NOW)
    frames = client.take()
    assert [execution[:2] for execution in executions(frames)] == [("NEW", "NEW")]
    assert streamed(frames, "BTC") == [("100.09995000", "0.00000000")]
    assert effects == ["a fill of momentum is not told on the stream"]
    assert world.get("/api/v3/myTrades?symbol=BTCUSDT", "K-trade") == []
    assert world.get(f"{ORDER}&orderId=3", "K-trade")["status"] == "FILLED"
    fault.end(901)
    assert [row["id"] for row in world.get("/api/v3/myTrades?symbol=BTCUSDT", "K-trade")] == [1]
    world.post(BUY_NOW)
    assert [execution[2] for execution in executions(client.take())] == [-1, 2]


def test_a_lost_fill_may_be_listed(world):
    world.quote(2_449_900, 2_450_100)
    begin(world, LostFill, LostFillParams(share=1.0, rest="shown"))
    world.post(BUY_NOW)
    assert [row["id"] for row in world.get("/api/v3/myTrades?symbol=BTCUSDT", "K-trade")] == [1]


def test_fills_before_the_fault_stay_listed(world):
    world.quote(2_449_900, 2_450_100)
    world.post(BUY_NOW)
    world.clock.run(SECOND)
    begin(world, LostFill, LostFillParams(share=1.0))
    world.post(BUY_NOW)
    assert [row["id"] for row in world.get("/api/v3/myTrades?symbol=BTCUSDT", "K-trade")] == [1]


def test_a_duplicate_fill_is_told_twice_in_the_same_words_or_under_a_new_id(world):
    world.quote(2_449_900, 2_450_100)
    client = world.user_data()
    fault, effects = begin(world, DuplicateFill, DuplicateFillParams(share=1.0))
    world.post(BUY_NOW)
    reports = [frame for frame in client.frames if b'"x":"TRADE"' in frame]
    assert len(reports) == 2
    assert reports[0] == reports[1]
    assert effects == ["a fill of momentum is told twice"]
    fault.end(901)
    client.take()
    begin(world, DuplicateFill, DuplicateFillParams(share=1.0, trade_id="new"))
    world.post(BUY_NOW)
    told = [execution for execution in executions(client.take()) if execution[0] == "TRADE"]
    assert told == [("TRADE", "FILLED", 2, "0.10000000"), ("TRADE", "FILLED", 1_000_002, "0.10000000")]
    assert len(world.get("/api/v3/myTrades?symbol=BTCUSDT", "K-trade")) == 2


def test_a_fill_that_is_lost_is_not_told_twice(world):
    world.quote(2_449_900, 2_450_100)
    client = world.user_data()
    begin(world, LostFill, LostFillParams(share=1.0))
    _, effects = begin(world, DuplicateFill, DuplicateFillParams(share=1.0))
    world.post(BUY_NOW)
    assert [execution[0] for execution in executions(client.take())] == ["NEW"]
    assert effects == []


def test_phantom_fills_are_told_of_orders_that_are_not_there_while_balances_stay(world):
    world.quote(2_449_900, 2_450_100)
    client = world.user_data()
    before = shown(world, "BTC")
    params = PhantomFillParams(per_hour=6, pairs=("BTC/USDT",), accounts=("momentum",), notional=4_900.2, side="buy")
    fault, effects = begin(world, PhantomFill, params)
    world.clock.run(60 * MINUTE)
    reports = [frame["event"] for frame in client.take()]
    assert len(reports) == 6
    first = reports[0]
    about = {key: first[key] for key in ("e", "s", "S", "o", "x", "X", "q", "z", "l", "L", "n", "N", "t")}
    assert about == {
        "e": "executionReport",
        "s": "BTCUSDT",
        "S": "BUY",
        "o": "MARKET",
        "x": "TRADE",
        "X": "FILLED",
        "q": "0.20000000",
        "z": "0.20000000",
        "l": "0.20000000",
        "L": "24501.00000000",
        "n": "0.00010000",
        "N": "BTC",
        "t": 1_000_000,
    }
    assert len({report["i"] for report in reports} | {report["t"] for report in reports}) == 12
    assert effects == ["momentum is told that it bought 0.20000000 of BTC/USDT"]
    assert shown(world, "BTC") == before
    assert world.refusal("GET", f"{ORDER}&orderId={first['i']}", "K-trade")[1] == -2013
    fault.end(901)
    world.clock.run(60 * MINUTE)
    assert client.take() == []


def test_phantom_fills_that_nobody_hears_have_no_effect(world):
    world.quote(2_449_900, 2_450_100)
    _, effects = begin(world, PhantomFill, PhantomFillParams(per_hour=60))
    world.clock.run(60 * MINUTE)
    assert effects == []


def test_an_event_gap_leaves_a_hole_in_the_execution_ids_of_its_accounts(world):
    client, other = world.user_data(), world.user_data("K-master")
    world.post(SELL)
    fault, effects = begin(world, EventGap, EventGapParams(accounts=("momentum",)))
    again, _ = begin(world, EventGap, EventGapParams())
    again.end(901)
    world.post(SELL)
    world.post(SELL, "K-master")
    assert effects == ["an account event was withheld"]
    fault.end(901)
    world.post(SELL)
    ids = [
        [frame["event"]["I"] for frame in one.take() if frame["event"]["e"] == "executionReport"]
        for one in (client, other)
    ]
    assert ids == [[1, 4], [3]]


# Account views


def test_a_frozen_account_is_shown_as_it_was_while_fills_arrive(world):
    world.quote(2_449_900, 2_450_100)
    client = world.user_data()
    fault, effects = begin(world, FrozenAccount, FrozenAccountParams(accounts=("momentum",)))
    frozen = world.get("/api/v3/account", "K-trade")
    assert effects == []
    world.post(BUY_NOW)
    frames = client.take()
    assert [execution[0] for execution in executions(frames)] == ["NEW", "TRADE"]
    assert streamed(frames, "BTC") == [("100.00000000", "0.00000000")]
    assert effects == ["momentum is shown 100.00000000 + 0.00000000 BTC and has 100.09995000 + 0.00000000"]
    assert world.get("/api/v3/account", "K-trade") == frozen
    fault.end(901)
    assert shown(world, "BTC") == ("100.09995000", "0.00000000")


@pytest.mark.parametrize(
    ("params", "rest", "stream"),
    [
        ({"lie": "rest"}, ("104.89500000", "0.10000000"), ("99.90000000", "0.10000000")),
        ({"lie": "stream", "direction": "less"}, ("99.90000000", "0.10000000"), ("94.90500000", "0.10000000")),
        ({"lie": "locked"}, ("99.90000000", "5.10000000"), ("99.90000000", "5.10000000")),
    ],
)
def test_balances_contradict_one_another(world, params, rest, stream):
    client = world.user_data()
    _, unseen = begin(world, ContradictingBalances, ContradictingBalancesParams(share=0.5, accounts=("maker",)))
    fault, effects = begin(world, ContradictingBalances, ContradictingBalancesParams(share=0.05, **params))
    world.post(SELL)
    assert (shown(world, "BTC"), streamed(client.take(), "BTC")) == (rest, [stream])
    assert (len(effects), len(unseen)) == (1, 0)
    assert world.exchange.balance("momentum", "BTC") == (9_990_000_000, 10_000_000)
    fault.end(901)
    assert shown(world, "BTC") == ("99.90000000", "0.10000000")


def test_a_contradiction_is_laid_over_a_frozen_account(world):
    frozen, _ = begin(world, FrozenAccount, FrozenAccountParams())
    begin(world, ContradictingBalances, ContradictingBalancesParams(share=0.1, assets=("BTC",)))
    world.post(SELL)
    assert (shown(world, "BTC"), shown(world, "ETH")) == (
        ("110.00000000", "0.00000000"),
        ("1000.00000000", "0.00000000"),
    )
    frozen.end(901)
    assert shown(world, "BTC") == ("109.89000000", "0.10000000")


# Doors


def test_throttling_refuses_what_the_own_limits_allow_and_lifts_its_bans_at_the_end(new_world):
    world = new_world(limits=RateLimits(weight_per_minute=1_000, patience=3))
    fault, effects = begin(world, Throttling, ThrottlingParams(share=0.95))
    statuses = [world.call("GET", "/api/v3/account", "K-trade").status for _ in range(7)]
    assert statuses == [200, 200, 429, 429, 429, 418, 418]
    assert effects == ["a request was refused beyond a weight of 50"]
    fault.end(901)
    assert world.call("GET", "/api/v3/account", "K-trade").status == 200


def test_throttled_orders_are_refused_and_journalled(new_world):
    world = new_world(limits=RateLimits(orders_per_ten_seconds=10))
    fault, effects = begin(world, Throttling, ThrottlingParams(share=0.8))
    assert [code(world, "POST", SELL) for _ in range(3)] == [0, 0, -1015]
    assert effects == ["an order was refused that the venue's own limits allow"]
    assert [body[4:] for body in world.audit.of("order") if body[9] == "rejected"] == [
        ("sell", "limit", "GTC", 2_450_100, 10_000, "rejected", TOO_MANY)
    ]
    fault.end(901)
    assert code(world, "POST", SELL) == 0


def test_two_throttles_multiply_and_leave_one_by_one(new_world):
    world = new_world(limits=RateLimits(weight_per_minute=1_000))
    one, _ = begin(world, Throttling, ThrottlingParams(share=0.5))
    other, _ = begin(world, Throttling, ThrottlingParams(share=0.8))
    assert world.api.limiter.limits.weight_per_minute == 100
    one.end(901)
    assert world.api.limiter.limits.weight_per_minute == 200
    other.end(901)
    assert world.api.limiter.limits == RateLimits(weight_per_minute=1_000)


def test_a_disconnect_closes_streams_every_so_often_and_requests_go_on(world):
    market, account = world.connect("/ws/btcusdt@bookTicker"), world.user_data()
    fault, effects = begin(world, Disconnect, DisconnectParams(every_ns=20 * SECOND))
    assert (market.closed, account.closed) == (["1001 Going away"], ["1001 Going away"])
    assert effects == ["the venue closed its market streams"]
    assert world.call("GET", "/api/v3/ping").status == 200
    again = world.connect("/ws/btcusdt@bookTicker")
    world.clock.run(21 * SECOND)
    assert again.closed == ["1001 Going away"]
    fault.end(901)
    last = world.connect("/ws/btcusdt@bookTicker")
    world.clock.run(60 * SECOND)
    assert last.closed == []


def test_a_disconnect_of_account_streams_leaves_the_market_streams(world):
    market, account = world.connect("/ws/btcusdt@bookTicker"), world.user_data()
    begin(world, Disconnect, DisconnectParams(streams="account"))
    assert (market.closed, account.closed) == ([], ["1001 Going away"])


# What is not there, and what is left


@pytest.mark.parametrize(
    ("fault_type", "params", "told"),
    [
        (OrderReject, OrderRejectParams(share=1.0, pairs=("BTC/USD",)), "apex lists BTC/USDT, ETH/BTC, not BTC/USD"),
        (EventGap, EventGapParams(accounts=("makr",)), "apex has the accounts master, momentum, maker, not makr"),
        (
            ContradictingBalances,
            ContradictingBalancesParams(share=0.1, assets=("SOL",)),
            "apex trades BTC, ETH, USDT, not SOL",
        ),
    ],
)
def test_what_is_not_there_is_refused(world, fault_type, params, told):
    with pytest.raises(ValueError, match=told):
        begin(world, fault_type, params)


def test_a_run_under_faults_that_have_ended_is_a_run_without_them(new_world):
    def story(harmed: bool) -> list[bytes]:
        world = new_world(street=True)
        world.exchange.requote(0, 24_500.0)
        client = world.user_data()
        market = world.connect("/ws/btcusdt@depth@100ms/btcusdt@trade")
        if harmed:
            faults = [
                begin(world, fault_type, params)[0]
                for fault_type, params in (
                    (OrderReject, OrderRejectParams(share=1.0)),
                    (CancelReject, CancelRejectParams(share=1.0)),
                    (PartialFills, PartialFillsParams(share=1.0)),
                    (SpreadWidening, SpreadWideningParams(factor=9.0)),
                    (LiquidityWithdrawal, LiquidityWithdrawalParams(share=0.9)),
                    (PhantomFill, PhantomFillParams(per_hour=60)),
                    (LostFill, LostFillParams(share=1.0)),
                    (DuplicateFill, DuplicateFillParams(share=1.0)),
                    (EventGap, EventGapParams()),
                    (FrozenAccount, FrozenAccountParams()),
                    (ContradictingBalances, ContradictingBalancesParams(share=0.2)),
                    (Throttling, ThrottlingParams(share=1.0)),
                    (Disconnect, DisconnectParams(every_ns=SECOND)),
                )
            ]
            for fault in faults:
                fault.end(901)
                fault.end(902)
            client, market = world.user_data(), world.connect("/ws/btcusdt@depth@100ms/btcusdt@trade")
        world.clock.run_until(START_NS + MINUTE)
        market.frames.clear()
        bodies = []
        for method, target in (
            ("POST", SELL),
            ("POST", BUY_NOW),
            ("DELETE", f"{ORDER}&orderId=1"),
            ("GET", "/api/v3/account?"),
            ("GET", "/api/v3/myTrades?symbol=BTCUSDT"),
            ("GET", "/api/v3/depth?symbol=BTCUSDT"),
        ):
            bodies.append(world.call(method, target, "K-trade").body.split(b'"lastUpdateId"')[0])
        world.clock.run(SECOND)
        return [*bodies, *client.frames, *(frame for frame in market.frames if b'"e":"trade"' in frame)]

    assert story(harmed=True) == story(harmed=False)
