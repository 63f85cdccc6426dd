"""Payloads: of what venues send, exactly the fields that truth needs. Numbers are decimal strings where venues say so.

What cannot be read as one of these is nothing: it reaches nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from correlator.truth.readable import UNREADABLE

T = TypeVar("T")


class Ticker(msgspec.Struct, frozen=True, gc=False):
    """Best bid and ask with their quantities; a side with none is empty."""

    b: float
    B: float
    a: float
    A: float


class TickerFrame(msgspec.Struct, frozen=True, gc=False):
    """A ``Ticker`` in a combined stream's frame."""

    data: Ticker


class DepthUpdate(msgspec.Struct, frozen=True, gc=False):
    """The first and the last update id of a depth event."""

    U: int
    u: int
    s: str


class DepthFrame(msgspec.Struct, frozen=True, gc=False):
    """A ``DepthUpdate`` in a combined stream's frame."""

    data: DepthUpdate


class Snapshot(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A book snapshot: bids and asks as ``[price, quantity]``."""

    last_update_id: int
    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]


class Balance(msgspec.Struct, frozen=True, gc=False):
    asset: str
    free: Decimal
    locked: Decimal


class AccountView(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Reply to ``GET account``. ``update_time`` (ms): when the account last changed."""

    update_time: int
    balances: list[Balance]


class Position(msgspec.Struct, frozen=True, gc=False):
    """An asset's balance in ``outboundAccountPosition``."""

    a: str
    f: Decimal
    l: Decimal  # noqa: E741  (the venue's own name)


class AccountEvent(msgspec.Struct, frozen=True, gc=False):
    """An event of a user-data stream; which fields it has hangs on ``e``.

    ``executionReport``: ``s`` symbol, ``S`` side, ``c`` client order id, ``i`` order id, ``x`` execution type, ``t``
    trade id, ``l`` last quantity, ``Y`` last quote quantity, ``n`` and ``N`` commission. ``balanceUpdate``: ``a``
    asset, ``d`` delta. ``T`` (ms): when it happened.
    """

    e: str
    T: int = 0
    s: str = ""
    S: str = ""
    c: str = ""
    i: int = -1
    x: str = ""
    t: int = -1
    l: Decimal = Decimal(0)  # noqa: E741
    Y: Decimal = Decimal(0)
    n: Decimal | None = None
    N: str | None = None
    a: Any = None
    d: Decimal = Decimal(0)
    B: list[Position] = []


class AccountFrame(msgspec.Struct, frozen=True, gc=False):
    """A frame of the WebSocket API that carries an event."""

    event: AccountEvent


class _Event(msgspec.Struct, frozen=True, gc=False):
    e: str


class _AnyAccountFrame(msgspec.Struct, frozen=True, gc=False):
    event: _Event


class _SubscribeParams(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    api_key: str = ""


class Subscribe(msgspec.Struct, frozen=True, gc=False):
    """What a client sends to subscribe to user data."""

    method: str
    params: _SubscribeParams


class SubscribeAnswer(msgspec.Struct, frozen=True, gc=False):
    """Whether a subscription was accepted: 200 if so."""

    id: str
    status: int


class Trade(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One of the account's own trades, in the reply to ``GET myTrades``."""

    symbol: str
    id: int
    qty: Decimal
    quote_qty: Decimal
    commission: Decimal
    commission_asset: str
    time: int
    is_buyer: bool


class VaultAsset(msgspec.Struct, frozen=True, gc=False):
    id: str
    total: Decimal


class VaultAccount(msgspec.Struct, frozen=True, gc=False):
    id: str
    assets: list[VaultAsset]


class VaultView(msgspec.Struct, frozen=True, gc=False):
    """Reply to ``GET vault/accounts_paged``."""

    accounts: list[VaultAccount]


class _Peer(msgspec.Struct, frozen=True, gc=False):
    type: str
    id: str = ""


class _AmountInfo(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    amount: Decimal
    net_amount: Decimal


class _Settlement(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    contracted_at: int


class _Extra(msgspec.Struct, frozen=True, gc=False):
    settlement: _Settlement | None = None


class Transaction(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A custody transaction; a settlement instruction where ``extra_parameters.settlement`` says so."""

    id: str
    asset_id: str
    source: _Peer
    destination: _Peer
    amount_info: _AmountInfo
    status: str
    last_updated: int
    extra_parameters: _Extra | None = None


class Heartbeats(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="heartbeats"):
    """The gateway's word on which strategies are alive."""

    alive: list[str]


_TICKER_FRAME = msgspec.json.Decoder(TickerFrame, strict=False)
_TICKER_FRAMES = msgspec.json.Decoder(list[TickerFrame], strict=False)
_TICKER = msgspec.json.Decoder(Ticker, strict=False)
_DEPTH_FRAME = msgspec.json.Decoder(DepthFrame)
_DEPTH = msgspec.json.Decoder(DepthUpdate)
SNAPSHOT: msgspec.json.Decoder[Snapshot] = msgspec.json.Decoder(Snapshot)
ACCOUNT_VIEW: msgspec.json.Decoder[AccountView] = msgspec.json.Decoder(AccountView)
ACCOUNT_FRAME: msgspec.json.Decoder[AccountFrame] = msgspec.json.Decoder(AccountFrame)
ANY_ACCOUNT_FRAME: msgspec.json.Decoder[_AnyAccountFrame] = msgspec.json.Decoder(_AnyAccountFrame)
SUBSCRIBE: msgspec.json.Decoder[Subscribe] = msgspec.json.Decoder(Subscribe)
SUBSCRIBE_ANSWER: msgspec.json.Decoder[SubscribeAnswer] = msgspec.json.Decoder(SubscribeAnswer)
TRADES: msgspec.json.Decoder[list[Trade]] = msgspec.json.Decoder(list[Trade])
VAULT_VIEW: msgspec.json.Decoder[VaultView] = msgspec.json.Decoder(VaultView)
TRANSACTIONS: msgspec.json.Decoder[list[Transaction]] = msgspec.json.Decoder(list[Transaction])
HEARTBEATS: msgspec.json.Decoder[Heartbeats] = msgspec.json.Decoder(Heartbeats)


def read(decoder: msgspec.json.Decoder[T], payload: bytes) -> T | None:
    """What a payload says; None if it cannot be read."""
    try:
        return decoder.decode(payload)
    except UNREADABLE:
        return None


def read_tickers(payloads: Sequence[bytes]) -> list[Ticker | None]:
    """Many messages of best bid and ask at once; None for one that cannot be read."""
    try:
        return [frame.data for frame in _TICKER_FRAMES.decode(b"[" + b",".join(payloads) + b"]")]
    except UNREADABLE:
        return [read_ticker(payload) for payload in payloads]


def read_ticker(payload: bytes) -> Ticker | None:
    """A best bid and ask, alone or in a combined stream's frame; None if it is none."""
    frame = read(_TICKER_FRAME, payload)
    return frame.data if frame is not None else read(_TICKER, payload)


def read_depth(payload: bytes) -> DepthUpdate | None:
    """A depth event, alone or in a combined stream's frame; None if it is none."""
    frame = read(_DEPTH_FRAME, payload)
    update = frame.data if frame is not None else read(_DEPTH, payload)
    return update if update is not None and update.u >= update.U else None
