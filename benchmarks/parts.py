"""The parts of ``python -m benchmarks``: each measures one thing, in whatever process it is called."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import commands, correlator, exchange_orders, long_run, whole_lab
from benchmarks.figures import Figure
from benchmarks.yardstick import simpy_timeouts_per_s
from correlator.judge import judge

_ROUNDS = 3
_JUDGED_HOURS = 12.0


def exchange() -> list[Figure]:
    """Orders per second of the matching core, with accounts, fees and reports."""
    stream = list(exchange_orders.order_stream(seed=1))
    yardstick = rate = 0.0
    for _ in range(_ROUNDS):
        yardstick = max(yardstick, simpy_timeouts_per_s(time.process_time))
        rate = max(rate, exchange_orders.orders_per_second(stream, None, time.process_time)[0])
    return [Figure(f"exchange core, {exchange_orders.mode()}", f"{rate:,.0f} orders/s", rate / yardstick)]


def judging() -> list[Figure]:
    """Records per second that the correlator judges, reading included."""
    yardstick = rate = 0.0
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "run.journal"
        records = correlator.write_journal(path, _JUDGED_HOURS)
        for _ in range(_ROUNDS):
            yardstick = max(yardstick, simpy_timeouts_per_s(time.process_time))
            began_s = time.process_time()
            judge(path, None)
            rate = max(rate, records / (time.process_time() - began_s))
    return [Figure("correlator", f"{rate:,.0f} records/s", rate / yardstick)]


def depeg_36h() -> list[Figure]:
    return long_run.measure(36)


def depeg_72h() -> list[Figure]:
    """Twice the time: memory must not grow with it."""
    return long_run.measure(72)


PARTS: dict[str, Callable[[], list[Figure]]] = {
    "whole_lab": whole_lab.measure,
    "exchange": exchange,
    "correlator": judging,
    "depeg_36h": depeg_36h,
    "depeg_72h": depeg_72h,
    "commands": commands.measure,
}
