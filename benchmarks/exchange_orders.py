"""How fast the exchange takes orders, beside bare simpy in the same run: ``python benchmarks/exchange_orders.py``.

The stream: 200,000 operations on one symbol, 70 % limit orders within ±20 ticks of the mid, 10 % market orders, 20 %
cancels of an order that is open, seeded, from 20 accounts. Every order passes the filters and the balance check, every
fill moves four balances and two fees, and everything is recorded and reported to an observer, which counts.
Three kinds of run take turns so that all of them see the same machine; each figure is the best of them, in CPU time.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.yardstick import simpy_timeouts_per_s
from simulators.exchange import matching
from simulators.exchange.config import ExchangeConfig, StreetConfig
from simulators.exchange.core import Exchange
from simulators.exchange.order import Order, Trade
from simulators.exchange.types import Listing, OrderStatus, OrderType, Rejected, Side, TimeInForce

OPERATIONS = 200_000
ACCOUNTS = [f"desk{number}" for number in range(20)]
MID_TICKS = 2_000_000
LISTING = Listing("BTC/USDT", "BTC", "USDT", "0.01", "0.00001", "0.01", maker_fee_bp=7.5, taker_fee_bp=7.5)

BATCH_RECORDS = 20_000
CHUNK = 2_000
_GTC = TimeInForce.GTC

Operation = tuple[Any, ...]


class StillClock:
    """A clock that the benchmark does not move."""

    now_ns = 0

    def call_at(self, at_ns: int, callback: Callable[[Any], None], argument: Any = None) -> None:
        raise NotImplementedError("the exchange asks for no calls")

    def timer(self, callback: Callable[[], None]) -> Any:
        raise NotImplementedError("the exchange asks for no timers")


class BatchingAudit:
    """Numbers the records and keeps a batch of them, as the journal does before it writes."""

    def __init__(self) -> None:
        self.records = 0
        self.batch: list[tuple[Any, ...]] = []

    def record(self, kind: str, source: str, cause: int, *body: Any) -> int:
        self.records = number = self.records + 1
        self.batch.append(body)
        if not number % BATCH_RECORDS:
            self.batch = []
        return number


class CountingObserver:
    """Counts what the production API would publish."""

    def __init__(self) -> None:
        self.tops = self.fills = self.orders = self.balances = 0

    def on_top(self, index: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int, cause: int) -> None:
        self.tops += 1

    def on_order(self, order: Order, execution: str, assets: tuple[str, ...], cause: int) -> None:
        self.orders += 1

    def on_fill(self, trade: Trade, taker: Order | None, maker: Order | None, cause: int) -> None:
        self.fills += 1

    def on_balance(self, account: str, assets: tuple[str, ...], cause: int) -> None:
        self.balances += 1


def new_exchange(street: StreetConfig | None = None) -> Exchange:
    config = ExchangeConfig("apex", (LISTING,), {"BTC/USDT": street} if street else {}, max_open_orders=OPERATIONS)
    exchange = Exchange(config, StillClock(), BatchingAudit())
    exchange.observer = CountingObserver()
    for account in ACCOUNTS:
        exchange.open_account(account, "firm", {"BTC": "1000000", "USDT": "20000000000"})
    return exchange


def apply(exchange: Exchange, operation: Operation) -> Any:
    name, *arguments = operation
    return getattr(exchange, name)(*arguments)


def order_stream(seed: int) -> Iterator[Operation]:
    """Generate the stream; its cancels name orders that are open, for which the orders are played on the way."""
    rng = random.Random(seed)
    exchange = new_exchange()
    open_orders: list[Any] = []
    for _ in range(OPERATIONS):
        draw = rng.random()
        operation: Operation
        while draw >= 0.8 and open_orders:
            position = rng.randrange(len(open_orders))
            order, open_orders[position] = open_orders[position], open_orders[-1]
            open_orders.pop()
            if order.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED):
                operation = ("cancel", order.account, 0, order.order_id)
                apply(exchange, operation)
                yield operation
                break
        else:
            account = rng.choice(ACCOUNTS)
            side = rng.choice((Side.BUY, Side.SELL))
            lots = rng.randint(1, 100)
            if draw < 0.7 or not open_orders:
                price_ticks = MID_TICKS + rng.randint(-20, 20)
                operation = ("place", account, 0, side, OrderType.LIMIT, TimeInForce.GTC, price_ticks, lots)
            else:
                operation = ("place", account, 0, side, OrderType.MARKET, TimeInForce.GTC, 0, lots)
            try:
                order = apply(exchange, operation)
            except Rejected:
                order = None
            if order is not None and order.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED):
                open_orders.append(order)
            yield operation


def orders_per_second(
    stream: list[Operation], street: StreetConfig | None, clock_s: Callable[[], float] = time.perf_counter
) -> tuple[float, Exchange]:
    """Operations per second by ``clock_s``, which must be the one that simpy was measured with; and the exchange."""
    exchange = new_exchange(street)
    if street:
        exchange.requote(0, MID_TICKS / 100)
    place, cancel = exchange.place, exchange.cancel
    gc.collect()
    thresholds = gc.get_threshold()
    gc.set_threshold(200_000, 20, 100)  # as in a run of the lab; simpy is as fast with either
    took_s = 0.0
    for first in range(0, len(stream), CHUNK):
        # Arguments that lay in memory since the stream was made would be fetched on the exchange's time.
        calls = list(decode(stream[first : first + CHUNK]))
        started = clock_s()
        for is_cancel, account, order_id, side, kind, price_ticks, lots in calls:
            try:
                if is_cancel:
                    cancel(account, 0, order_id)
                else:
                    place(account, 0, side, kind, _GTC, price_ticks, lots)
            except Rejected:
                pass
        took_s += clock_s() - started
    gc.set_threshold(*thresholds)
    return len(stream) / took_s, exchange


def decode(operations: list[Operation]) -> Iterator[Operation]:
    """Operations in one shape: ``(is_cancel, account, order_id, side, type, price_ticks, lots)``, of fresh numbers."""
    for name, account, _, *rest in operations:
        if name == "cancel":
            yield True, account, int(str(rest[0])), Side.BUY, OrderType.LIMIT, 0, 0
        else:
            side, kind, _, price_ticks, lots = rest
            yield False, account, 0, side, kind, int(str(price_ticks)), int(str(lots))


def requote_us(seed: int, client_orders: bool, calls: int = 300_000) -> float:
    exchange = new_exchange(StreetConfig(half_spread_bp=1.0, top_notional=50_000.0))
    rng = random.Random(seed)
    price = MID_TICKS / 100
    prices = [price := price * (1 + rng.gauss(0, 2e-5)) for _ in range(calls)]
    if client_orders:
        for side, distance in ((Side.BUY, 0.5), (Side.SELL, 1.5)):
            exchange.place("desk0", 0, side, OrderType.LIMIT, TimeInForce.GTC, int(MID_TICKS * distance), 100)
    requote = exchange.requote
    gc.collect()
    started = time.process_time()
    for price in prices:
        requote(0, price)
    return (time.process_time() - started) / calls * 1e6


def mode() -> str:
    """Whether the core that is measured was compiled (``make compile``) or is interpreted."""
    return "interpreted" if str(matching.__file__).endswith(".py") else "compiled"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    stream = list(order_stream(options.seed))
    gc.collect()
    gc.freeze()  # the stream itself is not what is measured
    street = StreetConfig(half_spread_bp=0.1, top_notional=50_000.0, step_bp=0.01)
    simpy_rate = rate = street_rate = 0.0
    idle_us = busy_us = float("inf")
    for _ in range(options.rounds):
        simpy_rate = max(simpy_rate, simpy_timeouts_per_s(time.process_time))
        once, exchange = orders_per_second(stream, None, time.process_time)
        rate = max(rate, once)
        street_rate = max(street_rate, orders_per_second(stream, street, time.process_time)[0])
        idle_us = min(idle_us, requote_us(options.seed, client_orders=False))
        busy_us = min(busy_us, requote_us(options.seed, client_orders=True))
    observer = exchange.observer
    assert isinstance(observer, CountingObserver)
    counts = {name: sum(operation[0] == name for operation in stream) for name in ("place", "cancel")}
    print(f"stream             {counts['place']:>9,} orders, {counts['cancel']:,} cancels, {observer.fills:,} fills")
    reports = (observer.orders, observer.balances, observer.tops)
    print("reports            {:>9,} of orders, {:,} of balances, {:,} of tops".format(*reports))
    print(f"simpy              {simpy_rate:>9,.0f} timeouts/s, 1,000 processes")
    print(f"exchange core      {mode():>9}")
    print(f"exchange           {rate:>9,.0f} orders/s = {rate / simpy_rate:.2f} × simpy")
    print(f"  with a street    {street_rate:>9,.0f} orders/s = {street_rate / simpy_rate:.2f} × simpy")
    print(f"requote            {idle_us:>9.2f} µs, no client orders; {busy_us:.2f} µs with some")
    for asset in exchange.ledger.assets():
        assert exchange.ledger.total(asset) == 0, f"{asset} does not add up"


if __name__ == "__main__":
    main()
