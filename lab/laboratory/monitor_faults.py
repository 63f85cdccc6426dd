"""Faults of the monitor's host: its process dies, its clock is off, its processor is slow."""

from __future__ import annotations

from collections.abc import Callable

from lab.laboratory.monitor_harm import MonitorClockStepParams, MonitorRestartParams, MonitorSlowCpuParams
from lab.laboratory.monitor_shell import MonitorShell
from simulators.ports import Clock

TookEffect = Callable[[str], None]

_PPB = 1_000_000_000
_NS_PER_MS = 1_000_000


class MonitorRestart:
    """``monitor_restart``: the monitor dies, and a new process takes over where the saved state ends."""

    def __init__(
        self, shell: MonitorShell, clock: Clock, params: MonitorRestartParams, took_effect: TookEffect
    ) -> None:
        self._shell = shell
        self._clock = clock
        self._params = params
        self._took_effect = took_effect
        self._is_down = False

    def begin(self, cause: int) -> None:
        """Die; of a monitor that is down already nothing is left to kill."""
        if self._shell.is_up:
            self._is_down = True
            self._shell.die(cause, keeps_state=self._params.state == "kept")
            self._took_effect("the monitor hung up on every venue")
            self._clock.call_at(self._clock.now_ns + self._params.down_for_ns, self._revive, cause)

    def end(self, cause: int) -> None:
        """Be up again, if it is not yet."""
        self._revive(cause)

    def _revive(self, cause: int) -> None:
        if self._is_down:
            self._is_down = False
            self._shell.revive(cause)


class MonitorClockStep:
    """``monitor_clock_step``: the host's clock is off, by so much from one moment on or drifting."""

    def __init__(
        self, shell: MonitorShell, clock: Clock, params: MonitorClockStepParams, took_effect: TookEffect
    ) -> None:
        self._host = shell.host
        self._clock = clock
        self._took_effect = took_effect
        self._full_ns = params.offset_ns if params.direction == "ahead" else -params.offset_ns
        self._starts_ns, self._ends_ns = params.starts_ns, params.ends_ns
        self._ramp_ns, self._ramp_down_ns = params.ramp_ns, params.ramp_down_ns
        self._is_in_force = False

    def begin(self, cause: int) -> None:
        """Set the clock, or let it drift."""
        self._is_in_force = True
        self._host.put_off(self)
        if self._full_ns:
            self._took_effect("the monitor's clock is off")
        for turns_ns in (self._starts_ns + self._ramp_ns, self._ends_ns - self._ramp_down_ns):
            if turns_ns > self._clock.now_ns:
                self._clock.call_at(turns_ns, self._turn)

    def end(self, cause: int) -> None:
        """Set the clock right."""
        if self._is_in_force:
            self._is_in_force = False
            self._host.put_right(self)

    def _turn(self, _: object) -> None:
        if self._is_in_force:
            self._host.turn()

    def offset_ns(self, now_ns: int) -> int:
        full_ns = self._full_ns
        if self._ramp_ns and now_ns < self._starts_ns + self._ramp_ns:
            return full_ns * (now_ns - self._starts_ns) // self._ramp_ns
        if self._ramp_down_ns and now_ns > self._ends_ns - self._ramp_down_ns:
            return full_ns * (self._ends_ns - now_ns) // self._ramp_down_ns
        return full_ns

    def drift_ppb(self, now_ns: int) -> int:
        if self._ramp_ns and now_ns < self._starts_ns + self._ramp_ns:
            return self._full_ns * _PPB // self._ramp_ns
        if self._ramp_down_ns and now_ns >= self._ends_ns - self._ramp_down_ns:
            return -self._full_ns * _PPB // self._ramp_down_ns
        return 0


class MonitorSlowCpu:
    """``monitor_slow_cpu``: every step of the monitor takes longer; events queue up, effects leave later."""

    def __init__(
        self, shell: MonitorShell, clock: Clock, params: MonitorSlowCpuParams, took_effect: TookEffect
    ) -> None:
        self._host = shell.host
        self._params = params
        self._took_effect = took_effect
        self._is_in_force = False
        self._has_taken_effect = False

    def begin(self, cause: int) -> None:
        """Become slow."""
        self._is_in_force = True
        self._host.slow_down(self.takes_ns)

    def end(self, cause: int) -> None:
        """Be as fast as before; what has piled up is worked off at once."""
        if self._is_in_force:
            self._is_in_force = False
            self._host.speed_up(self.takes_ns)

    def takes_ns(self, now_ns: int) -> int:
        """How much longer a step takes that begins now."""
        params = self._params
        added_ns = params.added_ns
        if params.ramp_ns:
            added_ns = min(added_ns, params.added_ns * (now_ns - params.starts_ns) // params.ramp_ns)
        if params.ramp_down_ns:
            added_ns = min(added_ns, params.added_ns * (params.ends_ns - now_ns) // params.ramp_down_ns)
        if added_ns > 0 and not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect(f"a step of the monitor takes {added_ns / _NS_PER_MS:g} ms longer")
        return max(0, added_ns)
