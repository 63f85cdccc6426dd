"""The risk monitor: a state machine that takes events with their times and gives effects.

It holds no clock, socket or thread. ``step`` is called with whatever happened, and with ``TimerFired`` no later than
``next_deadline_ns``; the same events at the same times give the same effects.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from risk_monitor.agenda import Agenda
from risk_monitor.alerts import RuleStatus, Timing
from risk_monitor.books.accounts import Ledgers
from risk_monitor.books.equity import EquityHistory
from risk_monitor.books.holdings import Holdings
from risk_monitor.books.marks import MarkBook, Quote
from risk_monitor.books.perpetuals import Perpetual, PerpetualBook, is_perpetual, legs_of
from risk_monitor.books.pnl import PositionStatus, ProfitBook
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.books.suspense import Suspense
from risk_monitor.config import ConfigError, MonitorConfig, validate
from risk_monitor.controls.config import ControlsConfig
from risk_monitor.controls.firm_view import FirmView
from risk_monitor.controls.room import ControlRoom
from risk_monitor.custody_reader import CustodyReader
from risk_monitor.derivatives_desk import DerivativesDesk
from risk_monitor.effects import Effect, RaiseSignal
from risk_monitor.events import (
    Event,
    OperatorSaid,
    ReplyReceived,
    RequestFailed,
    Started,
    StreamClosed,
    StreamMessage,
    StreamOpened,
    TimerFired,
)
from risk_monitor.exchange_desk import ExchangeDesk
from risk_monitor.firm import FirmViews, custody_books, universe
from risk_monitor.gateway_desk import GatewayDesk
from risk_monitor.integrity import AccountIntegrity, MarketIntegrity
from risk_monitor.limits import Limits
from risk_monitor.mandates import basis, overdue_settlement, price_divergence, stablecoin_peg, triangular_divergence
from risk_monitor.mandates.api_errors import ApiErrors
from risk_monitor.mandates.api_latency import ApiLatency
from risk_monitor.mandates.api_outage import ApiOutage
from risk_monitor.mandates.board import PortfolioBoard
from risk_monitor.mandates.clock_drift import ClockDrift
from risk_monitor.mandates.conduct_board import ConductBoard
from risk_monitor.mandates.feed_staleness import PositionStaleness, PriceStaleness
from risk_monitor.mandates.leverage import Leverage
from risk_monitor.mandates.reference_price import ReferencePrice
from risk_monitor.mandates.statistics_board import StatisticsBoard
from risk_monitor.mandates.unsettled_exposure import UnsettledExposure
from risk_monitor.mandates.visibility import Visibility
from risk_monitor.price_source import PriceSource
from risk_monitor.state import StateStore
from risk_monitor.streams import Switchboard
from risk_monitor.telemetry import Telemetry
from risk_monitor.transport import Transport, VenueLine
from risk_monitor.watchtower import Watchtower

Effects = tuple[Effect, ...]

_NOTHING: Effects = ()
_NS_PER_MS = 1_000_000


class MonitorStatus(msgspec.Struct, frozen=True):
    """What the monitor knows now. ``equity_usd`` is None while it cannot be computed."""

    rules: tuple[RuleStatus, ...]
    holdings: tuple[tuple[str, float], ...]
    equity_usd: float | None
    high_water_mark_usd: float | None
    positions: tuple[PositionStatus, ...]
    unpriced: tuple[str, ...]


class RiskMonitor:
    """Watches one firm under one set of limits, and reacts where ``controls`` are wired in. Raises ``ConfigError`` if
    the configuration contradicts itself."""

    def __init__(self, config: MonitorConfig, limits: Limits, controls: ControlsConfig | None = None) -> None:
        validate(config)
        self.telemetry = Telemetry()
        self._out: list[Effect] = []
        emit = self._out.append
        self.controls: ControlRoom | None = None
        """What reacts to alerts, where the firm has wired it in."""
        self._agenda = agenda = Agenda()
        self._board = Switchboard()
        self._handlers = self._board.handlers
        self._transport = transport = Transport(config.network, agenda, emit, self.telemetry)
        patience = config.patience
        timing = Timing(
            patience.resolve_ms * _NS_PER_MS, patience.notice_ms * _NS_PER_MS, config.escalate_after_ms * _NS_PER_MS
        )
        tower = Watchtower(limits, agenda, timing, emit if controls is None else self._react)
        self._tower = tower
        exchanges = tuple(venue for venue in config.venues if venue.dialect == "binance")
        derivatives = tuple(venue for venue in config.venues if venue.dialect == "binance_futures")
        custodians = tuple(venue for venue in config.venues if venue.dialect == "fireblocks")
        sources = tuple(venue for venue in config.venues if venue.dialect in ("coingecko", "coinmetrics"))

        quotes = tuple(Quote(venue.name, pair) for venue in (*exchanges, *derivatives) for pair in venue.pairs)
        self._marks = marks = MarkBook(quotes, universe(config, limits))
        self._profit = ProfitBook(marks)
        holdings = Holdings(sum(len(venue.accounts) for venue in (*exchanges, *derivatives)) + len(custodians))
        perpetuals = PerpetualBook(
            tuple(
                Perpetual(venue.name, pair, *legs_of(pair))
                for venue in config.venues
                for pair in venue.pairs
                if is_perpetual(pair)
            )
        )
        rapid = limits.mandate("rapid_drawdown")
        history = EquityHistory(rapid.window_ns if rapid else 0)
        self._portfolio = portfolio = Portfolio(
            holdings,
            marks,
            history,
            agenda,
            config.cadences.evaluation_ms * _NS_PER_MS,
            patience.quiet_ms * _NS_PER_MS,
            self._profit.value_opening,
            perpetuals,
        )
        self._state = StateStore(agenda, emit, config.cadences.state_ms, config.cadences.alive_ms, self.telemetry)
        self._state.keep("equity", history)
        self._state.keep("alerts", tower)
        self._views = views = FirmViews()
        suspense = Suspense(agenda, views, patience.transfer_ms * _NS_PER_MS, self._on_flow)
        portfolio.suspense = suspense
        ledgers = Ledgers(holdings, self._profit, suspense, self.telemetry)

        stablecoin_peg.keep(tower, quotes)
        price_divergence.keep(tower, quotes)
        triangular_divergence.keep(tower, quotes)
        basis.keep(tower, quotes)
        self._staleness = PriceStaleness(tower, quotes, agenda)
        self._positions: list[PositionStaleness] = []
        lines = {venue.name: VenueLine(venue, transport) for venue in config.venues}
        for venue in config.venues:
            if venue.dialect != "gateway":  # the firm's own; that it is silent its heartbeats tell
                lines[venue.name].health = (
                    ApiOutage(tower, venue.name, agenda),
                    ApiLatency(tower, venue.name, agenda),
                    ApiErrors(tower, venue.name, agenda),
                )
        self._integrity = MarketIntegrity(
            exchanges, quotes, tower, config, lines, self._board, transport, emit, self.telemetry
        )
        self.failovers = self._integrity.failovers
        self.gateway: GatewayDesk | None = next(
            (
                GatewayDesk(
                    venue, lines[venue.name], config, tower, marks, self._board, transport, emit, self.telemetry
                )
                for venue in config.venues
                if venue.dialect == "gateway"
            ),
            None,
        )
        if controls is not None:
            self.controls = self._control_room(controls, tower, FirmView(portfolio, quotes))
        checks = AccountIntegrity(tower, marks, config, agenda, self.gateway)
        for venue in exchanges:
            freshness = PositionStaleness(tower, venue.name, views.account_evidence(venue.name), agenda)
            self._positions.append(freshness)
            views.exchanges[venue.name] = ExchangeDesk(
                venue,
                tuple(quote for quote in quotes if quote.venue == venue.name),
                lines[venue.name],
                config,
                self._board,
                transport,
                emit,
                self.telemetry,
                portfolio,
                self._staleness,
                ledgers,
                freshness.reached,
                ClockDrift(tower, venue.name),
                checks.of_exchange(venue),
            )
        for venue in derivatives:
            freshness = PositionStaleness(tower, venue.name, views.margin_evidence(venue.name), agenda)
            self._positions.append(freshness)
            views.derivatives[venue.name] = DerivativesDesk(
                venue,
                tuple(quote for quote in quotes if quote.venue == venue.name),
                lines[venue.name],
                config,
                self._board,
                transport,
                emit,
                self.telemetry,
                portfolio,
                self._staleness,
                ledgers,
                freshness.reached,
                ClockDrift(tower, venue.name),
                self.gateway.orders if self.gateway is not None else None,
            )
        books = custody_books(custodians, ledgers)
        for venue, book in zip(custodians, books, strict=True):
            freshness = PositionStaleness(tower, venue.name, views.custody_evidence(book), agenda)
            self._positions.append(freshness)
            views.custodians[venue.name] = CustodyReader(
                book,
                venue.accounts[0],
                lines[venue.name],
                config.cadences.custody_ms * _NS_PER_MS,
                transport,
                self.telemetry,
                freshness.reached,
                self._on_custody_view,
                checks.of_custodian(venue, exchanges, views.hurry_custody),
            )
        self._overdue = overdue_settlement.keep(
            tower, tuple(venue.name for venue in exchanges), books, agenda, views.hurry_custody
        )
        evidence_of, evidence = views.asset_evidence(marks), views.firm_evidence(quotes)
        board = PortfolioBoard(tower, portfolio, evidence_of, evidence)
        portfolio.evaluations.append(board.evaluate)
        margined = tuple(
            (venue.name, account.name)
            for venue in config.venues
            if any(is_perpetual(pair) for pair in venue.pairs)
            for account in venue.accounts
        )
        portfolio.evaluations.append(Leverage(tower, margined, perpetuals, marks).evaluate)
        self._statistics = StatisticsBoard(tower, portfolio, agenda, evidence_of, evidence)
        self._conduct = ConductBoard(tower, views.tapes(), quotes, portfolio, agenda)
        self._visibility = Visibility(tower, marks, holdings, views.heard_ns, views.heard, agenda)
        if self._visibility.is_kept:
            portfolio.evaluations.append(self._visibility.look)
            self._staleness.listeners.append(self._visibility.look)
        portfolio.evaluations.append(UnsettledExposure(tower, books, marks).evaluate)
        priced = tuple(asset for asset in marks.assets if asset != "USD")
        interval_ns = config.cadences.price_source_ms * _NS_PER_MS
        reference = ReferencePrice(
            tower, tuple((venue.name, venue.assets or priced) for venue in sources), marks, agenda
        )
        if reference.is_kept:
            portfolio.evaluations.append(reference.history.look)
            self._staleness.listeners.append(reference.history.refresh)
        self.price_sources = tuple(
            PriceSource(venue, venue.assets or priced, lines[venue.name], interval_ns, transport, reference.told)
            for venue in sources
        )

    def step(self, now_ns: int, event: Event) -> Effects:
        """Take an event that happened at ``now_ns`` (ns since the Unix epoch, never less than before)."""
        if isinstance(event, StreamMessage):
            return self.on_stream_message(now_ns, event.stream_id, event.payload)
        if isinstance(event, TimerFired):
            return self.on_timer(now_ns)
        self._agenda.run_due(now_ns)
        match event:
            case ReplyReceived(request_id, status, body, arrived_ns):
                self._transport.on_reply(now_ns, request_id, status, body, arrived_ns or now_ns)
            case Started(saved):
                self._state.start(now_ns, saved)
                self._start(now_ns)
            case RequestFailed(request_id):
                self._transport.on_broken(now_ns, request_id)
            case StreamOpened(stream_id):
                if keeper := self._board.keepers.get(stream_id):
                    keeper.on_opened(now_ns)
            case StreamClosed(stream_id, reason):
                if keeper := self._board.keepers.get(stream_id):
                    self.telemetry.note(f"{keeper.use.venue} {keeper.use.target}: closed, {reason}")
                    keeper.on_closed(now_ns)
            case OperatorSaid():
                self._on_operator(now_ns, event)
        return self._take_effects()

    def on_stream_message(self, now_ns: int, stream_id: int, payload: bytes) -> Effects:
        """The same as ``step`` with a ``StreamMessage``, for whoever cannot afford the event."""
        agenda = self._agenda
        if now_ns >= agenda.deadline_ns:
            agenda.run_due(now_ns)
        else:
            agenda.now_ns = now_ns
        handler = self._handlers.get(stream_id)
        if handler is None:
            self.telemetry.stray_messages += 1
        else:
            handler(now_ns, payload)
        if self._out:
            return self._take_effects()
        return _NOTHING

    def on_timer(self, now_ns: int) -> Effects:
        """The same as ``step`` with a ``TimerFired``."""
        self._agenda.run_due(now_ns)
        return self._take_effects() if self._out else _NOTHING

    def next_deadline_ns(self) -> int:
        """When the monitor wants to be woken at the latest; ``agenda.NEVER_NS`` if it does not."""
        return self._agenda.deadline_ns

    def status(self) -> MonitorStatus:
        portfolio = self._portfolio
        history = portfolio.history
        holdings = portfolio.holdings
        self._integrity.refresh(self._agenda.now_ns)
        return MonitorStatus(
            self._tower.status(),
            tuple((asset, float(holdings.total(asset))) for asset in holdings.assets()),
            portfolio.equity,
            history.high_water_mark if history.is_started else None,
            self._profit.positions(),
            portfolio.unpriced(),
        )

    def _start(self, now_ns: int) -> None:
        self._portfolio.start(now_ns)
        self._staleness.start(now_ns)
        self._statistics.start(now_ns)
        self._conduct.start(now_ns)
        alive_ns = self._state.alive_ns
        # What was seen last stayed fresh for as long as any price does.
        blind_ns = now_ns if alive_ns is None else min(now_ns, alive_ns + self._staleness.patience_ns)
        self._visibility.start(now_ns, blind_ns)
        for freshness in self._positions:
            freshness.reached(now_ns)
        for exchange in self._views.exchanges.values():
            exchange.start(now_ns)
        for derivatives in self._views.derivatives.values():
            derivatives.start(now_ns)
        self._views.hurry_custody(now_ns)
        for source in self.price_sources:
            source.start(now_ns)
        self._integrity.start(now_ns)
        if self.gateway is not None:
            self.gateway.start(now_ns)

    def _control_room(self, controls: ControlsConfig, tower: Watchtower, view: FirmView) -> ControlRoom:
        if self.gateway is None:
            raise ConfigError("controls: a gateway expected among the venues, since they act through it")
        room = ControlRoom(
            controls,
            tower,
            view,
            self.gateway,
            self._agenda,
            self._out.append,
            self.telemetry,
            self._integrity.failovers.happened,
            self._state.save_soon,
        )
        self.gateway.listener = room
        self._state.keep("controls", room)
        return room

    def _react(self, effect: Effect) -> None:
        """What the alerts have to tell goes to the controls too."""
        self._out.append(effect)
        if isinstance(effect, RaiseSignal) and self.controls is not None:
            self.controls.on_signal(self._agenda.now_ns, effect.signal)

    def _on_operator(self, now_ns: int, said: OperatorSaid) -> None:
        if said.command == "acknowledge":
            if not self._tower.acknowledge(said.subject):
                self.telemetry.note(f"operator: acknowledge {said.subject[:60]}: no such alert fires")
        elif self.controls is not None:
            self.controls.on_operator(now_ns, said)
        else:
            self.telemetry.note(f"operator: {said.command} {said.subject[:60]}: no controls are wired in")

    def _on_custody_view(self, now_ns: int) -> None:
        for mandate in self._overdue:
            mandate.on_view(now_ns)
        if self._portfolio.suspense is not None:
            self._portfolio.suspense.settle(now_ns)
        self._portfolio.touch(now_ns)

    def _on_flow(self, now_ns: int, asset: str, amount: Decimal) -> None:
        """Value came from or went to the outside world: neither gain nor loss."""
        self._portfolio.history.flow(float(amount) * self._marks.mark(asset))
        self._portfolio.touch(now_ns)

    def _take_effects(self) -> Effects:
        if not self._out:
            return _NOTHING
        effects = tuple(self._out)
        self._out.clear()
        return effects
