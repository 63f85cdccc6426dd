"""Makes the faults of the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.laboratory.injections import Fault
from lab.laboratory.link import Link
from lab.scenario.model import Injection
from lab.wire.cuts import WireBlackhole, WireHalfOpen, WireReset
from lab.wire.draws import Draws
from lab.wire.garbling import WireCorrupt, WireDuplicate, WireReorder, WireTruncate
from lab.wire.params import WireParams
from lab.wire.slowness import WireBandwidth, WireDelay, WireLoss

if TYPE_CHECKING:
    from lab.laboratory.assembly import Laboratory

TookEffect = Callable[[str], None]


def wire_delay(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return WireDelay(_links(rooms, params), rooms.kernel, params, took_effect, _draws(rooms, injection))


def wire_loss(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return WireLoss(_links(rooms, params), rooms.kernel, params, took_effect, _draws(rooms, injection))


def wire_duplicate(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return WireDuplicate(_links(rooms, params), rooms.kernel, params, took_effect, _draws(rooms, injection))


def wire_reorder(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return WireReorder(_links(rooms, params), rooms.kernel, params, took_effect, _draws(rooms, injection))


def wire_corrupt(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return WireCorrupt(_links(rooms, params), rooms.kernel, params, took_effect, _draws(rooms, injection))


def wire_truncate(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return WireTruncate(_links(rooms, params), rooms.kernel, params, took_effect, _draws(rooms, injection))


def wire_bandwidth(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return WireBandwidth(_links(rooms, params), rooms.kernel, params, took_effect)


def wire_half_open(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return WireHalfOpen(_links(rooms, params), rooms.kernel, params, took_effect)


def wire_reset(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return WireReset(_links(rooms, params), rooms.kernel, params, took_effect)


def wire_blackhole(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return WireBlackhole(_links(rooms, params), rooms.kernel, params, took_effect)


def wire_partition(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    links = _between(rooms, params.clients, params.venues)
    return WireBlackhole(links, rooms.kernel, WireParams(), took_effect)


def _links(rooms: Laboratory, params: Any) -> list[Link]:
    clients = () if params.client == "*" else (params.client,)
    venues = params.venues if params.venue is None else (params.venue,)
    return _between(rooms, clients, venues)


def _between(rooms: Laboratory, clients: tuple[str, ...], venues: tuple[str, ...]) -> list[Link]:
    """The links from ``clients`` to ``venues`` (none named: all), in the order in which they were made."""
    links = [
        link
        for link in rooms.links
        if (not clients or link.client in clients) and (not venues or link.venue.name in venues)
    ]
    if not links:
        raise ValueError(f"no link leads from {', '.join(clients) or 'anyone'} to {', '.join(venues) or 'anywhere'}")
    return links


def _draws(rooms: Laboratory, injection: Injection) -> Draws:
    return Draws(rooms.streams(f"injection/{injection.name}"))
