"""Derivatives desk: what the monitor does with one derivatives exchange: probe, prices, marks, margin accounts."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor.alerts import MAX_EVIDENCE, Emit
from risk_monitor.books.accounts import Ledgers
from risk_monitor.books.marks import Quote
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.clock_probe import ClockProbe
from risk_monitor.config import MonitorConfig, VenueConfig
from risk_monitor.connectors import binance
from risk_monitor.connectors import binance_futures as futures
from risk_monitor.connectors.domain import ConnectorError
from risk_monitor.feed import MarketFeed
from risk_monitor.mandates.clock_drift import ClockDrift
from risk_monitor.mandates.feed_staleness import PriceStaleness
from risk_monitor.mandates.unauthorised_orders import UnauthorisedOrders
from risk_monitor.margin_desk import MarginDesk
from risk_monitor.streams import StreamKeeper, StreamUse, Switchboard, say_nothing
from risk_monitor.tape import AccountTape
from risk_monitor.telemetry import Telemetry
from risk_monitor.transport import Transport, VenueLine


class DerivativesDesk:
    def __init__(
        self,
        venue: VenueConfig,
        quotes: tuple[Quote, ...],
        line: VenueLine,
        config: MonitorConfig,
        board: Switchboard,
        transport: Transport,
        emit: Emit,
        telemetry: Telemetry,
        portfolio: Portfolio,
        staleness: PriceStaleness,
        ledgers: Ledgers,
        on_account_data: Callable[[int], None],
        clock: ClockDrift,
        orders: UnauthorisedOrders | None,
    ) -> None:
        self.name = venue.name
        self._book = portfolio.perpetuals
        self._pairs = {quote.symbol: quote.pair for quote in quotes}
        self._telemetry = telemetry
        self._marked_ns = -1
        feed = MarketFeed(venue.name, quotes, portfolio, staleness, telemetry)
        self.accounts = tuple(
            MarginDesk(
                account,
                AccountTape(venue.name, account.name, self._pairs),
                portfolio.perpetuals,
                line,
                config,
                board,
                transport,
                emit,
                telemetry,
                portfolio,
                ledgers.suspense,
                on_account_data,
                orders,
            )
            for account in venue.accounts
        )
        self._probe = ClockProbe(venue, line, config, transport, clock, futures.TIME_WEIGHT, futures.time_target())
        prices = StreamUse(
            venue.name,
            None,
            binance.market_stream_target(venue.pairs),
            say_nothing,
            feed.on_frame,
            feed.last_heard_ns,
        )
        marks = StreamUse(
            venue.name,
            None,
            futures.mark_stream_target(venue.pairs),
            say_nothing,
            self._on_mark,
            lambda: self._marked_ns,
        )
        self._market = tuple(
            StreamKeeper(use, board, config.network, transport.agenda, emit, telemetry) for use in (prices, marks)
        )
        streams = (*(account.stream for account in self.accounts), *self._market)
        line.on_recovered.extend(stream.hasten for stream in streams)

    def start(self, now_ns: int) -> None:
        self._probe.start(now_ns)
        for stream in self._market:
            stream.connect(now_ns)
        for account in self.accounts:
            account.start(now_ns)

    def evidence(self) -> tuple[str, ...]:
        """The accounts, the one that was seen least recently first."""
        accounts = sorted(self.accounts, key=lambda desk: desk.seen_ns)
        return tuple(desk.evidence() for desk in accounts[:MAX_EVIDENCE])

    def _on_mark(self, now_ns: int, payload: bytes) -> None:
        try:
            mark = futures.read_mark(payload)
        except ConnectorError as error:
            self._telemetry.connector_error(f"{self.name} mark prices", str(error))
            return
        self._marked_ns = now_ns
        pair = self._pairs.get(mark.symbol)
        if pair is not None:
            self._book.set_mark_price(self.name, pair, mark.price)
