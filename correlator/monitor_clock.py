"""The monitor's clock: what it showed at each true moment, so that times the monitor tells can be read as true ones."""

from __future__ import annotations

from bisect import bisect_right

from correlator.records import Clock

_PPB = 1_000_000_000
_MOST_PIECES = 65_536
"""Changes of the clock that are kept; of more, the first ones are forgotten."""


class MonitorClock:
    """A clock that never goes back, in pieces of constant rate. Without a record it is right."""

    def __init__(self) -> None:
        self._shown: list[int] = []  # at the beginning of each piece
        self._pieces: list[tuple[int, int]] = []  # true time of its beginning, ns per 1e9 ns beyond the true rate

    def take(self, record: Clock) -> None:
        """The clock is off by so much from now on. Records come in order of time."""
        if len(self._pieces) >= _MOST_PIECES:
            del self._shown[0], self._pieces[0]
        self._shown.append(record.at_ns + record.offset_ns)
        self._pieces.append((record.at_ns, record.drift_ppb))

    def true_ns(self, shown_ns: int) -> int:
        """The moment at which the clock showed ``shown_ns``; where it stood still or jumped, the last one before."""
        place = bisect_right(self._shown, shown_ns) - 1
        began_ns, ppb = self._pieces[place] if place >= 0 else (0, 0)
        begins_shown_ns = self._shown[place] if place >= 0 else 0
        rate = _PPB + ppb
        true_ns = began_ns + (shown_ns - begins_shown_ns) * _PPB // rate if rate > 0 else began_ns
        return min(true_ns, self._pieces[place + 1][0]) if place + 1 < len(self._pieces) else true_ns
