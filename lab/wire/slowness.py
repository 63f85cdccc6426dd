"""Harms that make messages late: added delay, loss that TCP makes good, too little bandwidth."""

from __future__ import annotations

from collections.abc import Sequence

from lab.laboratory.link import Link
from lab.wire.draws import Draws
from lab.wire.fault import DegreeFault, PickyFault, TookEffect, whole_us
from lab.wire.params import BandwidthParams, DelayParams, LossParams
from lab.wire.parcel import Parcel
from simulators.ports import Clock

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000


class WireDelay(DegreeFault):
    """``wire_delay``: messages take longer. On a stream, what was sent later still arrives later."""

    def __init__(
        self, links: Sequence[Link], clock: Clock, params: DelayParams, took_effect: TookEffect, draws: Draws
    ) -> None:
        super().__init__(links, clock, params, took_effect, draws)
        self._added_ns, self._jitter_ns = params.added_ns, params.jitter_ns

    def treat(self, link: str, now_ns: int, parcel: Parcel) -> tuple[Parcel, ...]:
        if not self._concerns(parcel):
            return (parcel,)
        swing = 2.0 * self._draws.share(link, now_ns, parcel.body) - 1.0
        added_ns = whole_us((self._added_ns + swing * self._jitter_ns) * self._level(now_ns))
        if added_ns <= 0:
            return (parcel,)
        self._report(f"{link}: a message is {added_ns / _NS_PER_MS:g} ms late")
        return (parcel.later(added_ns),)


class WireLoss(DegreeFault):
    """``wire_loss``: messages are lost; on a stream the loss shows as delay, and when it lasts as a reset."""

    def __init__(
        self, links: Sequence[Link], clock: Clock, params: LossParams, took_effect: TookEffect, draws: Draws
    ) -> None:
        super().__init__(links, clock, params, took_effect, draws)
        self._share = params.share
        self._retransmit_ns = max(params.retransmit_ns, _NS_PER_MS)  # doubling from nothing would never end
        self._patience_ns = params.patience_ns

    def treat(self, link: str, now_ns: int, parcel: Parcel) -> tuple[Parcel, ...]:
        if not self._concerns(parcel) or not self._hits(self._share, link, now_ns, parcel):
            return (parcel,)
        if parcel.stream is None:
            self._report(f"{link}: a request or reply was lost")
            return ()
        self._report(f"{link}: a frame has to be sent again")
        waited_ns, attempt = self._retransmit_ns, 1
        while self._hits(self._share, link, now_ns, parcel, attempt):
            waited_ns += self._retransmit_ns << attempt
            attempt += 1
            if waited_ns > self._patience_ns:
                break
        if waited_ns > self._patience_ns:
            parcel.stream.break_off(now_ns + self._patience_ns)
            return ()
        return (parcel.later(waited_ns),)


class WireBandwidth(PickyFault):
    """``wire_bandwidth``: so many bytes per second and direction; what does not fit into the queue is dropped or costs
    its stream the connection."""

    def __init__(self, links: Sequence[Link], clock: Clock, params: BandwidthParams, took_effect: TookEffect) -> None:
        super().__init__(links, clock, params, took_effect)
        self._ns_per_byte = _NS_PER_S / params.bytes_per_s
        self._queue_ns = params.queue_bytes * self._ns_per_byte
        self._closes = params.when_full == "close"
        self._free_ns: dict[tuple[str, str], float] = {}  # link and direction → when it has sent all it was given

    def treat(self, link: str, now_ns: int, parcel: Parcel) -> tuple[Parcel, ...]:
        if not self._concerns(parcel):
            return (parcel,)
        way = (link, parcel.direction)
        waits_ns = max(0.0, self._free_ns.get(way, 0.0) - now_ns)
        takes_ns = parcel.weight_bytes * self._ns_per_byte
        if waits_ns + takes_ns > self._queue_ns and waits_ns:
            self._report(f"{link}: the queue is full")
            if parcel.stream is not None and (self._closes or not parcel.body):
                parcel.stream.break_off(now_ns)
            return ()
        self._free_ns[way] = now_ns + waits_ns + takes_ns
        added_ns = whole_us(waits_ns + takes_ns)
        if added_ns <= 0:
            return (parcel,)
        self._report(f"{link}: a message waits {added_ns / _NS_PER_MS:g} ms for its turn")
        return (parcel.later(added_ns),)
