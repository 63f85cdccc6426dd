"""Margin desk: keeps one margin account at a derivatives exchange in view, by its stream and by asking.

Wallet and positions come whole in every view, so nothing has to be explained by fills: what changed was profit, fees or
funding, unless the venue says that it was a transfer.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from risk_monitor.agenda import Job
from risk_monitor.alerts import Emit
from risk_monitor.books.holdings import MAX_ASSETS, ZERO
from risk_monitor.books.perpetuals import PerpetualBook
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.books.suspense import Seen, Suspense
from risk_monitor.config import Account, MonitorConfig
from risk_monitor.connectors import binance
from risk_monitor.connectors import binance_futures as futures
from risk_monitor.connectors.domain import ConnectorError, Fill, OrderEvent, OrderUpdate
from risk_monitor.effects import SendFrame
from risk_monitor.mandates.unauthorised_orders import UnauthorisedOrders
from risk_monitor.streams import StreamKeeper, StreamUse, Switchboard
from risk_monitor.tape import AccountTape
from risk_monitor.telemetry import Telemetry
from risk_monitor.transport import Task, Transport, VenueLine

_NS_PER_MS = 1_000_000


class MarginDesk:
    """``heard_ns`` is when anything was last heard of the account, ``seen_ns`` when the request left whose reply gave
    the last complete view; -1 before the first."""

    def __init__(
        self,
        account: Account,
        tape: AccountTape,
        book: PerpetualBook,
        line: VenueLine,
        config: MonitorConfig,
        board: Switchboard,
        transport: Transport,
        emit: Emit,
        telemetry: Telemetry,
        portfolio: Portfolio,
        suspense: Suspense,
        on_data: Callable[[int], None],
        orders: UnauthorisedOrders | None,
    ) -> None:
        self.account = account
        self.tape = tape
        self.heard_ns = self.seen_ns = -1
        self._pairs = dict(tape.pairs)
        self._book = book
        self._line = line
        self._agenda = transport.agenda
        self._transport = transport
        self._emit = emit
        self._telemetry = telemetry
        self._portfolio = portfolio
        self._suspense = suspense
        self._on_data = on_data
        self._orders = orders
        self._wallets: dict[str, Decimal] = {}
        self._update_ms = -1
        self._source = "unseen"
        self._last_trade: dict[str, int] = {}
        self._is_subscribed = False
        self._subscription_ns = config.network.connect_timeout_ms * _NS_PER_MS
        self._subscription_job = Job(self._on_no_answer)
        use = StreamUse(
            line.name,
            account.name,
            futures.USER_STREAM_TARGET,
            self._on_opened,
            self._on_frame,
            closed=lambda now_ns: self._subscribed(now_ns, False),
        )
        self.stream = StreamKeeper(use, board, config.network, self._agenda, emit, telemetry)
        self._task = Task(
            f"account {account.name}",
            line,
            account.name,
            binance.headers_of(account),
            futures.ACCOUNT_WEIGHT,
            config.cadences.exchange_account_ms * _NS_PER_MS,
            lambda now_ns: futures.account_target(account, line.venue_ns(now_ns)),
            self._on_account,
        )

    def start(self, now_ns: int) -> None:
        self._transport.schedule(self._task, now_ns)
        self.stream.connect(now_ns)

    def evidence(self) -> str:
        return f"{self._line.name} account {self.account.name} {self._source}"

    def _on_account(self, now_ns: int, departed_ns: int, body: bytes) -> None:
        view = futures.read_account(body)
        is_first = self.seen_ns < 0
        self.seen_ns = departed_ns
        if view.update_ms >= self._update_ms:
            self._adopt(now_ns, view)
            self._source = f"GET /fapi/v2/account updateTime={view.update_ms}"
        if is_first:
            self._portfolio.holdings.place_seen(now_ns)
        self._heard(now_ns)

    def _on_frame(self, now_ns: int, payload: bytes) -> None:
        try:
            event = futures.read_user_frame(payload)
        except ConnectorError as error:
            self._telemetry.connector_error(f"{self._line.name} account {self.account.name} events", str(error))
            return
        match event:
            case binance.Subscribed():
                self._subscribed(now_ns, True)
                self._agenda.cancel(self._subscription_job)
                self._transport.schedule(self._task, now_ns)
                return
            case binance.SubscriptionLost(reason):
                self._telemetry.note(f"{self._line.name} account {self.account.name}: subscription lost, {reason}")
                self._subscribed(now_ns, False)
                self.stream.renew(now_ns)
                return
            case futures.MarginView() if self.seen_ns >= 0 and event.update_ms >= self._update_ms:
                self._adopt(now_ns, event)
                self._source = f"ACCOUNT_UPDATE m={event.reason} T={event.update_ms}"
            case futures.MarginCalled(symbols):
                called = ", ".join(symbols)
                self._telemetry.note(f"{self._line.name} account {self.account.name}: margin call on {called}")
            case Fill() if event.trade_id > self._last_trade.get(event.symbol, -1):
                if event.symbol in self._pairs:
                    self._last_trade[event.symbol] = event.trade_id
                self.tape.on_fill(now_ns, event)
                self._reported(now_ns, event, False)
            case OrderUpdate():
                self.tape.on_order(now_ns, event)
                if event.event is OrderEvent.ACCEPTED:
                    self._reported(now_ns, event, True)
        self._heard(now_ns)

    def _adopt(self, now_ns: int, view: futures.MarginView) -> None:
        self._update_ms = view.update_ms
        venue, name, wallets = self._line.name, self.account.name, self._wallets
        for wallet in view.wallets:
            known = wallets.get(wallet.asset, ZERO)
            if wallet.asset not in wallets and len(wallets) >= MAX_ASSETS:
                continue
            wallets[wallet.asset] = wallet.balance
            self._book.set_wallet(venue, name, wallet.asset, wallet.balance)
            if wallet.balance != known:
                self._portfolio.holdings.shift(now_ns, wallet.asset, wallet.balance - known)
            if view.reason in futures.FLOW_REASONS and wallet.change:
                self._suspense.enter(now_ns, Seen.AT_EXCHANGE, venue, name, wallet.asset, wallet.change)
        for position in view.positions:
            pair = self._pairs.get(position.symbol)
            if pair is not None:
                self._book.set_position(venue, name, pair, position.amount, position.entry_price)
        if not view.reason:
            named = {position.symbol for position in view.positions}
            for symbol, pair in self._pairs.items():
                if symbol not in named:
                    self._book.set_position(venue, name, pair, ZERO, 0.0)

    def _reported(self, now_ns: int, event: Fill | OrderUpdate, is_new: bool) -> None:
        """Whether an order is the firm's own is asked of every one but the venue's, which liquidates."""
        if self._orders is not None and not event.is_liquidation:
            self._orders.reported(
                now_ns,
                self._line.name,
                self.account.name,
                event.symbol,
                event.order_id,
                event.client_order_id,
                is_new,
            )

    def _heard(self, now_ns: int) -> None:
        self.heard_ns = now_ns
        self._on_data(now_ns)
        self._portfolio.touch(now_ns)

    def _on_opened(self, now_ns: int, stream_id: int) -> None:
        self._subscribed(now_ns, False)
        self._emit(SendFrame(stream_id, binance.subscribe_frame(self.account, self._line.venue_ns(now_ns))))
        self._agenda.arm(self._subscription_job, now_ns + self._subscription_ns)

    def _on_no_answer(self, now_ns: int) -> None:
        if self.stream.is_open and not self._is_subscribed:
            self.stream.renew(now_ns)

    def _subscribed(self, now_ns: int, is_subscribed: bool) -> None:
        self._is_subscribed = is_subscribed
        self.tape.set_live(now_ns, is_subscribed)
        if self._orders is not None and is_subscribed:
            self._orders.account_open(now_ns, self._line.name, self.account.name)
        elif self._orders is not None:
            self._orders.account_closed(self._line.name, self.account.name)
