"""The link on the real exchange: what counts as profit, from whom it is taken, and that nothing is made or lost."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.custodian.config import HOUR_NS
from simulators.custodian.exchange_link import ExchangeLink
from simulators.exchange.config import ExchangeConfig, StreetConfig
from simulators.exchange.core import Exchange
from simulators.exchange.types import Listing, OrderType, Rejected, Side, TimeInForce
from simulators.ledger import UNITS, Overdraft

LISTINGS = (
    Listing("BTC/USD", "BTC", "USD", "0.01", "0.00001", "5", 1.0, 2.0),
    Listing("ETH/USDT", "ETH", "USDT", "0.01", "0.0001", "5", 1.0, 2.0),
    Listing("USDT/USD", "USDT", "USD", "0.0001", "0.01", "5", 1.0, 2.0),
)
STREET = {listing.symbol: StreetConfig(half_spread_bp=1.0, top_notional=200_000.0) for listing in LISTINGS}
BTC, ETH, USDT = range(3)


class Venue:
    """An exchange called apex that quotes BTC at 20 000 USD, ETH at 1 500 USDT and USDT at 1 USD."""

    def __init__(self, world: Any, quoted: bool = True) -> None:
        self.exchange = Exchange(ExchangeConfig("apex", LISTINGS, STREET), world.kernel, world.audit)
        self.exchange.open_account("master", "firm", {"USD": "10000", "BTC": "2"})
        self.exchange.open_account("desk", "firm", {"USD": "50000", "USDT": "40000", "XAU": "3"})
        self.link = ExchangeLink(self.exchange, "keystone", ("desk", "master"))
        if quoted:
            self.quote()

    def quote(self, btc: float = 20_000.0, eth: float = 1_500.0, usdt: float = 1.0) -> None:
        for index, price in ((BTC, btc), (ETH, eth), (USDT, usdt)):
            self.exchange.requote(index, price)

    def total(self, asset: str) -> int:
        return self.exchange.ledger.total(asset)

    def free(self, account: str, asset: str = "USD") -> float:
        return self.exchange.balance(account, asset)[0] / UNITS


@pytest.fixture
def venue(make_world: Any) -> Venue:
    venue = Venue(make_world())
    assert venue.link.open_session()
    return venue


def test_a_price_that_rises_is_profit_and_is_debited_in_the_stated_order(venue: Venue) -> None:
    assert venue.link.session_profit() == 0
    venue.quote(btc=24_000.0)
    assert venue.link.session_profit() == 8_000 * UNITS
    assert venue.link.book_settlement(8_000 * UNITS, 0) == 8_000 * UNITS
    assert (venue.free("desk"), venue.free("master"), venue.free("settling")) == (42_000, 10_000, 8_000)
    assert venue.link.session_profit() == 0
    venue.quote(btc=23_000.0)
    assert venue.link.session_profit() == -2_000 * UNITS


def test_assets_without_a_dollar_market_are_valued_through_the_stablecoin(venue: Venue) -> None:
    venue.exchange.place("desk", ETH, Side.BUY, OrderType.MARKET, TimeInForce.IOC, 0, 100_000)  # 10 ETH
    cost = venue.link.session_profit()
    assert -20 * UNITS < cost < -1 * UNITS  # the half spread, the fee, and the way up the ladder
    held = venue.free("desk", "ETH")
    venue.quote(eth=1_600.0)
    assert (venue.link.session_profit() - cost) / UNITS == pytest.approx(held * 100, abs=0.2)
    venue.quote(eth=1_600.0, usdt=0.9)
    in_usdt = venue.free("desk", "USDT") + held * 1_600
    assert venue.link.session_profit() / UNITS == pytest.approx(cost / UNITS + held * 100 - in_usdt * 0.1, abs=0.2)


def test_a_profit_beyond_what_is_free_is_booked_in_part_and_carried(venue: Venue) -> None:
    venue.quote(btc=60_000.0)
    profit = venue.link.session_profit()
    assert profit == 80_000 * UNITS
    assert venue.link.book_settlement(profit, 0) == 60_000 * UNITS
    assert (venue.free("desk"), venue.free("master")) == (0, 0)
    assert venue.link.session_profit() == 20_000 * UNITS


def test_money_promised_to_open_orders_is_not_taken(venue: Venue) -> None:
    venue.exchange.place("desk", BTC, Side.BUY, OrderType.LIMIT, TimeInForce.GTC, 1_900_000, 200_000)  # 2 at 19 000
    venue.quote(btc=60_000.0)
    assert venue.link.book_settlement(80_000 * UNITS, 0) == 22_000 * UNITS


def test_a_loss_is_credited_to_the_first_account(venue: Venue) -> None:
    venue.quote(btc=19_000.0)
    assert venue.link.book_settlement(-2_000 * UNITS, 0) == -2_000 * UNITS
    assert (venue.free("desk"), venue.free("settling")) == (52_000, -2_000)
    venue.link.complete_settlement(-2_000 * UNITS, 0)
    assert (venue.free("settling"), venue.free("keystone")) == (0, -2_000)
    assert venue.link.session_profit() == 0


def test_what_flows_in_and_out_is_no_profit_but_what_it_earns_here_is(venue: Venue) -> None:
    venue.link.receive("BTC", 3 * UNITS, 0)
    assert venue.link.session_profit() == 0
    venue.quote(btc=21_000.0)
    assert venue.link.session_profit() == 5_000 * UNITS
    venue.link.send("USD", 7_000 * UNITS, 0)
    venue.exchange.transfer("USD", "master", "external", 1_000 * UNITS, "withdrawal", 0)
    venue.exchange.transfer("USD", "desk", "master", 500 * UNITS, "transfer", 0)
    assert venue.link.session_profit() == 5_000 * UNITS
    venue.quote(btc=20_000.0)
    assert venue.link.session_profit() == 0


def test_a_transfer_that_is_not_covered_changes_nothing(venue: Venue) -> None:
    with pytest.raises(Overdraft):
        venue.link.send("BTC", UNITS, 0)  # the first account holds none
    assert venue.link.session_profit() == 0
    assert venue.free("keystone", "BTC") == 0


def test_no_session_opens_before_everything_that_has_a_market_has_a_price(make_world: Any) -> None:
    venue = Venue(make_world(), quoted=False)
    assert not venue.link.open_session()
    assert venue.link.session_profit() == 0
    assert venue.link.book_settlement(UNITS, 0) == 0
    venue.exchange.requote(BTC, 20_000.0)
    assert not venue.link.open_session()
    venue.exchange.requote(USDT, 1.0)
    assert venue.link.open_session()  # ETH has no price yet, but the firm has no ETH either
    assert venue.link.session_profit() == 0


def test_an_empty_side_leaves_the_last_mid_in_force(venue: Venue) -> None:
    venue.quote(btc=24_000.0)
    assert venue.link.session_profit() == 8_000 * UNITS
    venue.exchange.adjust_street(BTC, 1.0, 0.0)
    assert venue.exchange.top(BTC)[1] == 0
    assert venue.link.session_profit() == 8_000 * UNITS


def test_balances_are_those_of_all_the_firms_accounts_together(venue: Venue) -> None:
    venue.exchange.place("desk", BTC, Side.BUY, OrderType.LIMIT, TimeInForce.GTC, 1_900_000, 100_000)
    assert [entry for entry in venue.link.balances() if entry[1] or entry[2]] == [
        ("BTC", 2 * UNITS, 0),
        ("USD", 41_000 * UNITS, 19_000 * UNITS),
        ("USDT", 40_000 * UNITS, 0),
        ("XAU", 3 * UNITS, 0),
    ]


def test_a_link_needs_accounts_that_exist(make_world: Any) -> None:
    venue = Venue(make_world())
    with pytest.raises(ValueError, match="no account of the firm at apex"):
        ExchangeLink(venue.exchange, "other", ())
    with pytest.raises(KeyError):
        ExchangeLink(venue.exchange, "other", ("nobody",))


prices = st.tuples(st.just("price"), st.sampled_from([BTC, ETH, USDT]), st.floats(0.9, 1.1))
orders = st.tuples(st.just("order"), st.sampled_from([BTC, USDT]), st.sampled_from(list(Side)), st.integers(1, 4_000))
flows = st.tuples(st.just("flow"), st.sampled_from(["USD", "BTC"]), st.integers(1, 3), st.booleans())
waits = st.tuples(st.just("wait"), st.integers(1, 12))


@settings(max_examples=200, deadline=None)
@given(taken=st.lists(st.one_of(prices, orders, flows, waits, waits), min_size=5, max_size=30))
def test_custodian_and_exchange_together_conserve_value_over_random_sessions(make_world: Any, taken: list[Any]) -> None:
    world = make_world()
    venue = Venue(world)
    custodian = world.custodian
    custodian.connect_exchange("summit", venue.link)
    world.start()
    flowed = 0  # USD from custody to the exchange, by hand
    for action in taken:
        match action:
            case ("price", index, factor):
                venue.exchange.requote(index, (20_000.0, 1_500.0, 1.0)[index] * factor)
            case ("order", index, side, lots):
                with contextlib.suppress(Rejected):
                    venue.exchange.place("desk", index, side, OrderType.MARKET, TimeInForce.IOC, 0, lots)
            case ("flow", asset, amount, inwards):
                with contextlib.suppress(Overdraft):
                    (venue.link.receive if inwards else venue.link.send)(asset, amount * UNITS, 0)
                    flowed += amount * UNITS * (1 if inwards else -1) if asset == "USD" else 0
            case ("wait", hours):
                world.kernel.run_until(world.kernel.now_ns + hours * HOUR_NS)
        check(world, venue, flowed)
    world.kernel.run_until(world.kernel.now_ns + 72 * HOUR_NS)
    check(world, venue, flowed)


def check(world: Any, venue: Venue, flowed: int) -> None:
    custody = world.custodian.ledger
    for asset in ("USD", "BTC", "ETH", "USDT"):
        assert venue.total(asset) == 0
        assert custody.total(asset) == 0
    in_transit = sum(transaction.outstanding for transaction in world.custodian.transactions.open())
    assert venue.exchange.balance("settling", "USD")[0] == in_transit
    assert custody.balance("summit", "USD")[0] + venue.exchange.balance("keystone", "USD")[0] == -flowed
