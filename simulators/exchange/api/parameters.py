"""Parameters of a request: what a client wrote in the query string and in a form body, read with Binance's errors."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from simulators.exchange.api.errors import ApiError, illegal, missing

_DECIMAL_RANGE = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
_DECIMAL = re.compile(_DECIMAL_RANGE)
_INTEGER_RANGE = "^[0-9]{1,20}$"
_INTEGER = re.compile(_INTEGER_RANGE)
_CLIENT_ID_RANGE = r"^[a-zA-Z0-9-_]{1,36}$"
_CLIENT_ID = re.compile(_CLIENT_ID_RANGE)


class Parameters:
    """Names and texts of one request. Reading one that is malformed raises ``ApiError`` with Binance's code."""

    __slots__ = ("_values",)

    def __init__(self, query: str, body: bytes = b"") -> None:
        values: dict[str, str] = {}
        for source in (query, body.decode("utf-8", "replace")):
            if not source:
                continue
            for pair in source.split("&"):
                name, _, value = pair.partition("=")
                if "%" in value or "+" in value:
                    value = unquote_plus(value)
                values.setdefault(name, value)  # the query string wins over the body
        self._values = values

    def text(self, name: str) -> str:
        """The value of ``name``, or an empty string if it was not sent."""
        return self._values.get(name, "")

    def required(self, name: str) -> str:
        value = self._values.get(name, "")
        if not value:
            raise missing(name)
        return value

    def choice(self, name: str, code: int, message: str, allowed: tuple[str, ...]) -> str:
        """A mandatory word out of ``allowed``; another one is refused with ``code`` and ``message``."""
        value = self.required(name)
        if value not in allowed:
            raise ApiError(400, code, message)
        return value

    def integer(self, name: str) -> int | None:
        """A non-negative whole number, or None if it was not sent."""
        value = self._values.get(name)
        if value is None:
            return None
        if not _INTEGER.match(value):
            raise illegal(name, _INTEGER_RANGE)
        return int(value)

    def limit(self, default: int, maximum: int) -> int:
        """How many rows to answer: Binance caps a larger wish and refuses zero."""
        value = self.integer("limit")
        if value is None:
            return default
        if value == 0:
            raise ApiError(400, -1130, "Data sent for parameter 'limit' is not valid.")
        return min(value, maximum)

    def decimal(self, name: str) -> str:
        """A plain decimal number as text, or an empty string if it was not sent."""
        value = self._values.get(name, "")
        if value and not _DECIMAL.match(value):
            raise illegal(name, _DECIMAL_RANGE)
        return value

    def client_order_id(self, name: str) -> str:
        """A client's own name for an order, or an empty string if it was not sent."""
        value = self._values.get(name, "")
        if value and not _CLIENT_ID.match(value):
            raise illegal(name, _CLIENT_ID_RANGE)
        return value

    def flag(self, name: str) -> bool:
        return self._values.get(name, "").lower() == "true"
