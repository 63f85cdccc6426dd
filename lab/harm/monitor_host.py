"""Makes the faults of the monitor's host."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.laboratory.injections import Fault
from lab.laboratory.monitor_faults import MonitorClockStep, MonitorRestart, MonitorSlowCpu
from lab.scenario.model import Injection

if TYPE_CHECKING:
    from lab.laboratory.assembly import Laboratory

TookEffect = Callable[[str], None]


def monitor_restart(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return MonitorRestart(rooms.shell, rooms.kernel, params, took_effect)


def monitor_clock_step(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return MonitorClockStep(rooms.shell, rooms.kernel, params, took_effect)


def monitor_slow_cpu(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return MonitorSlowCpu(rooms.shell, rooms.kernel, params, took_effect)
