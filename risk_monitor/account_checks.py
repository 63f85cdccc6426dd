"""Account checks: an exchange account's views, its stream and the firm's own log, held against each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal

from risk_monitor.agenda import NEVER_NS, Agenda, Job
from risk_monitor.books.running_balance import RunningBalance, View
from risk_monitor.connectors.domain import AccountSnapshot, BalanceChange, Fill, HistoryRecord, OrderEvent, OrderUpdate
from risk_monitor.mandates.frozen_account import FrozenAccount
from risk_monitor.mandates.reconciliation import Reconciliation
from risk_monitor.mandates.reconciliation_confidence import ReconciliationConfidence
from risk_monitor.mandates.unauthorised_orders import UnauthorisedOrders
from risk_monitor.mandates.unauthorised_withdrawals import UnauthorisedWithdrawals
from risk_monitor.transport import AT_ONCE_NS

MAX_VIEWS = 16
"""Views that wait to be judged; beyond it the oldest are not."""


class AccountChecks:
    """One account. ``patience_ns`` is how long events of a view's moment may still be on their way, ``suspicion_ns``
    when to ask again for an account that does not add up. The desk says how to ask: ``ask_at`` for the account,
    ``ask_trades`` for what its stream may have swallowed."""

    def __init__(
        self,
        venue: str,
        account: str,
        pairs: dict[str, tuple[str, str]],
        agenda: Agenda,
        patience_ns: int,
        suspicion_ns: int,
        reconciliation: Reconciliation,
        confidence: ReconciliationConfidence,
        frozen: FrozenAccount,
        orders: UnauthorisedOrders | None,
        withdrawals: UnauthorisedWithdrawals | None,
    ) -> None:
        self._venue = venue
        self._account = account
        self._agenda = agenda
        self._patience_ns = patience_ns
        self._suspicion_ns = suspicion_ns
        self._reconciliation = reconciliation
        self._confidence = confidence
        self._frozen = frozen
        self._orders = orders
        self._withdrawals = withdrawals
        self._reconciles = reconciliation.is_kept or confidence.is_kept
        self._balance = RunningBalance(pairs)
        self._views: deque[tuple[int, View]] = deque()
        self._job = Job(self._judge)
        self._is_suspect = False
        self.clean_ns: int | None = None
        """When the last view that added up was asked for; None since the stream was opened anew."""
        self.ask_at: Callable[[int], None] = _ask_nobody
        self.ask_trades: Callable[[int], None] = _ask_nobody
        self.is_catching_up: Callable[[], bool] = lambda: False
        for legs in pairs.values():
            for asset in legs:
                reconciliation.expect(asset)
        if self.reads_withdrawals and withdrawals is not None:
            withdrawals.expect(venue, account)

    @property
    def reads_withdrawals(self) -> bool:
        """Whether the account's history of withdrawals has to be read."""
        return self._withdrawals is not None and self._withdrawals.is_kept(self._venue)

    def stream_opened(self, now_ns: int) -> None:
        """The account's events are told from now on; the next view begins its running balance anew."""
        if self._reconciles:
            self._balance.opened(now_ns)
            self.clean_ns = None
        if self._orders is not None:
            self._orders.account_open(now_ns, self._venue, self._account)

    def stream_closed(self, now_ns: int) -> None:
        self._balance.closed()
        self._reconciliation.lose_sight(now_ns, self._account)
        if self._orders is not None:
            self._orders.account_closed(self._venue, self._account)

    def viewed(self, now_ns: int, departed_ns: int, snapshot: AccountSnapshot) -> int | None:
        """A reply to a request for the account arrived. Returns after how many ns to ask again, None for the usual."""
        self._frozen.viewed(now_ns, snapshot)
        if self._reconciles:
            self._await_events(now_ns, departed_ns, snapshot)
        if self._balance.is_too_old(departed_ns):
            return AT_ONCE_NS
        return self._suspicion_ns if self._frozen.is_waiting else None

    def filled(self, now_ns: int, fill: Fill, is_told_by_stream: bool) -> None:
        self._balance.fill(now_ns, fill, is_listed=not is_told_by_stream)
        if is_told_by_stream:
            self._frozen.filled(now_ns, fill.time_ms, f"executionReport s={fill.symbol} t={fill.trade_id}")
            if self._orders is not None:
                self._orders.reported(
                    now_ns, self._venue, self._account, fill.symbol, fill.order_id, fill.client_order_id, False
                )

    def ordered(self, now_ns: int, update: OrderUpdate) -> None:
        if self._orders is not None and update.event is OrderEvent.ACCEPTED:
            self._orders.reported(
                now_ns, self._venue, self._account, update.symbol, update.order_id, update.client_order_id, True
            )

    @property
    def reads_orders(self) -> bool:
        """Whether it matters whose the orders behind trades are that no stream has told of."""
        return self._orders is not None

    def listed(self, now_ns: int, symbol: str, order_id: int, client_order_id: str) -> None:
        """The account's list of orders tells of one."""
        if self._orders is not None:
            self._orders.reported(now_ns, self._venue, self._account, symbol, order_id, client_order_id, False)

    def moved(self, now_ns: int, change: BalanceChange) -> None:
        """A balance changed other than by a trade."""
        self._balance.flow(now_ns, change.update_ms, change.asset, change.change)

    def recorded(self, now_ns: int, record: HistoryRecord) -> None:
        """The account's own history tells of a deposit or withdrawal."""
        if self._withdrawals is not None and record.has_left:
            name = record.record_id.partition(" ")[2]
            self._withdrawals.left(
                now_ns,
                self._venue,
                name,
                record.asset,
                float(-record.amount + record.fee),
                record.client_id,
                f"{self._venue} account {self._account} withdraw/history id={name} {-record.amount} {record.asset}"
                f" withdrawOrderId={record.client_id or 'none'}",
            )

    def history_read(self, now_ns: int) -> None:
        if self._withdrawals is not None:
            self._withdrawals.history_read(now_ns, self._venue, self._account)

    def history_unreadable(self, now_ns: int) -> None:
        if self._withdrawals is not None:
            self._withdrawals.history_unreadable(self._venue, self._account)

    def _await_events(self, now_ns: int, departed_ns: int, snapshot: AccountSnapshot) -> None:
        """Put a view by until the events of its moment have had their time."""
        totals: dict[str, Decimal] = {balance.asset: balance.free + balance.locked for balance in snapshot.balances}
        self._views.append((now_ns + self._patience_ns, View(departed_ns, snapshot.update_ms, totals)))
        if len(self._views) > MAX_VIEWS:
            self._views.popleft()
        if self._job.due_ns == NEVER_NS:
            self._agenda.arm(self._job, self._views[0][0])

    def _judge(self, now_ns: int) -> None:
        """Events of the oldest view's moment have had their time."""
        if self.is_catching_up():
            self._agenda.arm(self._job, now_ns + self._patience_ns)
            return
        while self._views and self._views[0][0] <= now_ns:
            _, view = self._views.popleft()
            was_begun = self._balance.is_begun
            differences = self._balance.judge(now_ns, view)
            if differences is not None:
                self._take(now_ns, view, differences)
            elif self._balance.is_begun and not was_begun:
                self.clean_ns = view.departed_ns
                self._reconciliation.judged(now_ns, self._account, {})
        if self._views:
            self._agenda.arm(self._job, self._views[0][0])

    def _take(self, now_ns: int, view: View, differences: dict[str, Decimal]) -> None:
        self._reconciliation.judged(now_ns, self._account, differences)
        self._confidence.judged(now_ns, not differences)
        if differences:
            self.ask_at(now_ns + self._suspicion_ns - self._patience_ns)
            if not self._is_suspect:
                self.ask_trades(now_ns)
        else:
            self.clean_ns = view.departed_ns
        self._is_suspect = bool(differences)


def _ask_nobody(now_ns: int) -> None:
    """Before there is a desk, nobody can be asked."""
