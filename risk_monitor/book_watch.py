"""Book watch: whether an exchange tells of its order books completely, where the firm's rules ask for that.

The depth stream and the snapshots are heavy; without a rule that needs them neither is asked for.
"""

from __future__ import annotations

from risk_monitor.alerts import Emit
from risk_monitor.config import MonitorConfig, VenueConfig
from risk_monitor.connectors import binance_books
from risk_monitor.connectors.binance import symbol_of
from risk_monitor.connectors.domain import ConnectorError
from risk_monitor.mandates.sequence_gap import SequenceGap
from risk_monitor.mandates.snapshot_loss import SnapshotLoss
from risk_monitor.streams import StreamKeeper, StreamUse, Switchboard
from risk_monitor.telemetry import Telemetry
from risk_monitor.transport import Task, Transport, VenueLine
from risk_monitor.watchtower import Watchtower

_NS_PER_MS = 1_000_000


class DepthWatch:
    """One exchange's depth stream, of the pairs whose gaps are counted."""

    def __init__(
        self,
        venue: VenueConfig,
        tower: Watchtower,
        config: MonitorConfig,
        board: Switchboard,
        transport: Transport,
        emit: Emit,
        telemetry: Telemetry,
    ) -> None:
        self._source = f"{venue.name} depth"
        self._telemetry = telemetry
        self._heard_ns = -1
        self._gaps: dict[str, SequenceGap] = {}
        kept: list[str] = []
        for pair in venue.pairs:
            gap = SequenceGap(tower, venue.name, pair, binance_books.depth_stream(pair), transport.agenda)
            if gap.is_kept:
                kept.append(pair)
                self._gaps[symbol_of(pair)] = gap
        self.stream: StreamKeeper | None = None
        if kept:
            use = StreamUse(
                venue.name,
                None,
                binance_books.depth_stream_target(tuple(kept)),
                self._on_opened,
                self._on_frame,
                lambda: self._heard_ns,
                self._on_closed,
            )
            self.stream = StreamKeeper(use, board, config.network, transport.agenda, emit, telemetry)

    def start(self, now_ns: int) -> None:
        if self.stream is not None:
            self.stream.connect(now_ns)

    def _on_opened(self, now_ns: int, stream_id: int) -> None:
        for gap in self._gaps.values():
            gap.opened(now_ns)

    def _on_closed(self, now_ns: int) -> None:
        for gap in self._gaps.values():
            gap.closed()

    def _on_frame(self, now_ns: int, payload: bytes) -> None:
        try:
            update = binance_books.read_depth(payload)
        except ConnectorError as error:
            self._telemetry.connector_error(self._source, str(error))
            return
        gap = self._gaps.get(update.symbol)
        if gap is None:
            self._telemetry.connector_error(self._source, f"a symbol not asked for in {payload[:120]!r}")
            return
        self._heard_ns = now_ns
        gap.told(now_ns, update.first_id, update.last_id)


class SnapshotWatch:
    """One exchange's book snapshots: one at a time, pair after pair."""

    def __init__(
        self, venue: VenueConfig, tower: Watchtower, config: MonitorConfig, transport: Transport, line: VenueLine
    ) -> None:
        self._pairs = venue.pairs
        self._next = 0
        self._transport = transport
        self._loss = SnapshotLoss(tower, venue.name, transport.agenda)
        self._task = Task(
            "book snapshot",
            line,
            venue.accounts[0].name,
            (),
            binance_books.SNAPSHOT_WEIGHT,
            config.cadences.exchange_book_ms * _NS_PER_MS,
            self._target,
            self._deliver,
            self._loss.lost,
        )

    def start(self, now_ns: int) -> None:
        if self._loss.is_kept and self._pairs:
            self._transport.schedule(self._task, now_ns)

    def _target(self, now_ns: int) -> str:
        pair = self._pairs[self._next]
        self._next = (self._next + 1) % len(self._pairs)
        return binance_books.snapshot_target(pair)

    def _deliver(self, now_ns: int, departed_ns: int, body: bytes) -> None:
        binance_books.read_snapshot(body)
        self._loss.came(now_ns)
