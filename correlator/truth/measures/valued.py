"""Valued: events that wait until the marks of their moment are known, to be told in USD."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

import numpy as np

from correlator.truth.stretch import Stretch


class Event(Protocol):
    """Something that happened at a moment."""

    @property
    def at_ns(self) -> int: ...


E = TypeVar("E", bound=Event)


class Waiting(Generic[E]):
    """Events in order, until the stretch that holds their moment."""

    def __init__(self) -> None:
        self._events: list[E] = []

    def add(self, event: E) -> None:
        """It happened, not before any earlier one."""
        self._events.append(event)

    def due(self, stretch: Stretch) -> list[tuple[int, E]]:
        """The events of this stretch, each with its place among the moments; they wait no longer."""
        end_ns = int(stretch.ends[-1])
        ready = [event for event in self._events if event.at_ns < end_ns]
        self._events = self._events[len(ready) :]
        times = np.array([event.at_ns for event in ready], np.int64)
        places = np.searchsorted(stretch.times, times, side="right") - 1
        return list(zip(places.tolist(), ready, strict=True))
