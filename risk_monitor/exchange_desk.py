"""Exchange desk: everything the monitor does with one exchange: probe, price stream, accounts."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor.account_checks import AccountChecks
from risk_monitor.account_desk import AccountDesk
from risk_monitor.alerts import Emit
from risk_monitor.books.accounts import ExchangeAccount, Ledgers
from risk_monitor.books.marks import Quote
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.clock_probe import ClockProbe
from risk_monitor.config import MonitorConfig, VenueConfig
from risk_monitor.connectors import binance
from risk_monitor.feed import MarketFeed
from risk_monitor.mandates.clock_drift import ClockDrift
from risk_monitor.mandates.feed_staleness import PriceStaleness
from risk_monitor.streams import StreamKeeper, StreamUse, Switchboard, say_nothing
from risk_monitor.tape import AccountTape
from risk_monitor.telemetry import Telemetry
from risk_monitor.transport import Transport, VenueLine

_NS_PER_MS = 1_000_000


class ExchangeDesk:
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
        checks: tuple[AccountChecks, ...],
    ) -> None:
        self.name = venue.name
        feed = MarketFeed(venue.name, quotes, portfolio, staleness, telemetry)
        pairs = {quote.symbol: _legs(quote.pair) for quote in quotes}
        self.accounts = tuple(
            AccountDesk(
                ExchangeAccount(
                    venue.name,
                    account.name,
                    pairs,
                    config.patience.fills_ms * _NS_PER_MS,
                    transport.agenda,
                    ledgers,
                ),
                account,
                AccountTape(venue.name, account.name, {quote.symbol: quote.pair for quote in quotes}),
                line,
                config,
                board,
                transport,
                emit,
                telemetry,
                portfolio,
                ledgers.suspense,
                on_account_data,
                held_against,
            )
            for account, held_against in zip(venue.accounts, checks, strict=True)
        )
        self._probe = ClockProbe(venue, line, config, transport, clock, binance.TIME_WEIGHT, binance.time_target())
        streams = [account.stream for account in self.accounts]
        self._prices: StreamKeeper | None = None
        if quotes:
            use = StreamUse(
                venue.name,
                None,
                binance.market_stream_target(venue.pairs),
                say_nothing,
                feed.on_frame,
                feed.last_heard_ns,
            )
            self._prices = StreamKeeper(use, board, config.network, transport.agenda, emit, telemetry)
            streams.append(self._prices)
        line.on_recovered.extend(stream.hasten for stream in streams)

    def start(self, now_ns: int) -> None:
        self._probe.start(now_ns)
        if self._prices is not None:
            self._prices.connect(now_ns)
        for account in self.accounts:
            account.start(now_ns)

    @property
    def seen_ns(self) -> int:
        """When the request left that gave the oldest of the accounts' last snapshots; -1 while one of them shows
        changes that may still turn out to be transfers."""
        books = [account.book for account in self.accounts]
        return min(book.seen_ns for book in books) if all(book.is_settled for book in books) else -1

    def account(self, name: str) -> AccountDesk | None:
        return next((account for account in self.accounts if account.book.name == name), None)


def _legs(pair: str) -> tuple[str, str]:
    base, _, quote = pair.partition("/")
    return base, quote
