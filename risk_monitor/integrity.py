"""Integrity: the mandates on what is shown, and whether it can be believed, put together for one firm."""

from __future__ import annotations

from risk_monitor import plausibility
from risk_monitor.alerts import Emit, Watchtower
from risk_monitor.book_watch import DepthWatch, SnapshotWatch
from risk_monitor.books.marks import Quote
from risk_monitor.config import MonitorConfig, VenueConfig
from risk_monitor.mandates.failover_storm import FailoverStorm
from risk_monitor.mandates.frozen_feed import FrozenFeed
from risk_monitor.streams import Switchboard
from risk_monitor.telemetry import Telemetry
from risk_monitor.transport import Transport, VenueLine


class MarketIntegrity:
    """Quotes that contradict themselves, each other or the clock, and books that are told with gaps."""

    def __init__(
        self,
        exchanges: tuple[VenueConfig, ...],
        quotes: tuple[Quote, ...],
        tower: Watchtower,
        config: MonitorConfig,
        lines: dict[str, VenueLine],
        board: Switchboard,
        transport: Transport,
        emit: Emit,
        telemetry: Telemetry,
    ) -> None:
        self.failovers = FailoverStorm(tower, transport.agenda)
        self._plausibility = plausibility.keep(tower, quotes)
        self._frozen = FrozenFeed(tower, quotes, transport.agenda)
        self._depth = tuple(DepthWatch(venue, tower, config, board, transport, emit, telemetry) for venue in exchanges)
        self._snapshots = tuple(
            SnapshotWatch(venue, tower, config, transport, lines[venue.name]) for venue in exchanges
        )
        for venue, depth in zip(exchanges, self._depth, strict=True):
            if depth.stream is not None:
                lines[venue.name].on_recovered.append(depth.stream.hasten)

    def start(self, now_ns: int) -> None:
        self.failovers.start(now_ns)
        for depth in self._depth:
            depth.start(now_ns)
        for snapshots in self._snapshots:
            snapshots.start(now_ns)

    def refresh(self, now_ns: int) -> None:
        """Bring the measures that are only computed in need up to date, for whoever looks at them."""
        for checks in self._plausibility:
            checks.refresh()
        self._frozen.refresh(now_ns)
