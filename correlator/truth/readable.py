"""Readable: whether something that arrived in another shape than it was sent still says what it was meant to say.

Only what a fault of the wire has changed is looked at; what a venue sends is taken for what it is. Garbage reaches
nobody: a price that cannot be read is no price, and an account reply that cannot be read is no account data.
"""

from __future__ import annotations

from typing import Any

import msgspec


class _Ticker(msgspec.Struct):
    s: str
    b: float
    B: float
    a: float
    A: float


class _Frame(msgspec.Struct):
    data: _Ticker


class _Balance(msgspec.Struct):
    asset: str
    free: float
    locked: float


class _Account(msgspec.Struct):
    balances: list[_Balance]


class _MarginAccount(msgspec.Struct):
    assets: list[msgspec.Raw]
    positions: list[msgspec.Raw]


class _Vaults(msgspec.Struct):
    accounts: list[msgspec.Raw]


class _Event(msgspec.Struct):
    e: str


class _Events(msgspec.Struct):
    event: _Event


_TICKERS = (msgspec.json.Decoder(_Frame, strict=False), msgspec.json.Decoder(_Ticker, strict=False))
_EVENTS = msgspec.json.Decoder(_Events)
_ACCOUNT = msgspec.json.Decoder(_Account, strict=False)
_MARGIN_ACCOUNT = msgspec.json.Decoder(_MarginAccount)
_VAULTS = msgspec.json.Decoder(_Vaults)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ANYTHING = msgspec.json.Decoder()

UNREADABLE = (ValueError, RecursionError)
"""What msgspec raises on bytes that are not what was asked for."""


def symbol_of_price(payload: bytes) -> bytes:
    """The symbol, in small letters, of a best bid and ask, alone or in a combined stream's frame; ``b""`` if the
    payload is none."""
    for decoder in _TICKERS:
        try:
            read = decoder.decode(payload)
        except UNREADABLE:
            continue
        ticker = read.data if isinstance(read, _Frame) else read
        return ticker.s.lower().encode() if ticker.s.isupper() else b""
    return b""


def is_account_event(payload: bytes) -> bool:
    """Whether it is a frame of a user-data stream with an event in it."""
    return _is(_EVENTS, payload)


def is_account_data(target: str, body: bytes) -> bool:
    """Whether it is what a reply to an account request of that target is made of."""
    path = target.partition("?")[0]
    if path == "/api/v3/account":
        return _is(_ACCOUNT, body)
    if path == "/fapi/v2/account":
        return _is(_MARGIN_ACCOUNT, body)
    if path.startswith("/v1/vault"):
        return _is(_VAULTS, body)
    if path.startswith("/api/v3/") or path == "/v1/transactions":
        return _is(_LIST, body)
    return _is(_ANYTHING, body)


def _is(decoder: msgspec.json.Decoder[Any], payload: bytes) -> bool:
    try:
        decoder.decode(payload)
    except UNREADABLE:
        return False
    return True
