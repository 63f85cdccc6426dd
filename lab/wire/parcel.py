"""Parcel: one message as a harmed link carries it, and what the harms of that link make of it.

A link without harm has no parcels. While harms are in force, each message goes through all of them in the order in
which they began; what is left is what arrives: nothing, the message, something else in its place, or several copies.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol

import msgspec

Direction = Literal["to_venue", "to_client"]
Carries = Literal["requests", "streams"]

HEAD_BYTES = 200
"""What the line and headers of a request or reply weigh beside its body; a frame's two to ten bytes are not counted."""


class Stream(Protocol):
    """The connection that a parcel travels on, as far as a harm may touch it."""

    def stall(self, direction: Direction) -> None:
        """Something sent in this direction is lost, and so nothing after it ever comes through: TCP skips nothing.

        The connection goes on looking open until ``reset``, or until an end hangs up.
        """

    def is_stalled(self, direction: Direction) -> bool:
        """Whether it is so."""

    def break_off(self, at_ns: int) -> None:
        """Stall both directions now and reset at ``at_ns``."""

    def reset(self) -> None:
        """Break the connection: both ends learn of it now."""


class Parcel(msgspec.Struct, frozen=True, gc=False):
    """One message under way. ``delay_ns``: its travel time. ``stream``: its connection, None for a request or reply.

    ``body`` is the payload; of a request without one, its target. A parcel with an empty body carries no payload: a
    stream that opens or closes. One that is not ``in_line`` does not wait for those sent before it on its stream.
    """

    direction: Direction
    carries: Carries
    body: bytes
    delay_ns: int
    stream: Stream | None = None
    in_line: bool = True

    @property
    def weight_bytes(self) -> int:
        """What it takes on the wire."""
        return len(self.body) + (HEAD_BYTES if self.stream is None else 0)

    def later(self, added_ns: int) -> Parcel:
        """The same, under way for longer."""
        return msgspec.structs.replace(self, delay_ns=self.delay_ns + added_ns)


class Harm(Protocol):
    """One harm in force on a link."""

    cuts: bool
    """Whether it makes connections dead that look alive; once no such harm is left, they are found out and reset."""

    def treat(self, link: str, now_ns: int, parcel: Parcel) -> tuple[Parcel, ...]:
        """What becomes of a parcel that enters ``link`` now: nothing, itself, something else, or several."""


def carry(harms: Iterable[Harm], link: str, now_ns: int, parcel: Parcel) -> tuple[Parcel, ...]:
    """What arrives of a parcel after all harms."""
    parcels: tuple[Parcel, ...] = (parcel,)
    for harm in harms:
        if len(parcels) == 1:
            parcels = harm.treat(link, now_ns, parcels[0])
        else:
            parcels = tuple(treated for each in parcels for treated in harm.treat(link, now_ns, each))
    return parcels
