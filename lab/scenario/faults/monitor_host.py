"""Faults of the machine that the monitor runs on."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec
from lab.scenario.scalars import Duration

MONITOR_HOST_FAULTS = (
    FaultSpec(
        name="monitor_restart",
        acts_in="monitor_host",
        doc="the monitor's process dies and is up again after `down_for`, with the state it has saved once a minute "
        "or without; the rest it asks the venues for",
        params_at="lab.laboratory.monitor_harm:MonitorRestartParams",
        maker_at="lab.harm.monitor_host:monitor_restart",
        scope=(),
        intensity=None,
        intensity_doc="",
        example="{fault: monitor_restart, at: 1h, for: 5 min, with: {down_for: 2 min, state: lost}}",
    ),
    FaultSpec(
        name="monitor_clock_step",
        acts_in="monitor_host",
        doc="the clock of the monitor's host is off; with `ramp` it drifts there. The time a process is told never "
        "goes back: set back, the clock stands still for the monitor until true time has caught up",
        params_at="lab.laboratory.monitor_harm:MonitorClockStepParams",
        maker_at="lab.harm.monitor_host:monitor_clock_step",
        scope=(),
        intensity=Duration(positive=True),
        intensity_doc="how far off",
        example="{fault: monitor_clock_step, at: 1h, for: 30 min, intensity: 2s, with: {direction: behind}}",
        intensity_attribute="offset_ns",
    ),
    FaultSpec(
        name="monitor_slow_cpu",
        acts_in="monitor_host",
        doc="each step of the monitor takes longer: events wait for the processor, and what it decides leaves late",
        params_at="lab.laboratory.monitor_harm:MonitorSlowCpuParams",
        maker_at="lab.harm.monitor_host:monitor_slow_cpu",
        scope=(),
        intensity=Duration(positive=True),
        intensity_doc="how much longer a step takes at full strength",
        example="{fault: monitor_slow_cpu, at: 1h, for: 10 min, ramp: 1 min, intensity: 50 ms}",
        intensity_attribute="added_ns",
    ),
)
