"""Exchange connector: order books in the Binance spot dialect, as the depth stream and REST tell them.

Only what shows whether they are complete is read: the ids of updates, and that a snapshot is one.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from risk_monitor.connectors.binance import symbol_of
from risk_monitor.connectors.decoding import decode
from risk_monitor.connectors.domain import ConnectorError

SNAPSHOT_WEIGHT = 5
SNAPSHOT_LEVELS = 5


class DepthUpdate(msgspec.Struct, gc=False):
    """One frame of a depth stream: updates ``first_id`` to ``last_id`` of a symbol's book."""

    symbol: str = msgspec.field(name="s")
    first_id: int = msgspec.field(name="U")
    last_id: int = msgspec.field(name="u")


class _DepthFrame(msgspec.Struct, gc=False):
    data: DepthUpdate


class _Snapshot(msgspec.Struct, rename="camel"):
    last_update_id: int
    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]


_frame_decoder = msgspec.json.Decoder(_DepthFrame)
_snapshot_decoder = msgspec.json.Decoder(_Snapshot)


def depth_stream(pair: str) -> str:
    return f"{symbol_of(pair).lower()}@depth@100ms"


def depth_stream_target(pairs: tuple[str, ...]) -> str:
    return "/stream?streams=" + "/".join(depth_stream(pair) for pair in pairs)


def snapshot_target(pair: str) -> str:
    return f"/api/v3/depth?symbol={symbol_of(pair)}&limit={SNAPSHOT_LEVELS}"


def read_depth(payload: bytes) -> DepthUpdate:
    """A frame of a combined depth stream. Raises ``ConnectorError``."""
    update = decode(_frame_decoder, payload).data
    if update.last_id < update.first_id:
        raise ConnectorError(f"an update that ends at {update.last_id} begins at {update.first_id}")
    return update


def read_snapshot(body: bytes) -> int:
    """Reply to ``GET /api/v3/depth``: the id of the last update it holds. Raises ``ConnectorError``."""
    return decode(_snapshot_decoder, body).last_update_id
