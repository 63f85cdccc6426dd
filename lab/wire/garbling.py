"""Harms that change what arrives: copies, another order, flipped bits, missing ends.

TCP and TLS let none of this happen to bytes. It is what a broken proxy, load balancer or client library does to whole
messages, and what reaches the code that decodes them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from lab.laboratory.link import Link
from lab.wire.draws import Draws
from lab.wire.fault import DegreeFault, TookEffect
from lab.wire.params import CorruptParams, DuplicateParams, ReorderParams, TruncateParams
from lab.wire.parcel import Parcel
from simulators.ports import Clock


class WireDuplicate(DegreeFault):
    """``wire_duplicate``: a frame or request arrives twice. A second reply would find nobody waiting for it."""

    def __init__(
        self, links: Sequence[Link], clock: Clock, params: DuplicateParams, took_effect: TookEffect, draws: Draws
    ) -> None:
        super().__init__(links, clock, params, took_effect, draws)
        self._share, self._after_ns = params.share, params.after_ns

    def treat(self, link: str, now_ns: int, parcel: Parcel) -> tuple[Parcel, ...]:
        is_reply = parcel.carries == "requests" and parcel.direction == "to_client"
        if (
            is_reply
            or not parcel.body
            or not self._concerns(parcel)
            or not self._hits(self._share, link, now_ns, parcel)
        ):
            return (parcel,)
        self._report(f"{link}: a message arrives twice")
        return (parcel, msgspec.structs.replace(parcel, delay_ns=parcel.delay_ns + self._after_ns, in_line=False))


class WireReorder(DegreeFault):
    """``wire_reorder``: a message is held back and overtaken by those sent after it."""

    def __init__(
        self, links: Sequence[Link], clock: Clock, params: ReorderParams, took_effect: TookEffect, draws: Draws
    ) -> None:
        super().__init__(links, clock, params, took_effect, draws)
        self._share, self._hold_ns = params.share, params.hold_ns

    def treat(self, link: str, now_ns: int, parcel: Parcel) -> tuple[Parcel, ...]:
        if not parcel.body or not self._concerns(parcel) or not self._hits(self._share, link, now_ns, parcel):
            return (parcel,)
        self._report(f"{link}: a message is held back")
        return (msgspec.structs.replace(parcel, delay_ns=parcel.delay_ns + self._hold_ns, in_line=False),)


class WireCorrupt(DegreeFault):
    """``wire_corrupt``: bits are flipped, and nobody on the way notices."""

    def __init__(
        self, links: Sequence[Link], clock: Clock, params: CorruptParams, took_effect: TookEffect, draws: Draws
    ) -> None:
        super().__init__(links, clock, params, took_effect, draws)
        self._share, self._flips = params.share, params.flips

    def treat(self, link: str, now_ns: int, parcel: Parcel) -> tuple[Parcel, ...]:
        if not parcel.body or not self._concerns(parcel) or not self._hits(self._share, link, now_ns, parcel):
            return (parcel,)
        body = bytearray(parcel.body)
        for flip in range(self._flips):
            word = self._draws.word(link, now_ns, parcel.body, flip + 1)
            # The highest bit stays: it would turn text into what no text decoder takes, and be found out at once.
            body[word % len(body)] ^= 1 << (word >> 32) % 7
        altered = bytes(body)
        if altered == parcel.body:
            return (parcel,)
        self._report(f"{link}: a message arrives altered")
        return (msgspec.structs.replace(parcel, body=altered),)


class WireTruncate(DegreeFault):
    """``wire_truncate``: the end of a reply or frame is missing. Of a request, nothing comes: its receiver waits for
    the rest."""

    def __init__(
        self, links: Sequence[Link], clock: Clock, params: TruncateParams, took_effect: TookEffect, draws: Draws
    ) -> None:
        super().__init__(links, clock, params, took_effect, draws)
        self._share = params.share

    def treat(self, link: str, now_ns: int, parcel: Parcel) -> tuple[Parcel, ...]:
        if not parcel.body or not self._concerns(parcel) or not self._hits(self._share, link, now_ns, parcel):
            return (parcel,)
        self._report(f"{link}: a message arrives without its end")
        if parcel.stream is None and parcel.direction == "to_venue":
            return ()
        kept = self._draws.below(len(parcel.body), link, now_ns, parcel.body, 1)
        return (msgspec.structs.replace(parcel, body=parcel.body[:kept]),)
