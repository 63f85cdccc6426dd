"""Unauthorised withdrawals: value that left an exchange or custodian for the outside world and that the firm did not
order, within ``window``, USD at the mark when it was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from risk_monitor.agenda import Agenda
from risk_monitor.books.marks import MarkBook
from risk_monitor.books.order_log import OrderLog
from risk_monitor.mandates.recent import Recent
from risk_monitor.watchtower import Watchtower

MAX_JUDGED = 4_096
MAX_DOUBTED = 1_024


class _Departure(NamedTuple):
    seen_ns: int
    venue: str
    asset: str
    amount: float
    client_id: str
    note: str


class UnauthorisedWithdrawals:
    """All places where the firm holds something. Before a withdrawal counts, the gateway is asked whether it was the
    firm's. A place is in sight while its own history and the gateway's can be read."""

    def __init__(
        self,
        tower: Watchtower,
        log: OrderLog,
        venues: tuple[str, ...],
        marks: MarkBook,
        agenda: Agenda,
        ask: Callable[[int], None],
    ) -> None:
        self._log = log
        self._marks = marks
        self._ask = ask
        self._recent = {venue: Recent(tower, "unauthorised_withdrawals", venue, agenda) for venue in venues}
        self._judged: dict[tuple[str, str], None] = {}
        self._doubted: list[_Departure] = []
        self._blind: dict[str, dict[str, bool]] = {venue: {} for venue in venues}
        self._is_readable = False

    def is_kept(self, venue: str) -> bool:
        recent = self._recent.get(venue)
        return recent is not None and recent.is_kept

    def expect(self, venue: str, account: str) -> None:
        """The history of this account belongs to what has to be read of the venue."""
        self._blind[venue][account] = True

    def left(
        self, now_ns: int, venue: str, withdrawal_id: str, asset: str, amount: float, client_id: str, note: str
    ) -> None:
        """A history tells of ``amount`` that left; once for each ``withdrawal_id``."""
        if not self.is_kept(venue) or (venue, withdrawal_id) in self._judged:
            return
        self._judged[venue, withdrawal_id] = None
        if len(self._judged) > MAX_JUDGED:
            del self._judged[next(iter(self._judged))]
        if self._log.knows_withdrawal(venue, client_id):
            return
        if len(self._doubted) < MAX_DOUBTED:
            self._doubted.append(_Departure(now_ns, venue, asset, amount, client_id, note))
        self._recent[venue].lose_sight()
        self._ask(now_ns)

    def left_long_ago(self, venue: str, withdrawal_id: str) -> None:
        """It left before anybody was watching: nobody is told of it now."""
        self._judged[venue, withdrawal_id] = None

    def history_read(self, now_ns: int, venue: str, account: str) -> None:
        self._blind[venue][account] = False
        self._look_again(now_ns, venue)

    def history_unreadable(self, venue: str, account: str) -> None:
        self._blind[venue][account] = True
        self._recent[venue].lose_sight()

    def log_read(self, now_ns: int, departed_ns: int) -> None:
        """The gateway told of every withdrawal that the firm had ordered by ``departed_ns``."""
        self._is_readable = True
        doubted, self._doubted = self._doubted, []
        for departure in doubted:
            mark = self._marks.mark(departure.asset)
            if departure.seen_ns > departed_ns or (mark <= 0.0 and departure.asset in self._marks.index):
                self._doubted.append(departure)
            elif not self._log.knows_withdrawal(departure.venue, departure.client_id):
                self._recent[departure.venue].happened(now_ns, departure.note, departure.amount * mark)
        for venue in self._recent:
            self._look_again(now_ns, venue)
        if any(departure.seen_ns > departed_ns for departure in self._doubted):
            self._ask(now_ns)

    def log_unreadable(self) -> None:
        self._is_readable = False
        for recent in self._recent.values():
            recent.lose_sight()

    def _look_again(self, now_ns: int, venue: str) -> None:
        if self._is_readable and not any(self._blind[venue].values()):
            self._recent[venue].regain(now_ns)
