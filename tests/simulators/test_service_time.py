"""Service times: log-normal, in whole microseconds, and a function of the arrival alone."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from simulators.log_normal import LogNormal
from simulators.service_time import ServiceTimes

DEFAULTS = {name: LogNormal(1.0, 0.1) for name in ("account", "order_place", "wallet")}
START_NS = 1_676_851_200_000_000_000
SECOND = 10**9


def _times(latency: dict[str, LogNormal]) -> ServiceTimes:
    return ServiceTimes(DEFAULTS, latency, np.random.Generator(np.random.PCG64(7)))


@pytest.mark.parametrize("period_ns", [1_000, 137_000_003, 5 * SECOND])
def test_requests_at_any_rhythm_meet_the_stated_distribution(period_ns):
    times = _times({"account": LogNormal(20.0, 0.5)})
    drawn = [times.service_ns("account", START_NS + n * period_ns, "key") for n in range(4_000)]
    assert all(service_ns > 0 and service_ns % 1_000 == 0 for service_ns in drawn)
    logs = [math.log(service_ns / 20e6) for service_ns in drawn]
    assert statistics.median(logs) == pytest.approx(0.0, abs=0.05)
    assert statistics.stdev(logs) == pytest.approx(0.5, abs=0.05)


def test_the_time_depends_on_operation_arrival_and_sender_but_not_on_what_came_before():
    times, others = _times({"*": LogNormal(20.0, 0.5)}), _times({"*": LogNormal(20.0, 0.5)})
    for n in range(100):
        times.service_ns("order_place", START_NS + n, "key")
    once = times.service_ns("account", START_NS, "key")
    assert once == others.service_ns("account", START_NS, "key")
    assert once != times.service_ns("account", START_NS, "another key")
    assert once != times.service_ns("account", START_NS + SECOND, "key")
    assert once != times.service_ns("wallet", START_NS, "key")


def test_naming_one_operation_leaves_the_draws_of_the_others():
    some = _times({"wallet": LogNormal(99.0, 0.1), "*": LogNormal(20.0, 0.5)})
    every = _times({"*": LogNormal(20.0, 0.5)})
    assert some.service_ns("account", START_NS, "key") == every.service_ns("account", START_NS, "key")
    assert some.service_ns("wallet", START_NS, "key") != every.service_ns("wallet", START_NS, "key")


@pytest.mark.parametrize(
    ("latency", "message"),
    [
        (lambda: {"orders": LogNormal(1.0, 0.1)}, "unknown operation 'orders'"),
        (lambda: {"account": LogNormal(float("nan"), 0.1)}, "median_ms must be"),
        (lambda: {"account": LogNormal(1.0, -1.0)}, "sigma must be"),
    ],
)
def test_nonsense_is_refused(latency, message):
    with pytest.raises(ValueError, match=message):
        _times(latency())
