"""Durations, shares and amounts as people write them (`1h30min`, `500 bp`, `2.5M`), as exact numbers and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

NS_PER_SECOND = 1_000_000_000
DURATION_UNITS_NS = {
    "ms": NS_PER_SECOND // 1_000,
    "s": NS_PER_SECOND,
    "min": 60 * NS_PER_SECOND,
    "h": 3_600 * NS_PER_SECOND,
    "d": 86_400 * NS_PER_SECOND,
}
LONGEST_NS = 10 * 366 * 86_400 * NS_PER_SECOND  # ten years: beyond any run, well within 64 bits

NUMBER = r"[0-9]+(?:\.[0-9]+)?"
DURATION_PATTERN = rf"^(?:{NUMBER} ?(?:ms|s|min|h|d) ?)+$"
SHARE_PATTERN = rf"^-?{NUMBER} ?(?:bp|%)$"
AMOUNT_PATTERN = rf"^{NUMBER} ?[kM]?$"
MULTIPLIER = {"": 1, "k": 1_000, "M": 1_000_000}

_DURATION = re.compile(DURATION_PATTERN)
_DURATION_PART = re.compile(rf"({NUMBER}) ?(ms|s|min|h|d)")
_SHARE = re.compile(rf"^(-?{NUMBER}) ?(bp|%)$")
_AMOUNT = re.compile(rf"^({NUMBER}) ?([kM]?)$")


def parse_duration(text: str) -> int:
    """Nanoseconds of ``36h``, ``1h30min``, ``250 ms``. Raises ValueError with the reason."""
    text = text.strip()
    if not _DURATION.match(text):
        if re.fullmatch(rf"-?{NUMBER}", text):
            raise ValueError("has no unit")
        if text.startswith("-"):
            raise ValueError("is negative")
        raise ValueError("is not a duration")
    total = Fraction(0)
    previous = LONGEST_NS
    for number, unit in _DURATION_PART.findall(text):
        if DURATION_UNITS_NS[unit] >= previous:
            raise ValueError("has its units out of order")
        previous = DURATION_UNITS_NS[unit]
        total += Fraction(number) * previous
    if total.denominator != 1:
        raise ValueError("is finer than a nanosecond")
    if total > LONGEST_NS:
        raise ValueError("is longer than ten years")
    return int(total)


def format_duration(duration_ns: int) -> str:
    """The exact writing of a non-negative duration as people say it: ``1h30min``, ``36h``, ``18d``, ``0s``."""
    if duration_ns < 0:
        raise ValueError("a duration is not negative")
    rest = duration_ns
    parts = []
    # Up to four days people count in hours: a run of 36 hours, not of one day and twelve hours.
    for unit in ("d", "h", "min", "s") if duration_ns >= 96 * DURATION_UNITS_NS["h"] else ("h", "min", "s"):
        count, rest = divmod(rest, DURATION_UNITS_NS[unit])
        if count:
            parts.append(f"{count}{unit}")
    if rest:
        milliseconds = Decimal(rest) / DURATION_UNITS_NS["ms"]
        parts.append(f"{milliseconds:f}ms")
    return "".join(parts) or "0s"


def parse_share(text: str) -> float:
    """The fraction that ``500 bp`` or ``5 %`` is: 0.05. Raises ValueError with the reason."""
    found = _SHARE.match(text.strip())
    if not found:
        raise ValueError("has no unit" if re.fullmatch(rf"-?{NUMBER}", text.strip()) else "is not a share")
    return float(Fraction(found[1]) / (10_000 if found[2] == "bp" else 100))


def format_share(share: float) -> str:
    """``0.05`` as ``500 bp``, ``0.15`` as ``15 %``: percent from ten percent on."""
    if abs(share) >= 0.1:
        return f"{share * 100:.10g} %"
    return f"{share * 10_000:.10g} bp"


def parse_amount(text: str) -> str:
    """The plain decimal that ``2.5M`` or ``400k`` is: ``2500000``. Raises ValueError with the reason."""
    found = _AMOUNT.match(text.strip())
    if not found:
        raise ValueError("is negative" if text.strip().startswith("-") else "is not an amount")
    return f"{(Decimal(found[1]) * MULTIPLIER[found[2]]).normalize():f}"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_instant(text: str) -> int:
    """Nanoseconds since the epoch of ``2023-02-20T00:00:00Z``. Raises ValueError with the reason."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("is not a moment") from None
    if moment.tzinfo is None:
        raise ValueError("has no time zone")
    if not 1970 < moment.year < 2200:  # nanoseconds since 1970 fit into 64 bits until 2262
        raise ValueError("is out of range")
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000


def format_instant(instant_ns: int) -> str:
    """``2023-02-20T00:00:00Z``; fractions of a second only where there are some."""
    moment = _EPOCH + timedelta(microseconds=instant_ns // 1_000)
    return moment.isoformat().replace("+00:00", "Z")
