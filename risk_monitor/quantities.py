"""Quantities: a number, an optional k or M, and a unit (``250k USD``, ``50 bp``, ``10 min``)."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

DURATION_NS: dict[str, int] = {
    "ms": 10**6,
    "s": 10**9,
    "min": 60 * 10**9,
    "h": 3_600 * 10**9,
    "d": 86_400 * 10**9,
}
FRACTION: dict[str, Decimal] = {"%": Decimal("0.01"), "bp": Decimal("0.0001")}

_MULTIPLE = {"": Decimal(1), "k": Decimal(1_000), "M": Decimal(1_000_000)}
_PATTERN = re.compile(
    r"(?P<number>[0-9]{1,18}(?:\.[0-9]{1,18})?)(?P<multiple>[kM]?)\s*(?P<unit>[A-Za-z%][A-Za-z0-9]*)?"
)
_SIGNED_OR_SPECIAL = re.compile(r"\s*[-+]?\s*(?:nan|inf|infinity|\.nan|\.inf)\b|\s*-", re.IGNORECASE)


class Quantity(msgspec.Struct, frozen=True):
    """``amount`` of ``unit``; the unit is "" if none was written."""

    amount: Decimal
    unit: str


def parse(text: str) -> Quantity:
    """Read a quantity. Raises ``ValueError`` whose text says what is wrong with it."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        if _SIGNED_OR_SPECIAL.match(text):
            raise ValueError(f"{text!r} is negative or not a finite number")
        raise ValueError(f"{text!r} is not a quantity")
    amount = Decimal(match["number"]) * _MULTIPLE[match["multiple"]]
    return Quantity(amount, match["unit"] or "")
