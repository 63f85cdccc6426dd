"""Refusals of the custody API."""

from __future__ import annotations


class Refused(Exception):
    """The custodian refuses a request: HTTP ``status``, and ``code`` and text of the dialect."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
