"""Reading custody: balances and transactions come from two requests, and must belong together.

A settlement that happens between the two would be counted twice or not at all. So the transactions are read between
two readings of the balances, and both are adopted once the balances were the same before and after.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from decimal import Decimal

from risk_monitor.books.custody import CustodyBook, CustodyView
from risk_monitor.books.holdings import ZERO
from risk_monitor.config import Account
from risk_monitor.connectors import fireblocks
from risk_monitor.connectors.domain import ConnectorError, CustodyBalance, SettlementSeen, TransferSeen
from risk_monitor.custody_checks import CustodyChecks
from risk_monitor.telemetry import Telemetry
from risk_monitor.transport import AT_ONCE_NS, Task, Transport, VenueLine

MAX_PAGES = 50
MAX_ROUNDS = 4
"""If the balances keep changing from one reading to the next, the last one is adopted, and counted as torn."""


class _Phase(enum.Enum):
    BALANCES = "balances"
    TRANSACTIONS = "transactions"
    CONFIRMATION = "balances again"


class CustodyReader:
    """Reads one custodian every ``interval_ns``, or sooner if asked to hurry. ``on_data`` is told of every reply."""

    def __init__(
        self,
        book: CustodyBook,
        account: Account,
        line: VenueLine,
        interval_ns: int,
        transport: Transport,
        telemetry: Telemetry,
        on_data: Callable[[int], None],
        on_view: Callable[[int], None],
        checks: CustodyChecks,
    ) -> None:
        self.book = book
        self.task = Task(
            "custody",
            line,
            account.name,
            fireblocks.headers_of(account),
            fireblocks.REQUEST_WEIGHT,
            interval_ns,
            self._target,
            self._deliver,
            self._abandon,
            sign=fireblocks.Signer(account),
        )
        self._transport = transport
        self._telemetry = telemetry
        self._on_data = on_data
        self._on_view = on_view
        self._checks = checks
        self._phase = _Phase.BALANCES
        self._rounds = 0
        self._must_repeat = False
        self._seen_ns = 0
        self._pages = 0
        self._after = ""
        self._after_ms = 0
        self._before: tuple[CustodyBalance, ...] = ()
        self._balances: dict[str, Decimal] = {}
        self._settlements: list[SettlementSeen] = []
        self._transfers: list[TransferSeen] = []

    def hurry(self, now_ns: int) -> None:
        """Read again now; if a reading is under way, once more after it."""
        if self._phase is _Phase.BALANCES and not self.task.in_flight:
            self._transport.schedule(self.task, now_ns)
        else:
            self._must_repeat = True

    def _target(self, now_ns: int) -> str:
        if self._phase is not _Phase.TRANSACTIONS:
            return fireblocks.vault_target(self._after)
        if self._pages == 0:
            self._seen_ns = now_ns
            self._after_ms = self.book.oldest_of_interest_ms(now_ns)
        return fireblocks.transactions_target(self._after_ms)

    def _deliver(self, now_ns: int, departed_ns: int, body: bytes) -> int | None:
        read = self._read_transactions if self._phase is _Phase.TRANSACTIONS else self._read_balances
        has_more = read(body)
        self._on_data(now_ns)
        self._pages += 1
        if has_more:
            if self._pages >= MAX_PAGES:
                raise ConnectorError(f"more than {MAX_PAGES} pages")
            return AT_ONCE_NS
        return self._advance(now_ns)

    def _read_balances(self, body: bytes) -> bool:
        page = fireblocks.read_vault_page(body)
        for entry in page.balances:
            self._balances[entry.asset] = self._balances.get(entry.asset, ZERO) + entry.total
        self._after = page.after
        return bool(page.after)

    def _read_transactions(self, body: bytes) -> bool:
        page = fireblocks.read_transactions(body)
        if page.is_full and page.newest_ms <= self._after_ms:
            raise ConnectorError("a full page of transactions does not advance")
        self._settlements.extend(page.settlements)
        self._transfers.extend(page.transfers)
        # One millisecond of overlap, since several transactions may share one; repeats are recognised by their ids.
        self._after_ms = max(page.newest_ms - 1, self._after_ms + 1)
        return page.is_full

    def _advance(self, now_ns: int) -> int | None:
        self._pages = 0
        if self._phase is _Phase.TRANSACTIONS:
            if self.book.is_known and self.book.agrees_with(self._before, tuple(self._settlements)):
                return self._adopt(now_ns)
            self._phase = _Phase.CONFIRMATION
            return AT_ONCE_NS
        balances = tuple(CustodyBalance(asset, total) for asset, total in self._balances.items())
        self._balances.clear()
        if self._phase is _Phase.CONFIRMATION:
            self._rounds += 1
            if balances == self._before:
                return self._adopt(now_ns)
            if self._rounds >= MAX_ROUNDS:
                self._telemetry.torn_custody_reads += 1
                self._before = balances
                return self._adopt(now_ns, is_whole=False)
        self._before = balances
        self._settlements.clear()
        self._transfers.clear()
        self._phase = _Phase.TRANSACTIONS
        return AT_ONCE_NS

    def _adopt(self, now_ns: int, is_whole: bool = True) -> int | None:
        settlements = {entry.instruction_id: entry for entry in self._settlements}
        transfers = {entry.transfer_id: entry for entry in self._transfers}
        view = CustodyView(self._seen_ns, self._before, tuple(settlements.values()), tuple(transfers.values()))
        self.book.adopt(now_ns, view)
        again_ns = self._checks.viewed(now_ns, view, is_whole)
        self._reset()
        must_repeat, self._must_repeat = self._must_repeat, False
        self._on_view(now_ns)
        return AT_ONCE_NS if must_repeat else again_ns

    def _abandon(self, now_ns: int) -> None:
        """An answer did not come or could not be used: the next reading starts from the beginning."""
        self._reset()
        self._checks.unreadable()

    def _reset(self) -> None:
        self._phase = _Phase.BALANCES
        self._rounds = 0
        self._pages = 0
        self._after = ""
        self._balances.clear()
        self._settlements.clear()
        self._transfers.clear()
