"""Harms that cut clients off: streams that look open and carry nothing, resets, black holes, partitions.

A stream that has lost something never goes on as if nothing had been: TCP skips nothing. Whoever has not hung up by
the end of the harm finds its connection reset then, for the other end has long given it up.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.laboratory.link import Link
from lab.wire.fault import PickyFault, TookEffect, WireFault
from lab.wire.params import HalfOpenParams, ResetParams, WireParams
from lab.wire.parcel import Parcel
from simulators.ports import Clock


class WireHalfOpen(WireFault):
    """``wire_half_open``: open streams carry nothing in one direction, and neither end is told; requests go on."""

    cuts = True

    def __init__(self, links: Sequence[Link], clock: Clock, params: HalfOpenParams, took_effect: TookEffect) -> None:
        super().__init__(links, clock, took_effect)
        self._direction = params.direction
        self._takes_new = params.new_streams

    def begin(self, cause: int) -> None:
        super().begin(cause)
        for link in self._links:
            for stream in link.streams():
                stream.stall(self._direction)

    def treat(self, link: str, now_ns: int, parcel: Parcel) -> tuple[Parcel, ...]:
        stream = parcel.stream
        if stream is None or parcel.direction != self._direction:
            return (parcel,)
        if parcel.body and self._takes_new:
            stream.stall(self._direction)
        if stream.is_stalled(self._direction):
            self._report(f"{link}: a frame was lost on a stream that looks open")
            return ()
        return (parcel,)


class WireReset(WireFault):
    """``wire_reset``: connections break. Both ends of a stream learn of it, and a request in flight fails at once."""

    def __init__(self, links: Sequence[Link], clock: Clock, params: ResetParams, took_effect: TookEffect) -> None:
        super().__init__(links, clock, took_effect)
        self._carries = params.carries
        self._every_ns = params.every_ns

    def begin(self, cause: int) -> None:
        super().begin(cause)
        self._strike(None)

    def _strike(self, _: object) -> None:
        if not self._is_in_force:
            return
        for link in self._links:
            broken = 0
            if self._carries in ("streams", "both"):
                for stream in link.streams():
                    stream.reset()
                    broken += 1
            if self._carries in ("requests", "both"):
                broken += link.break_requests("reset")
            if broken:
                self._report(f"{link.name}: {broken} connections were reset")
        if self._every_ns:
            self._clock.call_at(self._clock.now_ns + self._every_ns, self._strike)


class WireBlackhole(PickyFault):
    """``wire_blackhole`` and ``wire_partition``: what is sent vanishes, and nobody is told."""

    cuts = True

    def __init__(self, links: Sequence[Link], clock: Clock, params: WireParams, took_effect: TookEffect) -> None:
        super().__init__(links, clock, params, took_effect)

    def treat(self, link: str, now_ns: int, parcel: Parcel) -> tuple[Parcel, ...]:
        if not self._concerns(parcel):
            return (parcel,)
        if parcel.stream is not None:
            parcel.stream.stall(parcel.direction)
        self._report(f"{link}: a message vanished")
        return ()
