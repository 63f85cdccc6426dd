"""A custodian on the real kernel, and exchanges reduced to their ledgers, whose profit a test decides."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from lab.laboratory.kernel import Kernel
from simulators.custodian.api import CustodianApi
from simulators.custodian.calendar import MINUTE_NS, parse_date
from simulators.custodian.config import HOUR_NS, CustodianConfig, ProcessingConfig, TransferConfig
from simulators.custodian.core import Custodian
from simulators.custodian.door import CustodyKey
from simulators.ledger import UNITS, Ledger
from simulators.log_normal import LogNormal
from simulators.ports import Reply, Request

SECOND_NS = 1_000_000_000
DAY_NS = 24 * HOUR_NS
START_NS = parse_date("2023-02-20") * DAY_NS + 7 * HOUR_NS  # a Monday, 07:00


class Records:
    """The audit plane, kept in memory."""

    def __init__(self, clock: Kernel) -> None:
        self.clock = clock
        self.all: list[tuple[Any, ...]] = []

    def record(self, kind: str, source: str, cause: int, *body: Any) -> int:
        self.all.append((kind, self.clock.now_ns, source, cause, *body))
        return len(self.all)

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [record for record in self.all if record[0] == kind]


class LedgerExchange:
    """An exchange of nothing but a ledger: ``profit`` is what the next cut-off finds."""

    def __init__(self, name: str, audit: Records, dollars: int, custodian: str = "keystone") -> None:
        self.ledger = Ledger(name, audit)
        self.ledger.open_account("firm", "firm", {"USD": dollars * UNITS, "BTC": 5 * UNITS})
        self.ledger.open_account("street", "street")
        self.ledger.open_account("settling", "transit")
        self.ledger.open_account(custodian, "transit")
        self.mirror = custodian
        self.profit = 0
        self.valued = True

    def trade(self, dollars: int) -> None:
        """Let the firm win from (or lose to) the street; what it cannot pay it does not lose."""
        amount = dollars * UNITS
        if amount > 0:
            self.ledger.move("USD", "street", "firm", amount, "correction")
        else:
            amount = -min(-amount, self.ledger.balance("firm", "USD")[0])
            if amount:
                self.ledger.move("USD", "firm", "street", -amount, "correction")
        self.profit += amount

    def open_session(self) -> bool:
        return self.valued

    def session_profit(self) -> int:
        return self.profit

    def book_settlement(self, amount: int, cause: int) -> int:
        if amount > 0:
            amount = min(amount, self.ledger.balance("firm", "USD")[0])
            if amount:
                self.ledger.move("USD", "firm", "settling", amount, "settlement", cause)
        else:
            self.ledger.move("USD", "settling", "firm", -amount, "settlement", cause)
        self.profit -= amount
        return amount

    def complete_settlement(self, amount: int, cause: int) -> None:
        if amount > 0:
            self.ledger.move("USD", "settling", self.mirror, amount, "settlement", cause)
        else:
            self.ledger.move("USD", self.mirror, "settling", -amount, "settlement", cause)

    def return_settlement(self, amount: int, cause: int) -> bool:
        if amount > 0:
            self.ledger.move("USD", "settling", "firm", amount, "settlement", cause)
        else:
            self.ledger.move("USD", "firm", "settling", -amount, "settlement", cause)
        self.profit += amount
        return True

    def receive(self, asset: str, amount: int, cause: int) -> None:
        self.ledger.move(asset, self.mirror, "firm", amount, "transfer", cause)

    def send(self, asset: str, amount: int, cause: int) -> None:
        self.ledger.move(asset, "firm", self.mirror, amount, "transfer", cause)

    def balances(self) -> list[tuple[str, int, int]]:
        holdings = self.ledger.account("firm").holdings
        return [(asset, holdings[asset].free, holdings[asset].held) for asset in sorted(holdings)]


class World:
    """A kernel, a custodian called keystone with 1 M USD and 100 BTC, its API, and two exchanges."""

    def __init__(self, start_ns: int = START_NS, seed: int = 1, dollars: str = "1000000", **config: Any) -> None:
        self.kernel = Kernel(start_ns)
        self.audit = Records(self.kernel)
        settings: dict[str, Any] = {
            "name": "keystone",
            "assets": ("USD", "BTC", "ETH", "USDT"),
            "processing": ProcessingConfig(window_ns=HOUR_NS, margin_ns=HOUR_NS),
            "transfers": TransferConfig(policy_limits={"BTC": "50"}),
        }
        rng = np.random.default_rng(seed)
        self.custodian = Custodian(CustodianConfig(**(settings | config)), self.kernel, self.audit, rng)
        self.master = self.custodian.open_account("treasury", {"USD": dollars, "BTC": "100"})
        self.exchanges = {name: LedgerExchange(name, self.audit, 500_000) for name in ("apex", "boreal")}
        for name, exchange in self.exchanges.items():
            self.custodian.connect_exchange(name, exchange)
        keys = {"reader": CustodyKey(), "writer": CustodyKey(can_write=True)}
        instant = {"read": LogNormal(0.0, 0.0), "write": LogNormal(0.0, 0.0)}
        self.api = CustodianApi(self.custodian, keys, instant, np.random.default_rng(seed))

    @property
    def apex(self) -> LedgerExchange:
        return self.exchanges["apex"]

    def start(self, hours: int = 24 * 7) -> None:
        self.custodian.start(self.kernel.now_ns + hours * HOUR_NS)

    def run_to(self, day: str, hour: int, minute: int = 0) -> None:
        self.kernel.run_until(at(day, hour, minute))

    def ask(self, method: str, target: str, key: str | None = "writer", body: Any = None) -> tuple[int, Any]:
        """Status and decoded body of one request, whose service takes no time."""
        replies: list[Reply] = []
        headers = () if key is None else (("X-API-Key", key),)
        encoded = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        request = Request(method, target, headers, encoded)
        self.api.handle(request, lambda reply, cause: replies.append(reply), 0)
        self.kernel.run_until(self.kernel.now_ns)
        (reply,) = replies
        return reply.status, json.loads(reply.body)

    def instructions(self, counterparty: str = "apex") -> list[tuple[int, str, int, int]]:
        """``(minutes since the start, status, amount, settled)`` of every settlement record; amounts in whole USD."""
        return [
            ((at_ns - START_NS) // MINUTE_NS, status, amount // UNITS, settled // UNITS)
            for _, at_ns, _, _, _, party, _, amount, settled, status, _ in self.audit.of("settlement")
            if party == counterparty
        ]


def at(day: str, hour: int, minute: int = 0) -> int:
    return parse_date(day) * DAY_NS + hour * HOUR_NS + minute * MINUTE_NS


@pytest.fixture(scope="session")
def make_world() -> type[World]:
    return World


@pytest.fixture
def world() -> World:
    return World()
