"""A pit: contracts on the real matching engine and kernel, an index that a test sets, and everything recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.laboratory.kernel import Kernel
from simulators.exchange.config import ExchangeConfig, StreetConfig
from simulators.exchange.core import Exchange
from simulators.exchange.order import Order
from simulators.exchange.perpetual.clearing import ClearingHouse
from simulators.exchange.perpetual.terms import PerpetualTerms
from simulators.exchange.types import Listing, OrderType, Side, TimeInForce

START_NS = 1_676_851_200_000_000_000  # 2023-02-20 00:00 UTC
SECOND = 1_000_000_000
SYMBOL = "BTC/USDT:USDT"
LISTING = Listing(SYMBOL, "BTC", "USDT", "0.1", "0.001", "5", maker_fee_bp=2, taker_fee_bp=4)
STREET = StreetConfig(half_spread_bp=1.0, top_notional=20_000.0, levels=3, growth=2.0, step_bp=1.0)
USDT = 10**8


class Records:
    def __init__(self) -> None:
        self.all: list[tuple[Any, ...]] = []

    def record(self, kind: str, source: str, cause: int, *body: Any) -> int:
        self.all.append((kind, source, cause, *body))
        return len(self.all)

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [record[3:] for record in self.all if record[0] == kind]


class Pit:
    """An exchange of one contract with a clearing house; ``fees`` False: trades are free, to make sums by hand easy."""

    def __init__(self, street: StreetConfig | None = STREET, terms: PerpetualTerms | None = None, fees: bool = True):
        self.clock = Kernel(START_NS)
        self.records = Records()
        self.index = 20_000.0
        listing = LISTING if fees else Listing(SYMBOL, "BTC", "USDT", "0.1", "0.001", "5", 0, 0)
        streets = {} if street is None else {SYMBOL: street}
        self.exchange = Exchange(ExchangeConfig("apexf", (listing,), streets), self.clock, self.records)
        self.house = ClearingHouse(
            self.exchange, {SYMBOL: terms or PerpetualTerms()}, self.clock, self.records, lambda _: self.index
        )
        for name in ("ada", "bob", "cyd"):
            self.house.open_account(name, {"USDT": "10000"}, leverage=20)
        if street is not None:
            self.exchange.requote(0, self.index)
        self.house.start()

    def wait(self, seconds: float) -> None:
        self.clock.run_until(self.clock.now_ns + round(seconds * SECOND))

    def move(self, price: float) -> None:
        """Index and street go to a price; the mark price follows when its half minute is over."""
        self.index = price
        self.exchange.requote(0, price)

    def market(self, account: str, side: Side, lots: int, reduce_only: bool = False) -> Order:
        return self.house.place(account, 0, side, OrderType.MARKET, TimeInForce.IOC, 0, lots, reduce_only=reduce_only)

    def limit(self, account: str, side: Side, price: float, lots: int) -> Order:
        return self.house.place(account, 0, side, OrderType.LIMIT, TimeInForce.GTC, round(price * 10), lots)

    def wallet(self, account: str) -> int:
        free, held = self.exchange.balance(account, "USDT")
        return free + held

    def position(self, account: str) -> tuple[int, int]:
        position = self.house.account(account).positions[0]
        return position.lots, position.cost


@pytest.fixture
def pit() -> Pit:
    return Pit()


@pytest.fixture(scope="session")
def new_pit() -> Callable[..., Pit]:
    return Pit
