"""Refusals of the exchange's API: HTTP status, Binance error code and the text that goes with it."""

from __future__ import annotations

import msgspec

from simulators.exchange.types import Rejected
from simulators.ports import Reply

_TOO_MANY = (-1003, -1015)


class ApiError(Exception):
    """The client's request is refused; ``status``, ``code`` and ``message`` are what it is told."""

    def __init__(self, status: int, code: int, message: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


class ErrorBody(msgspec.Struct, frozen=True):
    """The JSON body of every refusal."""

    code: int
    msg: str


def bad_symbol() -> ApiError:
    return ApiError(400, -1121, "Invalid symbol.")


def missing(name: str) -> ApiError:
    return ApiError(400, -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def one_of_missing(first: str, second: str) -> ApiError:
    return ApiError(400, -1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!")


def illegal(name: str, legal_range: str) -> ApiError:
    return ApiError(400, -1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal_range}'.")


def too_precise(name: str) -> ApiError:
    return ApiError(400, -1111, f"Parameter '{name}' has too much precision.")


def not_required(name: str) -> ApiError:
    return ApiError(400, -1106, f"Parameter '{name}' sent when not required.")


def filter_failure(name: str) -> ApiError:
    return ApiError(400, -1013, f"Filter failure: {name}")


def no_key() -> ApiError:
    return ApiError(401, -2014, "API-key format invalid.")


def unknown_key() -> ApiError:
    """Also for a known key that lacks the permission, or is used from elsewhere: Binance does not tell these apart."""
    return ApiError(401, -2015, "Invalid API-key, IP, or permissions for action.")


def bad_signature() -> ApiError:
    return ApiError(400, -1022, "Signature for this request is not valid.")


def from_rejected(rejected: Rejected) -> ApiError:
    """A refusal by the matching engine; Binance answers these with 400, and with 429 where there were too many."""
    return ApiError(429 if rejected.code in _TOO_MANY else 400, rejected.code, rejected.message)


def to_reply(error: ApiError, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """The refusal as it travels."""
    return Reply(error.status, msgspec.json.encode(ErrorBody(error.code, error.message)), headers + error.headers)
