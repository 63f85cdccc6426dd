"""A trading floor: the real exchange on the real kernel, with everything it records and reports kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.laboratory.kernel import Kernel
from simulators.exchange.config import ExchangeConfig, StreetConfig
from simulators.exchange.core import Exchange
from simulators.exchange.order import Order, Trade
from simulators.exchange.types import Listing, OrderType, Side, TimeInForce
from simulators.ledger import UNITS

START_NS = 1_676_851_200_000_000_000
SECOND = 1_000_000_000

BTC_USDT = Listing("BTC/USDT", "BTC", "USDT", "0.01", "0.00001", "5", maker_fee_bp=7.5, taker_fee_bp=10)
ETH_BTC = Listing("ETH/BTC", "ETH", "BTC", "0.00001", "0.001", "0.0001", maker_fee_bp=7.5, taker_fee_bp=10)
# Rank k of either side stands 1 bp + k bp out: at a reference of 20,000.00 the asks are at 20,002, 20,004, 20,006.
# They offer 1, 2 and 4 BTC (100,000, 200,000 and 400,000 lots), a tenth of which grows back each second.
STREET = StreetConfig(
    half_spread_bp=1.0, top_notional=20_000.0, levels=3, growth=2.0, step_bp=1.0, recovery_per_second=0.1
)
BTC = 100_000
"""Lots in one BTC."""


class Records:
    """The audit plane, kept in memory."""

    def __init__(self) -> None:
        self.all: list[tuple[Any, ...]] = []

    def record(self, kind: str, source: str, cause: int, *body: Any) -> int:
        self.all.append((kind, source, cause, *body))
        return len(self.all)

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        """The bodies of the records of one kind."""
        return [record[3:] for record in self.all if record[0] == kind]


class Reports:
    """An observer that writes down what it is told."""

    def __init__(self) -> None:
        self.all: list[tuple[Any, ...]] = []

    def on_top(self, index: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int, cause: int) -> None:
        self.all.append(("top", index, bid_ticks, bid_lots, ask_ticks, ask_lots, cause))

    def on_order(self, order: Order, execution: str, assets: tuple[str, ...], cause: int) -> None:
        self.all.append(("order", order.account, order.order_id, execution, assets, cause))

    def on_fill(self, trade: Trade, taker: Order | None, maker: Order | None, cause: int) -> None:
        orders = tuple(order and order.order_id for order in (taker, maker))
        self.all.append(("fill", trade.trade_id, *orders, cause))

    def on_balance(self, account: str, assets: tuple[str, ...], cause: int) -> None:
        self.all.append(("balance", account, assets, cause))


class Floor:
    """An exchange and short ways to trade on its first listing."""

    def __init__(self, street: StreetConfig | None = STREET, reference: float = 20_000.0) -> None:
        self.clock = Kernel(START_NS)
        self.records = Records()
        self.reports = Reports()
        streets = {} if street is None else {"BTC/USDT": street}
        config = ExchangeConfig("apex", (BTC_USDT, ETH_BTC), streets, max_open_orders=20, history=50)
        self.exchange = Exchange(config, self.clock, self.records)
        self.exchange.observer = self.reports
        for name in ("ada", "bob", "cyd"):
            self.exchange.open_account(name, "firm", {"BTC": "100", "USDT": "2000000", "ETH": "1000"})
        if street is not None:
            self.exchange.requote(0, reference)

    def wait(self, seconds: float) -> None:
        self.clock.run_until(self.clock.now_ns + round(seconds * SECOND))

    def limit(
        self,
        account: str,
        side: Side,
        price_ticks: int,
        lots: int,
        time_in_force: TimeInForce = TimeInForce.GTC,
        name: str = "",
    ) -> Order:
        return self.exchange.place(
            account, 0, side, OrderType.LIMIT, time_in_force, price_ticks, lots, client_order_id=name
        )

    def market(self, account: str, side: Side, lots: int = 0, quote: int = 0) -> Order:
        return self.exchange.place(
            account, 0, side, OrderType.MARKET, TimeInForce.GTC, 0, lots, quote_quantity=quote * UNITS
        )

    def fills(self) -> list[tuple[int, int, str, str]]:
        """``(price_ticks, lots, taker, maker)`` of every fill so far."""
        return [(body[2], body[3], body[5], body[7]) for body in self.records.of("fill")]


@pytest.fixture
def floor() -> Floor:
    """A floor with a street around 20,000.00."""
    return Floor()


@pytest.fixture
def bare_floor() -> Floor:
    """A floor with clients only."""
    return Floor(street=None)


@pytest.fixture(scope="session")  # a factory, which has no state that examples of a property could share
def new_floor() -> Callable[..., Floor]:
    return Floor
