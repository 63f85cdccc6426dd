"""Unauthorised orders: somebody else trades with the firm's key. Orders that the exchange reports for an account and
that the firm's gateway did not send, within ``window``. An order counts once 5 s have passed since it was reported: its
two reports travel different ways."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from risk_monitor.agenda import NEVER_NS, Agenda, Job
from risk_monitor.books.order_log import OrderLog
from risk_monitor.mandates.recent import Recent
from risk_monitor.watchtower import Watchtower

GRACE_NS = 5_000_000_000
MAX_WAITING = 4_096
"""Beyond this many reports that nobody can place, the oldest are given up and the watches lose sight."""
MAX_SEEN = 8_192


class _Report(NamedTuple):
    ripe_ns: int
    venue: str
    account: str
    client_order_id: str
    note: str


class UnauthorisedOrders:
    """All accounts. Before an order counts the gateway's log is read once more: a frame of its stream may be lost."""

    def __init__(
        self,
        tower: Watchtower,
        log: OrderLog,
        accounts: tuple[tuple[str, str], ...],
        agenda: Agenda,
        ask: Callable[[int], None],
    ) -> None:
        self._log = log
        self._agenda = agenda
        self._ask = ask
        self._recent = {
            (venue, account): Recent(tower, "unauthorised_orders", f"{venue}:{account}", agenda)
            for venue, account in accounts
        }
        self._seen: dict[tuple[str, str, str, int], None] = {}
        self._waiting: deque[_Report] = deque()
        self._job = Job(self._ripen)
        self._is_readable = False
        self._open: dict[tuple[str, str], bool] = {}

    def reported(
        self, now_ns: int, venue: str, account: str, symbol: str, order_id: int, client_order_id: str, is_new: bool
    ) -> None:
        """The exchange told of an order; ``is_new``: of its acceptance, not of something that happened to it later."""
        recent = self._recent.get((venue, account))
        if recent is None or not recent.is_kept or self._log.knows_order(venue, account, client_order_id):
            return
        if not is_new and self._log.has_forgotten:
            return  # an old order of the firm's own, perhaps
        key = (venue, account, symbol, order_id)
        if key in self._seen:
            return
        self._seen[key] = None
        if len(self._seen) > MAX_SEEN:
            del self._seen[next(iter(self._seen))]
        note = f"{venue} account {account} executionReport s={symbol} i={order_id} c={client_order_id[:40]}"
        self._waiting.append(_Report(now_ns + GRACE_NS, venue, account, client_order_id, note))
        if len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self._is_readable = False
            recent.lose_sight()
        if self._job.due_ns == NEVER_NS:
            self._agenda.arm(self._job, self._waiting[0].ripe_ns)

    def account_open(self, now_ns: int, venue: str, account: str) -> None:
        """The account's stream tells of its orders from now on."""
        self._open[venue, account] = True
        if self._is_readable and (recent := self._recent.get((venue, account))):
            recent.regain(now_ns)

    def account_closed(self, venue: str, account: str) -> None:
        self._open[venue, account] = False
        if recent := self._recent.get((venue, account)):
            recent.lose_sight()

    def log_read(self, now_ns: int, departed_ns: int) -> None:
        """The gateway's log is known up to ``departed_ns``."""
        self._is_readable = True
        for name, recent in self._recent.items():
            if self._open.get(name):
                recent.regain(now_ns)
        while self._waiting and self._waiting[0].ripe_ns <= departed_ns:
            report = self._waiting.popleft()
            if not self._log.knows_order(report.venue, report.account, report.client_order_id):
                self._recent[report.venue, report.account].happened(now_ns, report.note)
        if self._waiting and self._job.due_ns == NEVER_NS:
            self._agenda.arm(self._job, self._waiting[0].ripe_ns)

    def log_unreadable(self) -> None:
        """The gateway did not answer: whether an order is the firm's own cannot be known."""
        self._is_readable = False
        for recent in self._recent.values():
            recent.lose_sight()

    def _ripen(self, now_ns: int) -> None:
        """The oldest reports have waited long enough: those that are still strange are asked about."""
        while self._waiting and self._waiting[0].ripe_ns <= now_ns:
            report = self._waiting[0]
            if not self._log.knows_order(report.venue, report.account, report.client_order_id):
                # Until the log has been read, whether it is the firm's own is not known.
                self._recent[report.venue, report.account].lose_sight()
                self._ask(now_ns)
                return
            self._waiting.popleft()
        if self._waiting:
            self._agenda.arm(self._job, self._waiting[0].ripe_ns)
