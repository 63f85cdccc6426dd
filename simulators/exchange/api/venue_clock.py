"""The venue's clock: what its timestamps are made from, which may not be the true time.

Scheduling is none of its business: what is to happen happens in true time. A moment keeps the timestamp that it was
given, so the course of the clock is remembered, and ``ms`` tells of any moment what the clock showed then.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Protocol

from simulators.ports import Clock

_NS_PER_MS = 1_000_000
_PPB = 1_000_000_000
_MOST_TURNS = 256  # of the clock; what lay before is told as after the first one that is remembered


class ClockError(Protocol):
    """Something that puts the clock off."""

    def offset_ns(self, now_ns: int) -> int:
        """What it adds to the clock now."""

    def drift_ppb(self, now_ns: int) -> int:
        """How that goes on: ns per 1e9 ns."""

    def shown(self) -> None:
        """A timestamp was made while the clock was off."""


class VenueClock:
    """Tells the venue's time. ``told(offset_ns, drift_ppb, cause)`` is told how it goes whenever that changes."""

    __slots__ = ("_clock", "_errors", "_since_ns", "_told", "_turns")

    def __init__(self, clock: Clock, told: Callable[[int, int, int], object]) -> None:
        self._clock = clock
        self._told = told
        self._errors: list[ClockError] = []
        self._since_ns: list[int] = []  # when the clock took another course, and which: offset then, and drift
        self._turns: list[tuple[int, int]] = []

    @property
    def now_ns(self) -> int:
        """What the clock shows."""
        return self.shown_ns(self._clock.now_ns) if self._since_ns else self._clock.now_ns

    def shown_ns(self, at_ns: int) -> int:
        """What the clock showed at a moment."""
        since_ns = self._since_ns
        if not since_ns:
            return at_ns
        place = bisect_right(since_ns, at_ns) - 1
        if place < 0:
            return at_ns
        offset_ns, drift_ppb = self._turns[place]
        shown_ns = at_ns + offset_ns + (at_ns - since_ns[place]) * drift_ppb // _PPB
        if self._errors and shown_ns // _NS_PER_MS != at_ns // _NS_PER_MS:
            for error in self._errors:
                error.shown()
        return shown_ns

    def ms(self, at_ns: int) -> int:
        """The timestamp of a moment, in ms."""
        return (self.shown_ns(at_ns) if self._since_ns else at_ns) // _NS_PER_MS

    def put_off(self, error: ClockError, cause: int) -> None:
        """The clock is off by that much more from now on; ``turn`` has to be called whenever its course changes."""
        self._errors.append(error)
        self.turn(cause)

    def put_right(self, error: ClockError, cause: int) -> None:
        """That error is gone."""
        self._errors = [other for other in self._errors if other is not error]
        self.turn(cause)

    def turn(self, cause: int) -> None:
        """Find out how the clock goes from now on."""
        now_ns = self._clock.now_ns
        course = (
            sum(error.offset_ns(now_ns) for error in self._errors),
            sum(error.drift_ppb(now_ns) for error in self._errors),
        )
        if course == (self._turns[-1] if self._turns else (0, 0)) and not course[1]:
            return
        if self._since_ns and self._since_ns[-1] == now_ns:
            self._turns[-1] = course
        else:
            self._since_ns.append(now_ns)
            self._turns.append(course)
        if len(self._turns) > _MOST_TURNS:
            del self._turns[0], self._since_ns[0]
        self._told(*course, cause)
