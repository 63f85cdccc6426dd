"""Whatever happens, no ledger makes or loses value, and what left one is in transit or has arrived in the other."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.custodian.calendar import MINUTE_NS
from simulators.custodian.config import HOUR_NS
from simulators.custodian.faults.settlement import SettlementDelay, SettlementHalt
from simulators.custodian.harm import SettlementDelayParams, SettlementHaltParams
from simulators.custodian.transactions import Instruction
from simulators.ledger import UNITS

PARTIES = st.sampled_from(["apex", "boreal"])
ASSETS = st.sampled_from(["USD", "BTC"])
VAULT = {"type": "VAULT_ACCOUNT", "id": "0"}

trades = st.tuples(st.just("trade"), PARTIES, st.integers(-300_000, 300_000))
transfers = st.tuples(st.just("transfer"), PARTIES, ASSETS, st.integers(1, 60), st.booleans())
withdrawals = st.tuples(st.just("withdraw"), ASSETS, st.integers(1, 60))
deposits = st.tuples(st.just("deposit"), ASSETS, st.integers(1, 60))
cancels = st.tuples(st.just("cancel"))
halts = st.tuples(st.just("halt"), st.none() | PARTIES, st.integers(1, 40))
delays = st.tuples(st.just("delay"), st.none() | PARTIES, st.integers(1, 40))
waits = st.tuples(st.just("wait"), st.integers(1, 30 * 60))
actions = st.lists(
    st.one_of(trades, trades, waits, waits, transfers, withdrawals, deposits, cancels, halts, delays),
    min_size=5,
    max_size=40,
)


def perform(world: Any, action: Any) -> None:
    match action:
        case ("trade", party, dollars):
            world.exchanges[party].trade(dollars)
        case ("transfer", party, asset, amount, inwards):
            peer = {"type": "EXCHANGE_ACCOUNT", "id": party}
            source, destination = (peer, VAULT) if inwards else (VAULT, peer)
            submit(world, asset, amount, source, destination)
        case ("withdraw", asset, amount):
            submit(world, asset, amount, VAULT, {"type": "EXTERNAL_WALLET", "id": "bank"})
        case ("deposit", asset, amount):
            world.custodian.receive_deposit(world.master, asset, amount * UNITS)
        case ("cancel",):
            for transaction in world.custodian.transactions.open():
                world.ask("POST", f"/v1/transactions/{transaction.id}/cancel")
                break
        case ("halt", party, hours):
            halt = SettlementHaltParams(counterparty=party, backlog_interval_ns=7 * MINUTE_NS)
            schedule(world, SettlementHalt(world.custodian, world.kernel, halt, lambda what: None), hours)
        case ("delay", party, hours):
            delay = SettlementDelayParams(counterparty=party, delay_ns=5 * HOUR_NS)
            schedule(world, SettlementDelay(world.custodian, world.kernel, delay, lambda what: None), hours)
        case ("wait", minutes):
            for _ in range(4):
                world.kernel.run_until(world.kernel.now_ns + minutes * MINUTE_NS // 4)
                check(world)


def submit(world: Any, asset: str, amount: int, source: Any, destination: Any) -> None:
    units = amount * 1_000 if asset == "USD" else amount
    asked = {"assetId": asset, "amount": str(units), "source": source, "destination": destination}
    assert world.ask("POST", "/v1/transactions", body=asked)[0] == 200


def schedule(world: Any, fault: Any, hours: int) -> None:
    fault.begin(0)
    world.kernel.call_at(world.kernel.now_ns + hours * HOUR_NS, fault.end, 0)


def check(world: Any) -> None:
    custody = world.custodian.ledger
    for asset in ("USD", "BTC"):
        assert custody.total(asset) == 0
        free, locked = custody.balance("treasury", asset)
        assert free >= 0
        assert locked >= 0
        for name, exchange in world.exchanges.items():
            assert exchange.ledger.total(asset) == 0
            assert custody.balance(name, asset)[0] + exchange.ledger.balance("keystone", asset)[0] == 0
    for name, exchange in world.exchanges.items():
        outstanding = sum(
            transaction.outstanding
            for transaction in world.custodian.transactions.open()
            if isinstance(transaction, Instruction) and transaction.counterparty == name
        )
        assert exchange.ledger.balance("settling", "USD")[0] == outstanding


@settings(max_examples=400, deadline=None)
@given(taken=actions, seed=st.integers(0, 3))
def test_every_ledger_adds_up_and_what_left_one_is_in_transit_or_arrived(
    make_world: Any, taken: list[Any], seed: int
) -> None:
    world = make_world(seed=seed, dollars="150000")
    world.start(hours=24 * 60)
    for action in taken:
        perform(world, action)
        check(world)
    world.custodian.receive_deposit(world.master, "USD", 10**9 * UNITS)
    world.kernel.run_until(world.kernel.now_ns + 24 * 5 * HOUR_NS)
    check(world)
    three_days_ago_ns = world.kernel.now_ns - 3 * 24 * HOUR_NS
    assert [found.id for found in world.custodian.transactions.open() if found.created_ns < three_days_ago_ns] == []
