"""What the faults of the wire have in common: the links they act on, how strong they are, and when they first tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lab.laboratory.link import Link
from lab.wire.draws import Draws
from lab.wire.params import DegreeParams, WireParams
from lab.wire.parcel import Parcel
from simulators.ports import Clock

TookEffect = Callable[[str], None]

_NS_PER_US = 1_000


class WireFault:
    """One harm on some links, from ``begin`` to ``end``; itself what the links call for each parcel."""

    cuts = False

    def __init__(self, links: Sequence[Link], clock: Clock, took_effect: TookEffect) -> None:
        self._links = links
        self._clock = clock
        self._took_effect = took_effect
        self._is_in_force = False
        self._has_taken_effect = False

    def begin(self, cause: int) -> None:
        """Act from now on; ``cause`` is the number of the injection's record."""
        self._is_in_force = True
        for link in self._links:
            link.harm(self)

    def end(self, cause: int) -> None:
        """Act no more; what is under way arrives as it would have."""
        if self._is_in_force:
            self._is_in_force = False
            for link in self._links:
                link.heal(self)

    def treat(self, link: str, now_ns: int, parcel: Parcel) -> tuple[Parcel, ...]:
        return (parcel,)

    def _report(self, detail: str) -> None:
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect(detail)


class PickyFault(WireFault):
    """A fault that concerns one direction, or one of requests and streams, or both."""

    def __init__(self, links: Sequence[Link], clock: Clock, params: WireParams, took_effect: TookEffect) -> None:
        super().__init__(links, clock, took_effect)
        self._direction = params.direction
        self._carries = params.carries

    def _concerns(self, parcel: Parcel) -> bool:
        return self._direction in ("both", parcel.direction) and self._carries in ("both", parcel.carries)


class DegreeFault(PickyFault):
    """A fault that may grow and fade, and picks its messages by chance."""

    def __init__(
        self, links: Sequence[Link], clock: Clock, params: DegreeParams, took_effect: TookEffect, draws: Draws
    ) -> None:
        super().__init__(links, clock, params, took_effect)
        self._draws = draws
        self._starts_ns, self._ends_ns = params.starts_ns, params.ends_ns
        self._ramp_ns, self._ramp_down_ns = params.ramp_ns, params.ramp_down_ns

    def _level(self, now_ns: int) -> float:
        """How much of the harm is in force now, 0 to 1."""
        level = 1.0
        if self._ramp_ns:
            level = min(level, max(0.0, (now_ns - self._starts_ns) / self._ramp_ns))
        if self._ramp_down_ns:
            level = min(level, max(0.0, (self._ends_ns - now_ns) / self._ramp_down_ns))
        return level

    def _hits(self, share: float, link: str, now_ns: int, parcel: Parcel, number: int = 0) -> bool:
        """Whether chance picks this message."""
        return self._draws.share(link, now_ns, parcel.body, number) < share * self._level(now_ns)


def whole_us(ns: float) -> int:
    """Travel times are whole microseconds."""
    return int(ns) // _NS_PER_US * _NS_PER_US
