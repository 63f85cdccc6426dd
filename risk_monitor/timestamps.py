"""Timestamps: ns since the Unix epoch written for people, without a calendar library's clocks and zones."""

from __future__ import annotations

_NS_PER_SECOND = 1_000_000_000
NS_PER_DAY = 86_400 * _NS_PER_SECOND


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
    seconds, part_ns = divmod(rest_ns, _NS_PER_SECOND)
    return (
        f"{year:04d}-{month:02d}-{day:02d}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        f".{part_ns // 1_000_000:03d}Z"
    )
