"""Sliding: what came within the last window, and how much it adds up to."""

from __future__ import annotations

from collections import deque

from correlator.truth.gauge import Gauge

MOST_KEPT = 1 << 18
"""Beyond this many entries in one window the oldest leave early: memory must not follow a run-away."""


class SlidingTimes:
    """Moments within the last ``window_ns``: one counts from when it came until ``window_ns`` later."""

    __slots__ = ("_times", "window_ns")

    def __init__(self, window_ns: int) -> None:
        self.window_ns = window_ns
        self._times: deque[int] = deque(maxlen=MOST_KEPT)

    def __len__(self) -> int:
        return len(self._times)

    @property
    def leaves_ns(self) -> int | None:
        """When the oldest leaves; None while there is none."""
        return self._times[0] + self.window_ns if self._times else None

    def add(self, at_ns: int) -> None:
        """One more, not before any earlier."""
        self._times.append(at_ns)

    def leave(self) -> int:
        """Take the oldest out; returns when it came."""
        return self._times.popleft()


class SlidingSum:
    """Amounts that came within the last ``window_ns``, added up, shown on a gauge whenever that changes."""

    def __init__(self, gauge: Gauge, window_ns: int) -> None:
        self._gauge = gauge
        self._window_ns = window_ns
        self._entries: deque[tuple[int, float]] = deque()
        self._total = 0.0

    def add(self, at_ns: int, amount: float, seq: int) -> None:
        """An amount came, not before any earlier one."""
        self.advance(at_ns)
        if len(self._entries) >= MOST_KEPT:
            self._forget()
        self._entries.append((at_ns, amount))
        self._total += amount
        self._gauge.set(at_ns, self._total, seq)

    def advance(self, to_ns: int) -> None:
        """Let amounts leave that were in the window before ``to_ns``, each at its time."""
        while self._entries and (leaves_ns := self._entries[0][0] + self._window_ns) <= to_ns:
            self._forget()
            self._gauge.set(leaves_ns, self._total)

    def _forget(self) -> None:
        _, amount = self._entries.popleft()
        self._total = self._total - amount if self._entries else 0.0


class SlidingShare:
    """What share of the outcomes within the last ``window_ns`` were bad, or of the last ``fewest`` if those are more;
    undefined before there have been so many."""

    def __init__(self, gauge: Gauge, window_ns: int, fewest: int) -> None:
        self._gauge = gauge
        self._window_ns = window_ns
        self._fewest = fewest
        self._outcomes: deque[tuple[int, bool]] = deque()
        self._bad = 0

    def add(self, at_ns: int, is_bad: bool, seq: int) -> None:
        """An outcome, not before any earlier one."""
        outcomes, fewest = self._outcomes, self._fewest
        if len(outcomes) > fewest and outcomes[0][0] + self._window_ns <= at_ns:
            self.advance(at_ns)
        outcomes.append((at_ns, is_bad))
        self._bad += is_bad
        while len(outcomes) > fewest and (outcomes[0][0] + self._window_ns <= at_ns or len(outcomes) > MOST_KEPT):
            self._bad -= outcomes.popleft()[1]
        if len(outcomes) >= fewest:
            self._gauge.set(at_ns, self._bad / len(outcomes), seq)

    def advance(self, to_ns: int) -> None:
        """Let outcomes leave that were in the window before ``to_ns``, each at its time."""
        outcomes, fewest = self._outcomes, self._fewest
        while len(outcomes) > fewest and (leaves_ns := outcomes[0][0] + self._window_ns) <= to_ns:
            had_bad = self._bad
            self._bad -= outcomes.popleft()[1]
            if had_bad:  # else the share is 0 and remains so
                self._gauge.set(leaves_ns, self._bad / len(outcomes))
