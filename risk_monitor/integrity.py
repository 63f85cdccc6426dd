"""Integrity: the mandates on what is shown, and whether it can be believed, put together for one firm."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor import plausibility
from risk_monitor.account_checks import AccountChecks
from risk_monitor.agenda import Agenda
from risk_monitor.alerts import Emit
from risk_monitor.book_watch import DepthWatch, SnapshotWatch
from risk_monitor.books.marks import MarkBook, Quote
from risk_monitor.config import MonitorConfig, VenueConfig
from risk_monitor.connectors.binance import symbol_of
from risk_monitor.custody_checks import ACCOUNT, CustodyChecks
from risk_monitor.gateway_desk import GatewayDesk
from risk_monitor.mandates.failover_storm import FailoverStorm
from risk_monitor.mandates.frozen_account import FrozenAccount
from risk_monitor.mandates.frozen_feed import FrozenFeed
from risk_monitor.mandates.partial_settlement import PartialSettlement
from risk_monitor.mandates.reconciliation import Reconciliation
from risk_monitor.mandates.reconciliation_confidence import ReconciliationConfidence
from risk_monitor.mandates.rejected_transfer import RejectedTransfer
from risk_monitor.streams import Switchboard
from risk_monitor.telemetry import Telemetry
from risk_monitor.transport import Transport, VenueLine
from risk_monitor.watchtower import Watchtower

_NS_PER_MS = 1_000_000


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


class AccountIntegrity:
    """Makes the checks of every place where the firm holds something."""

    def __init__(
        self,
        tower: Watchtower,
        marks: MarkBook,
        config: MonitorConfig,
        agenda: Agenda,
        gateway: GatewayDesk | None,
    ) -> None:
        self._tower = tower
        self._marks = marks
        self._agenda = agenda
        self._gateway = gateway
        self._patience_ns = config.patience.fills_ms * _NS_PER_MS
        self._suspicion_ns = config.cadences.suspicion_ms * _NS_PER_MS

    def of_exchange(self, venue: VenueConfig) -> tuple[AccountChecks, ...]:
        """One for each account of the exchange, in their order."""
        tower, agenda, gateway = self._tower, self._agenda, self._gateway
        names = tuple(account.name for account in venue.accounts)
        reconciliation = Reconciliation(tower, venue.name, self._marks, names)
        confidence = ReconciliationConfidence(tower, venue.name)
        pairs: dict[str, tuple[str, str]] = {}
        for pair in venue.pairs:
            base, _, quote = pair.partition("/")
            pairs[symbol_of(pair)] = (base, quote)
        return tuple(
            AccountChecks(
                venue.name,
                name,
                pairs,
                agenda,
                self._patience_ns,
                self._suspicion_ns,
                reconciliation,
                confidence,
                FrozenAccount(tower, f"{venue.name}:{name}", agenda),
                gateway.orders if gateway is not None else None,
                gateway.withdrawals if gateway is not None else None,
            )
            for name in names
        )

    def of_custodian(
        self, venue: VenueConfig, exchanges: tuple[VenueConfig, ...], hurry: Callable[[int], None]
    ) -> CustodyChecks:
        tower, agenda, gateway = self._tower, self._agenda, self._gateway
        return CustodyChecks(
            venue.name,
            self._suspicion_ns,
            Reconciliation(tower, venue.name, self._marks, (ACCOUNT,)),
            ReconciliationConfidence(tower, venue.name),
            tuple(PartialSettlement(tower, exchange.name, venue.name, agenda, hurry) for exchange in exchanges),
            RejectedTransfer(tower, venue.name, agenda),
            gateway.withdrawals if gateway is not None else None,
        )
