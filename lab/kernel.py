"""The kernel: virtual time in integer nanoseconds, on top of simpy.

A call at a later time is an entry on simpy's own event queue that carries a function and its argument in place of an
event, so that delivering a message costs neither a process nor an event object. Ordinary simpy processes, timeouts and
events run beside such calls in one order: by time, then simpy's priority, then the order of asking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import numpy as np
import simpy
from simpy.core import EmptySchedule
from simpy.events import NORMAL

_PLAIN_ENTRY = 4  # simpy's own queue entries: time, priority, number, event


class Kernel(simpy.Environment):
    """A simpy environment whose time is ``int`` nanoseconds since the Unix epoch.

    It satisfies ``simulators.ports.Clock``.
    """

    _now: int  # simpy allows floats; this kernel never makes one

    def __init__(self, start_ns: int) -> None:
        super().__init__(initial_time=start_ns)
        self._stopping = False

    @property
    def now_ns(self) -> int:
        """The present virtual time."""
        return self._now

    def call_at(self, at_ns: int, callback: Callable[[Any], None], argument: Any = None) -> None:
        """Call ``callback(argument)`` at ``at_ns``.

        Raises:
            ValueError: ``at_ns`` lies in the past; a call cannot be delivered before it was asked for.
        """
        if at_ns < self._now:
            raise ValueError(f"asked at {self._now} ns to call {callback!r} at {at_ns} ns, which has passed")
        heappush(self._queue, (at_ns, NORMAL, next(self._eid), callback, argument))  # type: ignore[misc]

    def timer(self, callback: Callable[[], None]) -> KernelTimer:
        """An alarm that can be moved as often as one likes."""
        return KernelTimer(self, callback)

    def stop(self) -> None:
        """Let ``run_until`` return after the entry that is being processed."""
        self._stopping = True

    def run_until(self, end_ns: int) -> bool:
        """Process everything up to and including ``end_ns``.

        Returns True when the end was reached, False when ``stop`` was called first. Afterwards the time is
        ``end_ns``, or that of the last entry processed.
        """
        queue = self._queue
        pop = heappop
        self._stopping = False
        while queue and queue[0][0] <= end_ns:
            entry: Any = pop(queue)
            if len(entry) == _PLAIN_ENTRY:
                heappush(queue, entry)
                super().step()
            else:
                self._now = entry[0]
                entry[3](entry[4])
            if self._stopping:
                return False
        self._now = end_ns
        return True

    def step(self) -> None:
        """Process the next entry, of either sort; simpy's own ``run`` builds on this."""
        queue = self._queue
        if not queue:
            raise EmptySchedule
        entry: Any = queue[0]
        if len(entry) == _PLAIN_ENTRY:
            super().step()
            return
        heappop(queue)
        self._now = entry[0]
        entry[3](entry[4])


class KernelTimer:
    """One alarm that can be moved; see ``simulators.ports.Timer``.

    Moving it later leaves the queue alone: when the earlier entry comes up, the alarm goes back to sleep until the
    moment it was moved to. An alarm moved with every message thus costs no queue entry per message.
    """

    __slots__ = ("_callback", "_entry_ns", "_kernel", "_wanted_ns")

    def __init__(self, kernel: Kernel, callback: Callable[[], None]) -> None:
        self._kernel = kernel
        self._callback = callback
        self._wanted_ns = 0  # 0: not armed
        self._entry_ns = 0  # time of the earliest entry of ours on the queue, 0: none

    def arm(self, at_ns: int) -> None:
        """Ring at ``at_ns``; an earlier arming is forgotten."""
        self._wanted_ns = at_ns
        if not self._entry_ns or at_ns < self._entry_ns:
            self._kernel.call_at(at_ns, self._ring, at_ns)
            self._entry_ns = at_ns

    def cancel(self) -> None:
        """Forget the arming, if any."""
        self._wanted_ns = 0

    def _ring(self, entry_ns: int) -> None:
        if entry_ns != self._entry_ns:
            return  # an entry that an earlier one has replaced
        self._entry_ns = 0
        wanted_ns = self._wanted_ns
        if not wanted_ns:
            return
        if wanted_ns > entry_ns:
            self.arm(wanted_ns)
            return
        self._wanted_ns = 0
        self._callback()


class Streams:
    """Named random streams: each depends on the run's seed and its own name only.

    A component that joins a run therefore leaves every other component's draws as they were.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, name: str) -> np.random.Generator:
        """The stream of that name, from its beginning."""
        key = hashlib.blake2b(name.encode(), digest_size=16).digest()
        words = [int.from_bytes(key[i : i + 4], "little") for i in range(0, 16, 4)]
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self._seed, *words])))
