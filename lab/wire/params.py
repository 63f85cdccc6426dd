"""What the faults of the wire may be told. Nothing heavy is imported, so that scenarios are checked fast."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class WireParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which links, and what of that which they carry.

    ``client``: whose links (``*``: everyone's), ``venue`` or ``venues``: to whom (none named: to all). ``direction``
    and ``carries``: requests and replies, frames of streams, or both.
    """

    client: str = "*"
    venue: str | None = None
    venues: tuple[str, ...] = ()
    direction: Literal["to_venue", "to_client", "both"] = "both"
    carries: Literal["requests", "streams", "both"] = "both"

    def __post_init__(self) -> None:
        if self.venue is not None and self.venues:
            raise ValueError("`venue` and `venues` exclude each other")


class DegreeParams(WireParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A harm that grows from none to full strength within ``ramp_ns`` of ``starts_ns``, and fades within
    ``ramp_down_ns`` before ``ends_ns``."""

    starts_ns: int = 0
    ends_ns: int = 0
    ramp_ns: int = 0
    ramp_down_ns: int = 0


class DelayParams(DegreeParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every message takes ``added_ns`` longer at full strength, give or take up to ``jitter_ns``, evenly."""

    added_ns: int = 0
    jitter_ns: int = 0


class LossParams(DegreeParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of what is sent is lost. A request or reply that is lost never comes. A stream runs on TCP: what is
    lost is sent again after ``retransmit_ns``, twice that, and so on, what follows waits behind it, and once it has
    taken ``patience_ns`` the connection is reset."""

    share: float = 0.0
    retransmit_ns: int = 200_000_000
    patience_ns: int = 60_000_000_000


class DuplicateParams(DegreeParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of frames and requests arrive twice, the copy ``after_ns`` later."""

    share: float = 0.0
    after_ns: int = 5_000_000


class ReorderParams(DegreeParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of messages is held back for ``hold_ns`` while later ones pass."""

    share: float = 0.0
    hold_ns: int = 200_000_000


class CorruptParams(DegreeParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of messages arrives with one bit flipped in each of ``flips`` bytes."""

    share: float = 0.0
    flips: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1


class TruncateParams(DegreeParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of replies and frames arrives without its end; a request without its end never counts as one."""

    share: float = 0.0


class BandwidthParams(WireParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each link and direction carries ``bytes_per_s``; the rest waits in a queue of ``queue_bytes``. What finds it full
    is dropped, or (``close``) its stream is reset, as venues do with slow consumers."""

    bytes_per_s: float = 1e12
    queue_bytes: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] = 1_000_000
    when_full: Literal["close", "drop"] = "close"


class HalfOpenParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Streams that are open at the beginning (and, with ``new_streams``, those opened later) carry nothing in
    ``direction``."""

    client: str = "*"
    venue: str | None = None
    venues: tuple[str, ...] = ()
    direction: Literal["to_venue", "to_client"] = "to_client"
    new_streams: bool = False

    def __post_init__(self) -> None:
        if self.direction not in ("to_venue", "to_client"):
            raise ValueError("half open is open one way: direction to_venue or to_client")


class ResetParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``carries``: streams, requests in flight, or both are cut off at the beginning and, if ``every_ns`` is not zero,
    again so long after."""

    client: str = "*"
    venue: str | None = None
    venues: tuple[str, ...] = ()
    carries: Literal["requests", "streams", "both"] = "both"
    every_ns: int = 0


class PartitionParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing passes between any of ``clients`` and any of ``venues``, either way."""

    clients: tuple[str, ...]
    venues: tuple[str, ...]
