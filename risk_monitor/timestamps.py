"""Timestamps: ns since the Unix epoch written for people, without a calendar library's clocks and zones."""

from __future__ import annotations

import re

NS_PER_SECOND = 1_000_000_000
NS_PER_DAY = 86_400 * NS_PER_SECOND

_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?Z", re.ASCII
)


def utc(at_ns: int) -> str:
    """``2023-02-20T08:15:30.250Z``; proleptic Gregorian calendar.

    Days to civil date after H. Hinnant, "chrono-compatible low-level date algorithms" (2013).
    """
    days, rest_ns = divmod(at_ns, NS_PER_DAY)
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    year = year_of_era + era * 400 + (month <= 2)
    seconds, part_ns = divmod(rest_ns, NS_PER_SECOND)
    return (
        f"{year:04d}-{month:02d}-{day:02d}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        f".{part_ns // 1_000_000:03d}Z"
    )


def instant_ns(text: str) -> int | None:
    """The moment that ISO 8601 in UTC (``2023-02-20T08:15:30.25Z``) says, in ns since the epoch; None if it is none.

    Civil date to days after H. Hinnant, as above.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hours, minutes, seconds = (int(part) for part in match.groups()[:6])
    year -= month <= 2
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    days = era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468
    part_ns = int((match[7] or "").ljust(9, "0"))
    return days * NS_PER_DAY + (hours * 3_600 + minutes * 60 + seconds) * NS_PER_SECOND + part_ns
