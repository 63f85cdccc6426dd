"""Probe: whether a quantity kept a bound at a moment, or all through a stretch of time, and how near it came to it."""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from correlator.truth.intervals import Times, Values

_UNDEFINED = float("nan")

_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "above": operator.gt,
    "below": operator.lt,
    "at_least": operator.ge,
    "at_most": operator.le,
}


class Probe:
    """Follows one quantity from ``from_ns`` to ``to_ns``, both included.

    ``worst`` is the value that lies farthest beyond the bound, or came nearest to it, ``worst_ns`` when it first did;
    ``undefined_ns`` the first moment at which the quantity had no value. Of one moment the last value counts.
    """

    def __init__(self, op: str, bound: float, from_ns: int, to_ns: int) -> None:
        self._holds = _HOLDS[op]
        self._bound = bound
        self._least_is_worst = op in ("above", "at_least")
        self.from_ns = from_ns
        self.to_ns = to_ns
        self.worst: float | None = None
        self.worst_ns: int | None = None
        self.undefined_ns: int | None = None
        self._value = _UNDEFINED
        self._since_ns: int | None = None  # from when on it is `_value`; None: nothing was said yet

    @property
    def is_broken(self) -> bool:
        """Whether the bound was not kept at some moment."""
        return self.worst is not None and not self._holds(self.worst, self._bound)

    def set(self, at_ns: int, value: float) -> None:
        """From ``at_ns`` (not before any earlier call's) on the quantity is ``value``."""
        if self._since_ns is not None and at_ns > self._since_ns:
            self._lasted(self._since_ns, at_ns, self._value)
        self._since_ns, self._value = at_ns, value

    def finish(self, at_ns: int) -> None:
        """History ends here, with this moment. For a quantity that is told by ``set``."""
        if self._since_ns is None:
            self.set(self.from_ns, _UNDEFINED)
        self.set(max(at_ns, self._since_ns or 0) + 1, _UNDEFINED)

    def update(self, times: Times, ends: Times, values: Values) -> None:
        """The quantity is ``values[i]`` from ``times[i]`` until ``ends[i]``."""
        if int(ends[-1]) <= self.from_ns or int(times[0]) > self.to_ns:
            return
        first = max(0, int(np.searchsorted(times, self.from_ns, side="right")) - 1)
        past = int(np.searchsorted(times, self.to_ns, side="right"))
        part = values[first:past]
        undefined = np.isnan(part)
        if undefined.any():
            self._is_undefined(int(times[first + int(np.argmax(undefined))]))
            if undefined.all():
                return
        place = int(np.nanargmin(part) if self._least_is_worst else np.nanargmax(part))
        self._reached(int(times[first + place]), float(part[place]))

    def _lasted(self, begins_ns: int, ends_ns: int, value: float) -> None:
        if ends_ns <= self.from_ns or begins_ns > self.to_ns:
            return
        if value != value:
            self._is_undefined(begins_ns)
        else:
            self._reached(begins_ns, value)

    def _is_undefined(self, at_ns: int) -> None:
        if self.undefined_ns is None:
            self.undefined_ns = max(at_ns, self.from_ns)

    def _reached(self, at_ns: int, value: float) -> None:
        if self.worst is None or (value < self.worst if self._least_is_worst else value > self.worst):
            self.worst, self.worst_ns = value, max(at_ns, self.from_ns)
