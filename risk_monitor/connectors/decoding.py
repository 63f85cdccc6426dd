"""Decoding: what every connector does with bytes that may be anything."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

import msgspec

from risk_monitor.connectors.domain import ConnectorError

T = TypeVar("T")

MAX_DIGITS_BEFORE_POINT = 15
MAX_DIGITS_AFTER_POINT = 18

MALFORMED = (ValueError, RecursionError)
"""What msgspec raises on malformed bytes (its own errors and ``UnicodeDecodeError`` are ``ValueError``)."""


def decode(decoder: msgspec.json.Decoder[T], payload: bytes) -> T:
    """Decode a payload. Raises ``ConnectorError``."""
    try:
        return decoder.decode(payload)
    except MALFORMED as error:
        raise ConnectorError(str(error)) from None


def amount(value: Decimal) -> Decimal:
    """Check that an amount is one that sums stay exact with. Raises ``ConnectorError``."""
    if not value.is_finite():
        raise ConnectorError(f"{value} is not an amount")
    exponent = value.as_tuple().exponent
    if value.adjusted() >= MAX_DIGITS_BEFORE_POINT or (
        isinstance(exponent, int) and exponent < -MAX_DIGITS_AFTER_POINT
    ):
        raise ConnectorError("an amount has too many digits")
    return value


def price(value: float) -> float:
    """Check that a price is finite and above zero. Raises ``ConnectorError``."""
    if not 0.0 < value < 1e15:
        raise ConnectorError(f"{value} is not a price")
    return value
