"""The kernel: virtual time in integer nanoseconds, on top of simpy.

A call at a later time is an entry on simpy's own event queue that carries a function and its argument in place of an
event, so that delivering a message costs neither a process nor an event object. Ordinary simpy processes, timeouts and
events run beside such calls in one order: by time, then simpy's priority, then the order of asking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np
import simpy
from simpy.core import EmptySchedule
from simpy.events import NORMAL

# Entries of the queue by their length. All begin with time, priority, number.
_EVENT = 4  # simpy's own: event
_CALL = 5  # ours: callback, argument
_MESSAGE = 6  # ours: receiver, payload, cause

_LAST = 1 << 30  # a priority after everything else of the same time
_FIRST = -1  # and one before it; simpy's own are 0 and 1


class Kernel(simpy.Environment):
    """A simpy environment whose time is ``int`` nanoseconds since the Unix epoch.

    It satisfies ``simulators.ports.Clock``.
    """

    now_ns: int
    """The present virtual time. An attribute, because it is read several times a message; simpy's ``_now`` shows it."""

    def __init__(self, start_ns: int) -> None:
        super().__init__(initial_time=start_ns)
        self.queue: list[Any] = self._queue
        """simpy's own queue, for those who deliver so much that a call to ``call_at`` each would tell: they may push
        ``(at_ns, NORMAL, next(kernel.numbers), receiver, payload, cause)``, with ``at_ns`` not before now, to have
        ``receiver(payload, cause)`` called."""
        self.numbers = self._eid

    @property
    def _now(self) -> int:  # simpy allows floats; this kernel never makes one
        return self.now_ns

    @_now.setter
    def _now(self, now_ns: int) -> None:
        self.now_ns = now_ns

    def call_at(self, at_ns: int, callback: Callable[[Any], None], argument: Any = None) -> None:
        """Call ``callback(argument)`` at ``at_ns``.

        Raises:
            ValueError: ``at_ns`` lies in the past; a call cannot be delivered before it was asked for.
        """
        if at_ns < self.now_ns:
            raise ValueError(f"asked at {self.now_ns} ns to call {callback!r} at {at_ns} ns, which has passed")
        heappush(self._queue, (at_ns, NORMAL, next(self._eid), callback, argument))  # type: ignore[misc]

    def message_at(self, at_ns: int, receiver: Callable[[Any, int], None], payload: Any, cause: int) -> None:
        """Call ``receiver(payload, cause)`` at ``at_ns``, which must not have passed."""
        heappush(self.queue, (at_ns, NORMAL, next(self.numbers), receiver, payload, cause))

    def timer(self, callback: Callable[[], None]) -> KernelTimer:
        """An alarm that can be moved as often as one likes."""
        return KernelTimer(self, callback)

    def stop(self) -> None:
        """Let ``run_until`` return after the entry that is being processed; the next one, if none is running."""
        heappush(self._queue, (self.now_ns, _FIRST, next(self._eid), None, False))  # type: ignore[misc]

    def run_until(self, end_ns: int) -> bool:
        """Process everything up to and including ``end_ns``.

        Returns True when the end was reached, False when ``stop`` was called first. Afterwards the time is
        ``end_ns``, or that of the last entry processed.
        """
        queue = self._queue
        pop = heappop
        heappush(queue, (end_ns, _LAST, next(self._eid), None, True))  # type: ignore[misc]
        try:
            while True:
                entry: Any = pop(queue)
                kind = len(entry)
                if kind == _MESSAGE:
                    self.now_ns = entry[0]
                    entry[3](entry[4], entry[5])
                elif kind == _CALL:
                    self.now_ns = entry[0]
                    callback = entry[3]
                    if callback is None:
                        return bool(entry[4])
                    callback(entry[4])
                else:
                    heappush(queue, entry)
                    super().step()
        finally:
            queue[:] = [entry for entry in queue if len(entry) == _EVENT or entry[3] is not None]
            heapify(queue)

    def step(self) -> None:
        """Process the next entry, of either sort; simpy's own ``run`` builds on this."""
        queue = self._queue
        if not queue:
            raise EmptySchedule
        entry: Any = queue[0]
        if len(entry) == _EVENT:
            super().step()
            return
        heappop(queue)
        self.now_ns = entry[0]
        if entry[3] is not None:
            entry[3](*entry[4:])


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
