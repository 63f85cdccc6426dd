"""Margin, mark price, funding and liquidation, with the numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulators.exchange.config import StreetConfig
from simulators.exchange.perpetual.funding import funding_rate, impact_ticks, premium_index
from simulators.exchange.perpetual.position import Position
from simulators.exchange.perpetual.terms import PerpetualTerms
from simulators.exchange.types import Rejected, Side

USDT = 10**8
DEEP = StreetConfig(half_spread_bp=0.0, top_notional=1e9, levels=1)  # bids at its price, asks a tick (0.1) above
NO_FUNDING = PerpetualTerms(interest=0.0, funding_band=0.0, funding_cap=0.0, liquidation_fee=0.0)


def test_a_position_realises_against_its_average_cost() -> None:
    position = Position()
    bought = position.trade(2, 200), position.trade(1, 130)
    sold = position.trade(-1, -150)
    assert (bought, sold) == ((0, 0), 40)
    assert (position.lots, position.cost) == (2, 220)


def test_a_position_that_turns_realises_the_old_side_and_opens_the_new_one() -> None:
    position = Position()
    position.trade(-2, -200)
    assert position.trade(5, 450) == 20  # two closed at 90 that were sold at 100
    assert (position.lots, position.cost) == (3, 270)


def test_profit_moves_the_wallet_and_fees_are_charged_on_the_value(new_pit: Callable[..., Any]) -> None:
    pit = new_pit(street=DEEP)
    pit.market("ada", Side.SELL, 1_000)  # 1 BTC at 20,000: 4 bp are 8 USDT
    pit.move(19_899.9)
    pit.market("ada", Side.BUY, 1_000)  # at 19,900: 7.96 USDT
    assert pit.wallet("ada") == 10_100 * USDT - 8 * USDT - 796 * USDT // 100
    assert pit.position("ada") == (0, 0)
    assert [(body[4], body[1], body[2], body[3]) for body in pit.records.of("posting")][3:] == [
        ("fee", "ada", "fees", 8 * USDT),
        ("profit", "clearing", "ada", 100 * USDT),
        ("fee", "ada", "fees", 796 * USDT // 100),
    ]
    assert pit.records.of("position") == [
        ("ada", "BTC/USDT:USDT", -1_000, 200_000.0, 0, "fill"),
        ("ada", "BTC/USDT:USDT", 0, 0.0, 100 * USDT, "fill"),
    ]


def test_margin_bounds_the_position_and_closing_needs_none(new_pit: Callable[..., Any]) -> None:
    pit = new_pit(street=DEEP, fees=False)
    with pytest.raises(Rejected, match=r"Margin is insufficient\."):
        pit.market("ada", Side.SELL, 10_001)  # 10,000 USDT × 20 = 200,000 = 10 BTC
    pit.market("ada", Side.SELL, 9_999)
    with pytest.raises(Rejected, match=r"Margin is insufficient\."):
        pit.limit("ada", Side.SELL, 21_000, 2)
    pit.market("ada", Side.BUY, 9_999)
    assert pit.records.of("order")[0][-2:] == ("rejected", "Margin is insufficient.")


def test_open_orders_bind_margin_on_the_worse_side_only(new_pit: Callable[..., Any]) -> None:
    pit = new_pit(street=DEEP, fees=False)
    pit.limit("ada", Side.BUY, 19_000, 6_000)
    pit.limit("ada", Side.SELL, 21_000, 6_000)
    assert pit.house.initial_margin("ada", 0) == pytest.approx(6_000 * USDT, rel=1e-5)
    assert pit.house.available("ada", "USDT") == pytest.approx(4_000 * USDT, rel=1e-5)


def test_a_reduce_only_order_is_cut_to_the_position_and_never_opens_one(new_pit: Callable[..., Any]) -> None:
    pit = new_pit(street=DEEP, fees=False)
    with pytest.raises(Rejected, match="ReduceOnly"):
        pit.market("ada", Side.SELL, 5, reduce_only=True)
    pit.market("ada", Side.BUY, 100)
    pit.market("ada", Side.SELL, 500, reduce_only=True)
    assert pit.position("ada") == (0, 0)


def test_leverage_cannot_be_lowered_under_a_position(new_pit: Callable[..., Any]) -> None:
    pit = new_pit(street=DEEP, fees=False)
    pit.market("ada", Side.BUY, 4_999)  # just under 100,000 USDT
    with pytest.raises(Rejected, match="maximum allowable position"):
        pit.house.set_leverage("ada", 0, 9)
    pit.house.set_leverage("ada", 0, 10)
    with pytest.raises(Rejected, match="not valid"):
        pit.house.set_leverage("ada", 0, 126)


def test_the_funding_formula_of_binance() -> None:
    terms = PerpetualTerms()
    assert [round(funding_rate(terms, premium), 7) for premium in (0.0, 0.0006, -0.0004, 0.001, -0.001, 0.9)] == [
        0.0001,  # within the band the rate is the interest
        0.0001,
        0.0001,
        0.0005,
        -0.0005,
        0.003,  # capped
    ]
    assert premium_index(20_010.0, 20_020.0, 20_000.0) == pytest.approx(0.0005)
    assert premium_index(19_980.0, 19_990.0, 20_000.0) == pytest.approx(-0.0005)
    assert premium_index(19_990.0, 20_010.0, 20_000.0) == 0.0


def test_an_impact_price_is_the_average_of_what_a_standard_value_meets() -> None:
    assert impact_ticks([(100, 10), (110, 100)], 2_100.0) == pytest.approx(2_100 / 20)  # 1,000 at 100, 1,100 at 110
    assert impact_ticks([(100, 10)], 2_100.0) == 0.0


def test_longs_pay_shorts_what_the_rate_says(new_pit: Callable[..., Any]) -> None:
    pit = new_pit(street=None, fees=False)
    pit.limit("ada", Side.SELL, 20_000, 1_000)
    pit.market("bob", Side.BUY, 1_000)
    pit.house.contracts[0].next_funding_ns = pit.clock.now_ns + 2 * 10**9
    pit.wait(3)
    paid = 2 * USDT  # 1 BTC × 20,000 × 0.01 %
    assert (pit.wallet("bob"), pit.wallet("ada")) == (10_000 * USDT - paid, 10_000 * USDT + paid)
    assert [body[:1] + body[4:] for body in pit.records.of("position")[-2:]] == [
        ("ada", paid, "funding"),
        ("bob", -paid, "funding"),
    ]
    assert pit.house.contracts[0].settled[-1].rate == pytest.approx(0.0001)


def test_the_mark_price_follows_the_index_at_once_and_the_book_in_half_a_minute(new_pit: Callable[..., Any]) -> None:
    pit = new_pit(street=DEEP)
    pit.exchange.requote(0, 20_200.0)  # 1 % above the index
    pit.wait(1)
    after_one = pit.house.contracts[0].mark_ticks
    pit.wait(300)
    assert after_one == pytest.approx(200_000 * (1 + 0.01 / 30), rel=1e-5)
    assert pit.house.contracts[0].mark_ticks == pytest.approx(202_000, rel=1e-5)


def _short_ten(pit: Any) -> None:
    """10 BTC sold by ada at 20,000 with 10,000 USDT in the wallet."""
    pit.house.set_leverage("ada", 0, 50)
    pit.market("ada", Side.SELL, 10_000)


def test_liquidation_buys_from_the_book_and_what_is_left_stays_with_the_client(new_pit: Callable[..., Any]) -> None:
    pit = new_pit(street=DEEP, terms=NO_FUNDING, fees=False)
    _short_ten(pit)
    pit.move(20_910.0)  # margin balance 900, maintenance 836: stands
    pit.wait(1)
    assert pit.position("ada")[0] == -10_000
    pit.move(20_929.9)  # margin balance 700, maintenance 837
    pit.wait(1)
    assert pit.position("ada") == (0, 0)
    assert pit.wallet("ada") == 700 * USDT  # bought at 20,930
    assert pit.records.of("venue")[0][0] == "liquidation"


def test_a_liquidation_pays_its_fee_to_the_insurance_fund(new_pit: Callable[..., Any]) -> None:
    terms = PerpetualTerms(interest=0.0, funding_band=0.0, liquidation_fee=0.001)
    pit = new_pit(street=DEEP, terms=terms, fees=False)
    _short_ten(pit)
    pit.move(20_929.9)
    pit.wait(1)
    assert pit.wallet("insurance") == 2_093 * USDT // 10
    assert pit.wallet("ada") == 700 * USDT - 2_093 * USDT // 10


def test_what_nobody_takes_goes_to_the_insurance_fund_at_the_bankruptcy_price(new_pit: Callable[..., Any]) -> None:
    pit = new_pit(street=None, terms=NO_FUNDING, fees=False)
    pit.house.set_leverage("ada", 0, 50)
    pit.limit("bob", Side.SELL, 20_000, 5_000)
    pit.limit("cyd", Side.SELL, 20_000, 5_000)
    pit.market("ada", Side.BUY, 10_000)
    pit.index = 19_070.0  # no bid at all
    pit.wait(1)
    assert (pit.position("ada"), pit.wallet("ada")) == ((0, 0), 0)
    fund = pit.house.insurance.positions[0]
    assert (fund.lots, fund.cost) == (10_000, 190_000 * USDT)  # 20,000 − 10,000 ÷ 10 = 19,000
    assert pit.wallet("clearing") == 10_000 * USDT
    ledger = pit.exchange.ledger
    assert {asset: ledger.total(asset) for asset in ledger.assets()} == dict.fromkeys(ledger.assets(), 0)
    assert sum(pit.exchange.balance("insurance", "BTC/USDT:USDT cost")) == -190_000 * USDT
    assert [body for body in pit.records.of("position") if body[-1] == "liquidation"] == [
        ("ada", "BTC/USDT:USDT", 0, 0.0, -10_000 * USDT, "liquidation"),
        ("insurance", "BTC/USDT:USDT", 10_000, 190_000.0, 0, "liquidation"),
    ]


def test_a_loss_beyond_the_wallet_is_the_insurance_funds(new_pit: Callable[..., Any]) -> None:
    pit = new_pit(street=DEEP, terms=NO_FUNDING, fees=False)
    _short_ten(pit)
    pit.move(21_999.9)
    pit.market("ada", Side.BUY, 10_000)  # at 22,000, before the next mark: 20,000 lost, 10,000 there
    assert pit.wallet("ada") == 0
    assert pit.wallet("insurance") == -10_000 * USDT
    assert pit.wallet("clearing") == 20_000 * USDT
