"""Account desk: keeps one exchange account in view, by its user-data stream and by asking.

The stream tells of changes at once; asking finds what a stream has swallowed. A snapshot asked for after every
subscription closes the gap before it, and the trades of the gap are fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from risk_monitor.account_checks import AccountChecks
from risk_monitor.agenda import Agenda, Job
from risk_monitor.alerts import Emit
from risk_monitor.books.accounts import ExchangeAccount
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.books.suspense import Explained, Suspense
from risk_monitor.config import Account, MonitorConfig
from risk_monitor.connectors import binance
from risk_monitor.connectors.domain import (
    AccountSnapshot,
    BalanceChange,
    ConnectorError,
    Fill,
    HistoryRecord,
    OrderUpdate,
)
from risk_monitor.effects import SendFrame
from risk_monitor.streams import StreamKeeper, StreamUse, Switchboard
from risk_monitor.tape import AccountTape
from risk_monitor.telemetry import Telemetry
from risk_monitor.transport import AT_ONCE_NS, Task, Transport, VenueLine

MAX_RECORDS = 256
_NS_PER_MS = 1_000_000
_OVERLAP_MS = 1_000
_HISTORY_MS = 600_000


class AccountDesk:
    def __init__(
        self,
        book: ExchangeAccount,
        account: Account,
        tape: AccountTape,
        line: VenueLine,
        config: MonitorConfig,
        board: Switchboard,
        transport: Transport,
        emit: Emit,
        telemetry: Telemetry,
        portfolio: Portfolio,
        suspense: Suspense,
        on_data: Callable[[int], None],
        checks: AccountChecks,
    ) -> None:
        self.book = book
        self.account = account
        self.tape = tape
        self._symbols = tuple(tape.pairs)
        self.line = line
        self._agenda: Agenda = transport.agenda
        self._transport = transport
        self._emit = emit
        self._telemetry = telemetry
        self._portfolio = portfolio
        self._suspense = suspense
        self._on_data = on_data
        self._headers = binance.headers_of(account)
        self._subscription_ns = config.network.connect_timeout_ms * _NS_PER_MS
        self._subscription_job = Job(self._on_no_answer)
        self._is_subscribed = False
        self.heard_ns = -1
        """When anything was last heard of the account, -1 before."""
        self._subscriptions = 0
        self._gaps: dict[str, _Gap] = {}  # symbol → the last one that was to be fetched
        self._agreed_ns = 0
        self._suspected_ns: int | None = None
        self._records: dict[str, HistoryRecord] = {}
        self._claimed: dict[str, None] = {}
        self._checks = checks
        checks.ask_at = self._ask_at
        checks.ask_trades = self._catch_up
        checks.is_catching_up = self._is_catching_up
        use = StreamUse(
            line.name,
            account.name,
            binance.USER_STREAM_TARGET,
            self._on_opened,
            self._on_frame,
            closed=self._on_closed,
        )
        self.stream = StreamKeeper(use, board, config.network, self._agenda, emit, telemetry)
        self._task = Task(
            f"account {account.name}",
            line,
            account.name,
            self._headers,
            binance.ACCOUNT_WEIGHT,
            config.cadences.exchange_account_ms * _NS_PER_MS,
            lambda now_ns: binance.account_target(account, line.venue_ns(now_ns)),
            self._on_account,
        )
        line.on_lost.append(checks.history_unreadable)
        self._history_start_ms = 0
        self._withdrawals = Task(
            f"all withdrawals of {account.name}",
            line,
            account.name,
            self._headers,
            binance.HISTORY_WEIGHT,
            config.cadences.withdrawals_ms * _NS_PER_MS,
            lambda now_ns: binance.all_withdrawals_target(account, line.venue_ns(now_ns), self._history_start_ms),
            self._on_withdrawals,
            checks.history_unreadable,
        )

    def start(self, now_ns: int) -> None:
        self.hurry(now_ns)
        if self._checks.reads_withdrawals:
            self._history_start_ms = self.line.venue_ns(now_ns) // _NS_PER_MS - _HISTORY_MS
            self._transport.schedule(self._withdrawals, now_ns)
        self.stream.connect(now_ns)

    def hurry(self, now_ns: int) -> None:
        """Ask for the account now."""
        self._transport.schedule(self._task, now_ns)

    def ask_history(self, now_ns: int, asset: str) -> None:
        """Ask which deposits and withdrawals of an asset the exchange knows of."""
        for name, target, read in (
            ("withdrawals", binance.withdrawals_target, binance.read_withdrawals),
            ("deposits", binance.deposits_target, binance.read_deposits),
        ):
            history = _History(self, asset, target, read)
            self._ask_once(now_ns, name, binance.HISTORY_WEIGHT, history.target, history.deliver, None)

    def remember(self, now_ns: int, record: HistoryRecord) -> None:
        self._checks.recorded(now_ns, record)
        self._records[record.record_id] = record
        while len(self._records) > MAX_RECORDS:
            del self._records[next(iter(self._records))]

    def explain(self, asset: str, change: Decimal) -> Explained:
        """Whether a deposit or withdrawal of just that amount is on record; one record explains one change."""
        for record_id, record in self._records.items():
            if record_id in self._claimed or record.asset != asset:
                continue
            if change in (record.amount, record.amount - record.fee):
                self._claimed[record_id] = None
                while len(self._claimed) > MAX_RECORDS:
                    del self._claimed[next(iter(self._claimed))]
                return Explained.BY_FLOW
        return Explained.NOT

    def take_fill(self, now_ns: int, fill: Fill, is_told_by_stream: bool = False) -> bool:
        """Take a trade that the stream or a list of trades has told of; whether it is news."""
        self._checks.filled(now_ns, fill, is_told_by_stream)
        is_news = self.book.on_fill(now_ns, fill)
        if is_news:
            self.tape.on_fill(now_ns, fill)
        return is_news

    def ask_orders(self, now_ns: int, symbol: str, start_ms: int) -> None:
        """Ask whose orders traded while no stream told of them: a trade does not say so itself."""
        if self._checks.reads_orders:
            listed = _Listed(self, symbol, start_ms)
            self._ask_once(now_ns, f"orders {symbol}", binance.ORDERS_WEIGHT, listed.target, listed.deliver, None)

    def take_order(self, now_ns: int, symbol: str, order_id: int, client_order_id: str) -> None:
        self._checks.listed(now_ns, symbol, order_id, client_order_id)

    def _on_account(self, now_ns: int, departed_ns: int, body: bytes) -> int | None:
        view = binance.read_account(body)
        changed = self.book.on_reply(now_ns, departed_ns, view)
        again_ns = self._checks.viewed(now_ns, departed_ns, view)
        self.heard(now_ns)
        self._portfolio.touch(now_ns)
        if not changed:
            self._agreed_ns = departed_ns
            self._suspected_ns = None
        elif self._is_subscribed:
            if self._suspected_ns is None:
                self._suspected_ns = now_ns
            else:
                # Twice changed, and not one event in between: the stream is open and tells nothing.
                self._telemetry.missed_account_events += 1
                self._suspected_ns = None
                self._subscribed(now_ns, False)
                self.stream.renew(now_ns)
        self._suspense.settle(now_ns)
        return again_ns

    def heard(self, now_ns: int) -> None:
        """Account data reached us: a reply of any kind, or an event."""
        self.heard_ns = now_ns
        self._on_data(now_ns)

    def _subscribed(self, now_ns: int, is_subscribed: bool) -> None:
        self._is_subscribed = is_subscribed
        self.tape.set_live(now_ns, is_subscribed)

    def _on_closed(self, now_ns: int) -> None:
        self._subscribed(now_ns, False)
        self._checks.stream_closed(now_ns)

    def _on_opened(self, now_ns: int, stream_id: int) -> None:
        self._subscribed(now_ns, False)
        self._emit(SendFrame(stream_id, binance.subscribe_frame(self.account, self.line.venue_ns(now_ns))))
        self._agenda.arm(self._subscription_job, now_ns + self._subscription_ns)

    def _on_no_answer(self, now_ns: int) -> None:
        if self.stream.is_open and not self._is_subscribed:
            self.stream.renew(now_ns)

    def _on_frame(self, now_ns: int, payload: bytes) -> None:
        try:
            event = binance.read_user_frame(payload)
        except ConnectorError as error:
            self._telemetry.connector_error(f"{self.line.name} account {self.account.name} events", str(error))
            return
        match event:
            case binance.Subscribed():
                self._on_subscribed(now_ns)
                return
            case binance.SubscriptionLost(reason):
                self._telemetry.note(f"{self.line.name} account {self.account.name}: subscription lost, {reason}")
                self._subscribed(now_ns, False)
                self.stream.renew(now_ns)
                return
            case AccountSnapshot():
                self.book.on_event(now_ns, event)
            case Fill():
                self.take_fill(now_ns, event, is_told_by_stream=True)
            case OrderUpdate():
                self._checks.ordered(now_ns, event)
                self.tape.on_order(now_ns, event)
            case BalanceChange():
                self._checks.moved(now_ns, event)
                self.book.on_change(now_ns, event)
        self._suspected_ns = None
        self.heard(now_ns)
        self._portfolio.touch(now_ns)

    def _on_subscribed(self, now_ns: int) -> None:
        self._subscribed(now_ns, True)
        self._agenda.cancel(self._subscription_job)
        self._subscriptions += 1
        self._checks.stream_opened(now_ns)
        self.hurry(now_ns)
        if self._subscriptions > 1:
            self._catch_up(now_ns)

    def _catch_up(self, now_ns: int) -> None:
        """Fetch the trades since the account was last known to be in step. A connection that breaks again and again
        must not use up the venue's patience: what still waits to be asked will bring these trades too."""
        # Balances may be told rightly where fills are not: then the last view that added up is older.
        clean_ns = self._checks.clean_ns
        since_ns = self._agreed_ns if clean_ns is None else min(self._agreed_ns, clean_ns)
        for symbol in self._symbols:
            if symbol in self._gaps and self._gaps[symbol].waits:
                continue
            gap = _Gap(self, symbol, self.line.venue_ns(since_ns) // _NS_PER_MS - _OVERLAP_MS)
            self._gaps[symbol] = gap
            self.book.catching_up += 1
            weight = binance.TRADES_WEIGHT
            if not self._ask_once(now_ns, f"trades {symbol}", weight, gap.target, gap.deliver, gap.end, gap.failed):
                gap.end()

    def _ask_at(self, at_ns: int) -> None:
        self._transport.schedule(self._task, at_ns)

    def _is_catching_up(self) -> bool:
        return self.book.catching_up > 0

    def _on_withdrawals(self, now_ns: int, departed_ns: int, body: bytes) -> None:
        """Each reading overlaps the one before it: the venue's clock is its own."""
        records = binance.read_withdrawals(body)
        self.heard(now_ns)
        for record in records:
            self._checks.recorded(now_ns, record)
        self._history_start_ms = self.line.venue_ns(departed_ns) // _NS_PER_MS - _HISTORY_MS
        self._checks.history_read(now_ns)

    def _ask_once(
        self,
        now_ns: int,
        name: str,
        weight: int,
        target: Callable[[int], str],
        deliver: Callable[[int, int, bytes], int | None],
        on_end: Callable[[], None] | None,
        on_failure: Callable[[int], None] | None = None,
    ) -> bool:
        task = Task(
            f"{name} of {self.account.name}",
            self.line,
            self.account.name,
            self._headers,
            weight,
            0,
            target,
            deliver,
            on_failure,
            on_end=on_end,
        )
        return self._transport.ask_once(task, now_ns)


class _Gap:
    """The trades of one symbol since a time, fetched page by page."""

    __slots__ = ("_desk", "_start_ms", "_symbol", "waits")

    def __init__(self, desk: AccountDesk, symbol: str, start_ms: int) -> None:
        self.waits = True
        """It is yet to be asked for, or asked for again."""
        self._desk = desk
        self._symbol = symbol
        self._start_ms = max(start_ms, 0)

    def target(self, now_ns: int) -> str:
        self.waits = False
        desk = self._desk
        return binance.trades_target(desk.account, desk.line.venue_ns(now_ns), self._symbol, self._start_ms)

    def deliver(self, now_ns: int, departed_ns: int, body: bytes) -> int | None:
        fills = sorted(binance.read_trades(body), key=lambda fill: fill.trade_id)
        self._desk.heard(now_ns)
        news = [fill for fill in fills if self._desk.take_fill(now_ns, fill)]
        if news:
            self._desk.ask_orders(now_ns, self._symbol, self._start_ms)
        if len(fills) < binance.MAX_TRADES or fills[-1].time_ms <= self._start_ms:
            return None
        self._start_ms = fills[-1].time_ms
        return AT_ONCE_NS

    def failed(self, now_ns: int) -> None:
        self.waits = True

    def end(self) -> None:
        self.waits = False
        self._desk.book.catching_up -= 1


class _Listed:
    """The orders of one symbol since a time; beyond a thousand the later ones are not looked at."""

    __slots__ = ("_desk", "_start_ms", "_symbol")

    def __init__(self, desk: AccountDesk, symbol: str, start_ms: int) -> None:
        self._desk = desk
        self._symbol = symbol
        self._start_ms = start_ms

    def target(self, now_ns: int) -> str:
        desk = self._desk
        return binance.orders_target(desk.account, desk.line.venue_ns(now_ns), self._symbol, self._start_ms)

    def deliver(self, now_ns: int, departed_ns: int, body: bytes) -> None:
        orders = binance.read_orders(body)
        self._desk.heard(now_ns)
        for symbol, order_id, client_order_id in orders:
            self._desk.take_order(now_ns, symbol, order_id, client_order_id)


class _History:
    """The deposits or the withdrawals of one asset, as the exchange lists them."""

    __slots__ = ("_asset", "_desk", "_read", "_target")

    def __init__(
        self,
        desk: AccountDesk,
        asset: str,
        target: Callable[[Account, int, str], str],
        read: Callable[[bytes], tuple[HistoryRecord, ...]],
    ) -> None:
        self._desk = desk
        self._asset = asset
        self._target = target
        self._read = read

    def target(self, now_ns: int) -> str:
        return self._target(self._desk.account, self._desk.line.venue_ns(now_ns), self._asset)

    def deliver(self, now_ns: int, departed_ns: int, body: bytes) -> None:
        records = self._read(body)
        self._desk.heard(now_ns)
        for record in records:
            self._desk.remember(now_ns, record)
