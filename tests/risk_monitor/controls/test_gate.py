"""The pre-trade gate: what it lets through, what it cuts, what it blocks, and why."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

GATE = """
gate:
  price_collar: 200 bp
  order_value: {scale_above: 30k USD, block_above: 100k USD}
  headroom: high
  messages: {most: 5 times, within: 1 min}
  repeats: {most: 3 times, within: 10 s}
  whitelist: true
"""


def test_an_ordinary_order_passes_as_it_was(floor: Any) -> None:
    at = floor(GATE)
    decision = at.wants("maker", "BUY", "0.5", price="20010")
    assert (decision.verdict, decision.quantity, decision.reason) == ("allow", Decimal("0.5"), "")
    assert at.gateway.is_gated is True
    assert at.deeds() == []


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"symbol": "ETHBTC", "quantity": "1"}, "ETH/BTC is not on the whitelist"),
        ({"symbol": "DOGEUSD", "quantity": "1"}, "DOGEUSD at apex is not watched"),
        ({"price": "20500"}, "price is 250 bp from the middle of the book, 200 allowed"),
        ({"price": "19500"}, "price is 250 bp from the middle of the book, 200 allowed"),
        ({"quantity": "5.1"}, "order value 102,000 USD is above 100,000"),
        ({"quantity": "0"}, "not an order: a quantity to BUY or SELL expected"),
        ({"quantity": "NaN"}, "not an order: a quantity to BUY or SELL expected"),
        ({"price": "Infinity"}, "not an order: a quantity to BUY or SELL expected"),
        ({"quantity": "1E+400"}, "not an order: a quantity to BUY or SELL expected"),
        ({"side": "HOLD"}, "not an order: a quantity to BUY or SELL expected"),
    ],
)
def test_an_order_that_may_not_be_is_blocked_with_its_reason(floor: Any, order: dict[str, str], reason: str) -> None:
    at = floor(GATE)
    decision = at.wants("maker", **{"side": "BUY", "quantity": "0.5", **order})
    assert (decision.verdict, decision.quantity, decision.reason) == ("block", 0, reason)
    assert [(action.control, action.subject, action.trigger) for action in at.actions] == [
        ("gate", "maker", f"blocked: {reason}")
    ]


def test_an_order_too_large_is_scaled_down_to_whole_decimals_of_its_own(floor: Any) -> None:
    decision = floor(GATE).wants("maker", "BUY", "1.99")
    assert (decision.verdict, decision.quantity) == ("scale_down", Decimal("1.50"))
    assert decision.reason == "order value 39,800 USD is scaled to 30,000"


def test_what_is_too_coarse_to_be_scaled_is_blocked(floor: Any) -> None:
    at = floor("gate: {order_value: {scale_above: 10k USD}}")
    assert at.wants("maker", "BUY", "2").verdict == "block"


def test_a_fresh_quote_elsewhere_stands_in_for_a_stale_one(floor: Any) -> None:
    at = floor(GATE)
    for quote in at.quotes:
        if quote.venue == "apex":
            quote.is_fresh = False
    assert at.wants("maker", "BUY", "0.5", price="20010").verdict == "allow"
    for quote in at.quotes:
        quote.is_fresh = False
    decision = at.wants("maker", "BUY", "0.5", price="20010")
    assert (decision.verdict, decision.reason) == ("block", "no fresh price of BTC/USD to compare with")


def test_headroom_scales_an_order_to_the_bound_and_then_blocks(floor: Any) -> None:
    at = floor("gate: {headroom: high}")
    decision = at.wants("maker", "BUY", "6.0")
    assert (decision.verdict, decision.quantity) == ("scale_down", Decimal("5.0"))  # delta: 100k USD over 10 BTC
    decision = at.wants("maker", "BUY", "1.0")  # the first one is not in the books yet, but counts
    assert (decision.verdict, decision.reason) == ("block", "position_limit of BTC leaves room for 0")
    at.run(4)  # it did not fill
    assert at.wants("maker", "BUY", "1.0").verdict == "allow"
    at.holds("BTC", "16")
    assert at.wants("maker", "SELL", "2.0").verdict == "allow"  # it leads back


def test_headroom_counts_what_a_trade_pays_in(floor: Any) -> None:
    at = floor("gate: {headroom: high}")
    decision = at.wants("maker", "SELL", "1.00", symbol="BTCUSDT")
    assert (decision.verdict, decision.quantity) == ("scale_down", Decimal("0.50"))
    assert decision.reason.startswith("stablecoin_exposure of USDT leaves room for 0.5")


def test_headroom_of_the_firm_in_total_holds(floor: Any) -> None:
    at = floor("gate: {headroom: high}")
    at.holds("BTC", "15")
    at.holds("ETH", "60")
    decision = at.wants("maker", "BUY", "7.0", symbol="ETHUSD")  # 300k and 90k USD of 400k in all
    assert (decision.verdict, decision.quantity) == ("scale_down", Decimal("6.6"))
    assert decision.reason == "notional_limit in total leaves room for 6.6666667"


def test_nothing_passes_headroom_before_the_holdings_are_known(floor: Any) -> None:
    at = floor("gate: {headroom: high}")
    at.holdings.places_unknown = 1
    assert at.wants("maker", "BUY", "0.1").reason == "the firm's holdings are not known yet"


def test_messages_are_throttled_per_strategy(floor: Any) -> None:
    at = floor("gate: {messages: {most: 2 times, within: 10 s}}")
    verdicts = [at.wants(name, "BUY", "0.1").verdict for name in ("maker", "maker", "maker", "momentum")]
    assert verdicts == ["allow", "allow", "block", "allow"]
    at.run(10)
    assert at.wants("maker", "BUY", "0.1").verdict == "allow"


def test_the_same_order_again_and_again_is_blocked_and_another_one_is_not(floor: Any) -> None:
    at = floor("gate: {repeats: {most: 2 times, within: 10 s}}")
    verdicts = [at.wants("maker", "BUY", "0.1").verdict for _ in range(3)]
    assert verdicts == ["allow", "allow", "block"]
    assert at.wants("maker", "SELL", "0.1").verdict == "allow"
    assert at.wants("maker", "BUY", "0.1").verdict == "allow"


def test_orders_that_take_from_the_book_are_alike_at_any_price_and_those_that_rest_are_not(floor: Any) -> None:
    at = floor("gate: {repeats: {most: 2 times, within: 10 s}}")
    mid = at.quotes[0].mid
    taking = [at.wants("maker", "BUY", "0.1", price=f"{mid + ticks:.2f}").verdict for ticks in (1, 2, 3)]
    assert taking == ["allow", "allow", "block"]
    resting = [at.wants("maker", "BUY", "0.1", price=f"{mid - ticks:.2f}").verdict for ticks in (1, 2, 3)]
    assert resting == ["allow", "allow", "allow"]


def test_stopping_a_strategy_is_told_once_and_its_end_too(floor: Any) -> None:
    at = floor("gate: {price_collar: 100 bp}")
    for _ in range(50):
        at.wants("maker", "BUY", "0.1", price="30000")
    at.run(61)
    assert at.deeds() == [("gate", "taken", "maker"), ("gate", "ended", "maker")]


def test_without_a_control_that_decides_on_orders_the_gate_is_not_asked_for(floor: Any) -> None:
    at = floor("emergency_stop: {on: {drawdown: high}}")
    assert at.gateway.is_gated is None


ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["maker", "momentum"]),
        st.sampled_from(["BUY", "SELL"]),
        st.decimals("0.001", "8", places=3),
        st.sampled_from(["BTCUSD", "BTCUSDT", "ETHUSD", "ETHBTC", "USDTUSD"]),
        st.one_of(st.none(), st.decimals("0.5", "40000", places=2)),
        st.sampled_from([0.0, 0.5, 5.0]),
    ),
    max_size=40,
)


@given(ORDERS)
@settings(max_examples=150, deadline=None)
def test_the_gate_never_lets_through_what_it_must_block(floor: Any, orders: list[Any]) -> None:
    at = floor(GATE)
    mids = {"BTCUSD": 20_000, "BTCUSDT": 20_000, "ETHUSD": 1_500, "ETHBTC": 0.075, "USDTUSD": 1}
    held = {"BTC": 10.0, "ETH": 20.0, "USDT": 50_000.0, "USD": 100_000.0}
    sent: dict[str, list[int]] = {"maker": [], "momentum": []}
    for strategy, side, quantity, symbol, price, seconds in orders:
        at.run(seconds)
        decision = at.wants(strategy, side, str(quantity), symbol, None if price is None else str(price))
        if decision.verdict == "block":
            assert decision.quantity == 0
            assert decision.reason
            continue
        assert 0 < decision.quantity <= quantity
        assert (decision.verdict == "allow") == (decision.quantity == quantity)
        assert symbol != "ETHBTC"
        unit = mids[symbol] if price is None else float(price)
        assert abs(unit / mids[symbol] - 1) <= 0.02
        assert float(decision.quantity) * mids[symbol] <= 30_000 * (1 + 1e-9)
        assert len([at_ns for at_ns in sent[strategy] if at.now_ns - at_ns < 60e9]) < 5
        sent[strategy].append(at.now_ns)
        base, quote = next((symbol[: -len(end)], end) for end in ("USDT", "USD") if symbol.endswith(end))
        sign = 1 if side == "BUY" else -1
        before = dict(held)
        held[base] += sign * float(decision.quantity)
        held[quote] -= sign * float(decision.quantity) * unit
        for asset, bound in (("BTC", 15.0), ("USDT", 60_000.0)):  # every order fills, at once
            assert held[asset] <= max(bound, before[asset]) * (1 + 1e-9)
        for asset in (base, quote):
            at.holds(asset, f"{held[asset]:.12f}")
