"""Settlement calendar: on which days, and by what time, money that was promised must have moved.

Days are counted from the Unix epoch and hours are UTC, so a contracted time is plain integer arithmetic.
"""

from __future__ import annotations

import bisect
import datetime
import re
from collections.abc import Sequence

MINUTE_NS = 60 * 1_000_000_000
DAY_NS = 24 * 60 * MINUTE_NS

_EPOCH_ORDINAL = datetime.date(1970, 1, 1).toordinal()
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_TERMS = re.compile(r"T\+([0-2])")


def parse_time_of_day(text: str) -> int:
    """Nanoseconds from midnight of ``HH:MM``; ValueError if it is not a time of day."""
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a time of day: expected HH:MM from 00:00 to 23:59")
    return (int(match[1]) * 60 + int(match[2])) * MINUTE_NS


def parse_date(text: str) -> int:
    """Days from the epoch of ``YYYY-MM-DD``; ValueError if there is no such day."""
    return datetime.date.fromisoformat(text).toordinal() - _EPOCH_ORDINAL


def format_date(day: int) -> str:
    """``YYYY-MM-DD`` of a day counted from the epoch."""
    return datetime.date.fromordinal(day + _EPOCH_ORDINAL).isoformat()


def parse_terms(text: str) -> int:
    """Business days of settlement terms ``T+0``, ``T+1`` or ``T+2``."""
    match = _TERMS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} are not settlement terms: expected T+0, T+1 or T+2")
    return int(match[1])


class SettlementCalendar:
    """Business days, cut-offs and contracted times of one custodian.

    A *cut-off* ends a trading session: what was earned until then is settled together. Its *trade date* is the day
    on which the session ended, so a cut-off at 00:00 belongs to the day before. *Terms* T+n put settlement on the
    n-th business day after the trade date; T+0 on the trade date itself or, when that is no business day, the next
    one. The *contracted time* is ``settlement_time`` on that day, but never less than ``notice_ns`` after the
    cut-off: nobody can be asked to pay before he has had time to.
    """

    __slots__ = ("_closed", "_cut_offs_ns", "_holidays", "_notice_ns", "_settlement_time_ns", "_weekends_off")

    def __init__(
        self,
        cut_offs: Sequence[str],
        settlement_time: str,
        notice_ns: int,
        *,
        weekends_off: bool = False,
        holidays: Sequence[str] = (),
    ) -> None:
        if not cut_offs:
            raise ValueError("a settlement calendar needs at least one cut-off")
        if notice_ns < 0:
            raise ValueError("the notice before a contracted time cannot be negative")
        self._cut_offs_ns = tuple(sorted({parse_time_of_day(text) for text in cut_offs}))
        self._settlement_time_ns = parse_time_of_day(settlement_time)
        self._notice_ns = notice_ns
        self._weekends_off = weekends_off
        self._holidays = frozenset(parse_date(text) for text in holidays)
        self._closed: list[range] = []  # holidays that were announced later; days may be in several

    def close_on(self, days: range) -> None:
        """Announce holidays: contracted times that are yet to be set avoid them."""
        self._closed.append(days)

    def open_on(self, days: range) -> None:
        """Take an announcement back."""
        self._closed.remove(days)

    def is_business_day(self, day: int) -> bool:
        """Whether money moves on ``day`` (days from the epoch, which was a Thursday)."""
        if self._weekends_off and (day + 3) % 7 >= 5:
            return False
        return day not in self._holidays and not any(day in days for days in self._closed)

    def next_cut_off_ns(self, now_ns: int) -> int:
        """The first cut-off strictly after ``now_ns``. Sessions end on every day: markets do not close."""
        day, time_of_day_ns = divmod(now_ns, DAY_NS)
        index = bisect.bisect_right(self._cut_offs_ns, time_of_day_ns)
        if index == len(self._cut_offs_ns):
            return (day + 1) * DAY_NS + self._cut_offs_ns[0]
        return day * DAY_NS + self._cut_offs_ns[index]

    def trade_day(self, cut_off_ns: int) -> int:
        """The day, counted from the epoch, on which the session of this cut-off ended."""
        return (cut_off_ns - 1) // DAY_NS

    def contracted_ns(self, cut_off_ns: int, terms_days: int) -> int:
        """When a session that ended at ``cut_off_ns`` must have been settled under terms T+``terms_days``."""
        day = self.trade_day(cut_off_ns)
        if terms_days == 0:
            while not self.is_business_day(day):
                day += 1
        for _ in range(terms_days):
            day += 1
            while not self.is_business_day(day):
                day += 1
        return max(day * DAY_NS + self._settlement_time_ns, cut_off_ns + self._notice_ns)
