"""The monitor's host: the machine that the monitor runs on, with a clock that may be off and a processor that may be
slow. Sound, it costs nothing: whoever asks for the time while ``is_sound`` may look at the kernel's itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lab.laboratory.kernel import Kernel

_PPB = 1_000_000_000


class ClockError(Protocol):
    """Something that puts the host's clock off."""

    def offset_ns(self, now_ns: int) -> int:
        """What it adds to the clock now."""

    def drift_ppb(self, now_ns: int) -> int:
        """How that goes on: ns per 1e9 ns."""


class MonitorHost:
    """Tells the monitor's time. ``changed`` is told whenever the host falls ill or recovers.

    The time that a process is told never goes back. A clock that is set back therefore stands still for the monitor
    until true time has caught up with what it has shown.
    """

    def __init__(self, kernel: Kernel, told: Callable[[int, int], None], changed: Callable[[], None]) -> None:
        """``told(offset_ns, drift_ppb)`` is told how the clock runs from now on."""
        self._kernel = kernel
        self._told = told
        self._changed = changed
        self._errors: list[ClockError] = []
        self._slownesses: list[Callable[[int], int]] = []
        self._since_ns = 0
        self._offset_ns = 0
        self._ppb = 0
        self.is_sound = True

    def now_ns(self) -> int:
        """What the host's clock shows."""
        now_ns = self._kernel.now_ns
        return now_ns + self._offset_ns + (now_ns - self._since_ns) * self._ppb // _PPB

    def step_takes_ns(self) -> int:
        """How much longer than none one step of the monitor takes now."""
        now_ns = self._kernel.now_ns
        return sum(slowness(now_ns) for slowness in self._slownesses)

    @property
    def is_slow(self) -> bool:
        return bool(self._slownesses)

    def put_off(self, error: ClockError) -> None:
        """The clock is off by that much more from now on. ``turn`` has to be called whenever its course changes."""
        self._errors.append(error)
        self.turn()

    def put_right(self, error: ClockError) -> None:
        """That error is gone."""
        self._errors = [other for other in self._errors if other is not error]
        self.turn()

    def slow_down(self, slowness: Callable[[int], int]) -> None:
        """Each step takes ``slowness(now_ns)`` ns longer from now on."""
        self._slownesses.append(slowness)
        self._judge()

    def speed_up(self, slowness: Callable[[int], int]) -> None:
        """That slowness is gone."""
        self._slownesses = [other for other in self._slownesses if other != slowness]
        self._judge()

    def turn(self, _: object = None) -> None:
        """Find out how the clock runs from now on."""
        now_ns = self._kernel.now_ns
        shown_ns = self.now_ns()
        due_ns = now_ns + sum(error.offset_ns(now_ns) for error in self._errors)
        ppb = sum(error.drift_ppb(now_ns) for error in self._errors)
        if due_ns < shown_ns:
            behind_ns = shown_ns - due_ns
            due_ns, ppb_shown = shown_ns, -_PPB
            if ppb > -_PPB:
                self._kernel.call_at(now_ns - (-behind_ns * _PPB // (_PPB + ppb)), self.turn)
        else:
            ppb_shown = max(ppb, -_PPB)
        if (due_ns - now_ns, ppb_shown) != (self._offset_ns, self._ppb):
            self._offset_ns, self._ppb, self._since_ns = due_ns - now_ns, ppb_shown, now_ns
            self._told(self._offset_ns, self._ppb)
        self._judge()

    def _judge(self) -> None:
        is_sound = not (self._errors or self._slownesses or self._offset_ns or self._ppb)
        if is_sound != self.is_sound:
            self.is_sound = is_sound
            self._changed()
