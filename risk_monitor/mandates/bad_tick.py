"""Bad tick: a price that has nothing to do with those around it, ``|mid ÷ median of the 11 mids shown before it − 1|``.
Mids older than the staleness bound of prices begin the count anew."""

from __future__ import annotations

import math
from collections import deque

from risk_monitor.alerts import Watch

MIDS = 11
NOTHING = (math.inf, -math.inf)
"""A band that no price is in."""


class BadTick:
    """One pair at one exchange. ``band`` is a range of mids within which no tick can be bad, whichever of them came
    before: as long as all of the last ones stay in it, nobody has to look for their median."""

    __slots__ = ("_allowed", "_mids", "band", "watch")

    def __init__(self, watch: Watch, mids: deque[float]) -> None:
        self.watch = watch
        self.band = NOTHING
        self._mids = mids
        # The highest price of the band is above the lowest by no more than the bound.
        self._allowed = math.sqrt(1.0 + watch.lowest) * (1.0 - 1e-12)

    def look(self, now_ns: int, mid: float) -> None:
        """Take a mid that is outside the band, or any while an alert is astir. It is remembered by whoever calls."""
        mids = self._mids
        watch = self.watch
        if len(mids) < MIDS:
            watch.lose_sight()
            return
        watch.observe(now_ns, self.measure(mid))
        if not watch.quiet:
            self.band = NOTHING
            return
        low, high = mid / self._allowed, mid * self._allowed
        self.band = (low, high) if all(low <= known <= high for known in mids) else NOTHING

    def is_beyond(self) -> bool:
        """Whether the mid looked at last is beyond the mildest bound."""
        value = self.watch.value
        return value is not None and value > self.watch.lowest

    def measure(self, mid: float) -> float:
        """How far a mid is from the median of those before it."""
        return abs(mid / sorted(self._mids)[MIDS // 2] - 1.0)

    def forget(self) -> None:
        """What was shown is too old to say anything of the next one."""
        self._mids.clear()
        self.band = NOTHING
        self.watch.lose_sight()
