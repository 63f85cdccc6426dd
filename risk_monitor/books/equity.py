"""Equity and what it is compared with: the high-water mark, the window's largest, the openings of day and week.

All of it is kept net of flows: a deposit raises equity and is no gain, so that the sum of all flows since the start is
taken off before anything is compared, and put back where a level is asked for.
"""

from __future__ import annotations

from collections import deque

import msgspec

from risk_monitor.agenda import NEVER_NS
from risk_monitor.timestamps import NS_PER_DAY


class _Levels(msgspec.Struct, frozen=True):
    """What of an ``EquityHistory`` outlives a restart."""

    is_started: bool
    flows: float
    high_water_net: float
    opening: float
    week_opening: float
    day: int
    window: tuple[tuple[int, float], ...]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Levels)


class EquityHistory:
    """Levels of equity in USD since the first complete valuation.

    The window holds ``(until when it was in force, level)`` for each evaluation not yet beaten by a later, larger one:
    at most one entry per evaluation that fits into it.
    """

    __slots__ = (
        "_day",
        "_flows",
        "_opening",
        "_week_opening",
        "_window",
        "_window_ns",
        "equity",
        "high_water_net",
        "is_started",
    )

    def __init__(self, window_ns: int) -> None:
        self._window: deque[tuple[int, float]] = deque()
        self._window_ns = window_ns
        self._flows = 0.0
        self._day = 0
        self._opening = 0.0
        self._week_opening = 0.0
        self.equity = 0.0
        self.high_water_net = 0.0
        self.is_started = False

    def update(self, now_ns: int, equity: float) -> None:
        """Take equity as it is now. The first valuation of a new UTC day is that day's opening, the first of a new week
        is the week's."""
        net = equity - self._flows
        day = now_ns // NS_PER_DAY
        if not self.is_started:
            self.is_started = True
            self.high_water_net = net
            self._opening = net
            self._week_opening = net
            self._day = day
        elif day != self._day:
            self._opening = net
            if _week(day) != _week(self._day):
                self._week_opening = net
            self._day = day
        self.equity = equity
        if net > self.high_water_net:
            self.high_water_net = net
        # A level counts from its sample until the next one, so what was in force when the window began is in it.
        window = self._window
        if window and window[-1][1] > net:
            window[-1] = (now_ns, window[-1][1])
        else:
            while window and window[-1][1] <= net:
                window.pop()
        window.append((NEVER_NS, net))
        oldest_ns = now_ns - self._window_ns
        while window[0][0] <= oldest_ns:
            window.popleft()

    def save_state(self) -> bytes:
        """The levels, or that there are none yet."""
        return _encoder.encode(
            _Levels(
                self.is_started,
                self._flows,
                self.high_water_net,
                self._opening,
                self._week_opening,
                self._day,
                tuple(self._window),
            )
        )

    def restore_state(self, now_ns: int, content: bytes) -> None:
        """Go on from saved levels; what equity was since then is not known and counts for nothing."""
        levels = _decoder.decode(content)
        if levels.is_started:
            self.is_started = True
            self._flows = levels.flows
            self.high_water_net = levels.high_water_net
            self._opening = levels.opening
            self._week_opening = levels.week_opening
            self._day = levels.day
            self._window = deque(levels.window)

    def flow(self, amount_usd: float) -> None:
        """Value came from (> 0) or went to (< 0) the outside world."""
        self._flows += amount_usd

    @property
    def high_water_mark(self) -> float:
        return self.high_water_net + self._flows

    @property
    def drawdown(self) -> float:
        """Loss from the high-water mark as a fraction of it; 0.0 while the mark is not above zero."""
        mark = self.high_water_mark
        return (mark - self.equity) / mark if mark > 0.0 else 0.0

    @property
    def loss_in_window(self) -> float:
        """Largest equity within the window less equity now, USD."""
        return self._window[0][1] + self._flows - self.equity if self._window else 0.0

    @property
    def loss_today(self) -> float:
        """Equity at the day's opening less equity now, USD."""
        return self._opening + self._flows - self.equity

    @property
    def loss_this_week(self) -> float:
        """Equity at the week's opening less equity now, USD."""
        return self._week_opening + self._flows - self.equity


def _week(day: int) -> int:
    """The number of the week, from Monday, that a day since the epoch (a Thursday) lies in."""
    return (day + 3) // 7
