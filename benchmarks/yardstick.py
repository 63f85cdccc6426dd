"""The yardstick that every machine has: timeouts per second of bare simpy with 1,000 processes.

Every rate of ours is quoted as a multiple of it, measured in the same run.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import simpy

_PROCESSES = 1_000
_HORIZON = 1_000


def simpy_timeouts_per_s(clock_s: Callable[[], float]) -> float:
    """Timeouts per second, 1,000 processes with periods of 1 to 7 units.

    ``clock_s`` must be that of the figure it is compared with: wall time, or ``time.process_time`` where others use the
    machine as well.
    """
    environment = simpy.Environment()

    def process(period: int) -> Generator[simpy.Event, Any, None]:
        while True:
            yield environment.timeout(period)

    periods = [1 + number % 7 for number in range(_PROCESSES)]
    for period in periods:
        environment.process(process(period))
    began_s = clock_s()
    environment.run(until=_HORIZON)
    took_s = clock_s() - began_s
    return sum((_HORIZON - 1) // period for period in periods) / took_s
