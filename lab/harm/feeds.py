"""Makes the faults of market data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lab.laboratory.injections import Fault
from lab.scenario.model import Injection
from simulators.exchange.api.venue import ExchangeApi
from simulators.exchange.feed_faults import FeedGap, OutOfOrderFeed
from simulators.exchange.shown_faults import BadTick, CrossedBook, FrozenFeed, VenueClockDrift
from simulators.market_data.source_faults import SourceApi, SourceOutage, SourceStale, SourceWrong
from simulators.picks import Picks

if TYPE_CHECKING:
    from lab.laboratory.assembly import Laboratory

TookEffect = Callable[[str], None]


def frozen_feed(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return FrozenFeed(_api(rooms, injection), rooms.kernel, params, took_effect, _picks(rooms, injection))


def feed_gap(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return FeedGap(_api(rooms, injection), rooms.kernel, params, took_effect, _picks(rooms, injection))


def out_of_order_feed(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return OutOfOrderFeed(_api(rooms, injection), rooms.kernel, params, took_effect, _picks(rooms, injection))


def bad_tick(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return BadTick(_api(rooms, injection), rooms.kernel, params, took_effect, _picks(rooms, injection))


def crossed_book(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return CrossedBook(_api(rooms, injection), rooms.kernel, params, took_effect, _picks(rooms, injection))


def venue_clock_drift(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return VenueClockDrift(_api(rooms, injection), rooms.kernel, params, took_effect, _picks(rooms, injection))


def source_wrong(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return SourceWrong(_source(rooms, injection), params, took_effect)


def source_stale(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return SourceStale(_source(rooms, injection), params, took_effect)


def source_outage(rooms: Laboratory, injection: Injection, params: Any, took_effect: TookEffect) -> Fault:
    return SourceOutage(_source(rooms, injection), params, took_effect)


def _api(rooms: Laboratory, injection: Injection) -> ExchangeApi:
    return rooms.exchange_apis[str(injection.scope["venue"])]


def _picks(rooms: Laboratory, injection: Injection) -> Picks:
    return Picks(rooms.streams(f"injection/{injection.name}"))


def _source(rooms: Laboratory, injection: Injection) -> SourceApi:
    return rooms.source_apis[str(injection.scope["source"])]
