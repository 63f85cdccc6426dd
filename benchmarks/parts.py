"""The parts of ``python -m benchmarks``: each measures one thing, in whatever process it is called."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks import (
    commands,
    correlator,
    exchange_orders,
    fault_hooks,
    judging,
    library,
    long_run,
    monitor_step,
    suite,
    whole_lab,
)
from benchmarks.figures import Figure
from benchmarks.yardstick import simpy_timeouts_per_s

_ROUNDS = 3


def exchange() -> list[Figure]:
    """Orders per second of the matching core, with accounts, fees and reports."""
    stream = list(exchange_orders.order_stream(seed=1))
    yardstick = rate = 0.0
    for _ in range(_ROUNDS):
        yardstick = max(yardstick, simpy_timeouts_per_s(time.process_time))
        rate = max(rate, exchange_orders.orders_per_second(stream, None, time.process_time)[0])
    return [Figure(f"exchange core, {exchange_orders.mode()}", f"{rate:,.0f} orders/s", rate / yardstick)]


def depeg_36h() -> list[Figure]:
    return long_run.measure(36)


def depeg_72h() -> list[Figure]:
    """Twice the time: memory must not grow with it."""
    return long_run.measure(72)


PARTS: dict[str, Callable[[], list[Figure]]] = {
    "whole_lab": whole_lab.measure,
    "exchange": exchange,
    "fault_hooks": fault_hooks.measure,
    "correlator": correlator.measure,
    "monitor_step": monitor_step.measure,
    "depeg_36h": depeg_36h,
    "depeg_72h": depeg_72h,
    "judge_36h": judging.measure,
    "library": library.measure,
    "suite": suite.measure,
    "commands": commands.measure,
}
