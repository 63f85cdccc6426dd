"""Custody: what the custodian holds for the firm, and the settlement instructions that are still to be fulfilled."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from risk_monitor.books.accounts import Ledgers
from risk_monitor.books.holdings import ZERO
from risk_monitor.books.suspense import Explained, Seen
from risk_monitor.connectors.domain import CustodyBalance, SettlementSeen, TransferSeen
from risk_monitor.timestamps import utc

MAX_REMEMBERED = 4_096
"""Fulfilled instructions and transfers remembered, so that a list that repeats them is recognised."""

_MS_PER_HOUR = 3_600_000
_NS_PER_MS = 1_000_000


class CustodyView(msgspec.Struct, frozen=True):
    """Balances and transactions that belong together; ``seen_ns`` is when the request for the transactions left."""

    seen_ns: int
    balances: tuple[CustodyBalance, ...]
    settlements: tuple[SettlementSeen, ...]
    transfers: tuple[TransferSeen, ...]


class CustodyBook:
    """One custodian. *In transit* is what instructions still owe: amount − settled, signed toward the firm.

    A change of a balance should equal what instructions say has settled since; the rest goes to the suspense account,
    and so does each new instruction, until the exchange's debit is seen as well.
    """

    def __init__(self, venue: str, ledgers: Ledgers) -> None:
        self.venue = venue
        self.seen_ns = -1
        self.instructions: dict[str, SettlementSeen] = {}
        self.balances: dict[str, Decimal] = {}
        self._fulfilled: dict[str, None] = {}
        self._transfers: dict[str, TransferSeen] = {}
        self._claimed: dict[tuple[str, Seen], None] = {}
        self._ledgers = ledgers

    @property
    def is_known(self) -> bool:
        return self.seen_ns >= 0

    def evidence(self) -> str:
        if not self.is_known:
            return f"{self.venue} GET /v1/transactions unanswered"
        return f"{self.venue} GET /v1/transactions at {utc(self.seen_ns)}"

    def agrees_with(self, balances: tuple[CustodyBalance, ...], settlements: tuple[SettlementSeen, ...]) -> bool:
        """Whether a new reading shows exactly what is known."""
        if {entry.asset: entry.total for entry in balances} != self.balances:
            return False
        return all(
            self.instructions.get(entry.instruction_id) == entry or entry.instruction_id in self._fulfilled
            for entry in settlements
        )

    def oldest_of_interest_ms(self, now_ns: int) -> int:
        """Creation time after which transactions still matter: that of the oldest one open, or an hour ago. What is
        open is not known before the first view, which therefore goes two weeks back."""
        recent_ms = now_ns // _NS_PER_MS - (_MS_PER_HOUR if self.is_known else _MS_PER_HOUR * 24 * 14)
        settlements_ms = min((entry.created_ms for entry in self.instructions.values()), default=recent_ms)
        transfers_ms = min(
            (entry.created_ms for entry in self._transfers.values() if not (entry.is_complete or entry.is_dead)),
            default=recent_ms,
        )
        return max(0, min(settlements_ms, transfers_ms) - 1)

    def adopt(self, now_ns: int, view: CustodyView) -> None:
        """Take a view as what is true now."""
        first = not self.is_known
        self.seen_ns = view.seen_ns
        holdings = self._ledgers.holdings
        settled: dict[str, Decimal] = {}
        for entry in view.settlements:
            if entry.instruction_id not in self._fulfilled:
                self._take(now_ns, entry, settled, first)
        for transfer in view.transfers:
            self._transfers[transfer.transfer_id] = transfer
        while len(self._transfers) > MAX_REMEMBERED:
            del self._transfers[next(iter(self._transfers))]
        new = {entry.asset: entry.total for entry in view.balances}
        for asset in dict.fromkeys([*self.balances, *new, *settled]):
            change = new.get(asset, ZERO) - self.balances.get(asset, ZERO)
            if change:
                holdings.shift(now_ns, asset, change)
                self._ledgers.profit.move(self.venue, "custody", asset, float(change))
            if not first:
                rest = change - settled.get(asset, ZERO)
                self._ledgers.suspense.enter(now_ns, Seen.IN_CUSTODY, self.venue, "custody", asset, rest)
        self.balances = new
        if first:
            holdings.place_seen(now_ns)

    def explain(self, seen: Seen, asset: str, amount: Decimal) -> Explained:
        """What the custodian's transfers say of a change there, or of its other half at an exchange. Each transfer
        explains one change at either end."""
        in_custody = amount if seen is Seen.IN_CUSTODY else -amount
        for transfer in self._transfers.values():
            if transfer.asset != asset or transfer.amount != in_custody:
                continue
            if seen is Seen.AT_EXCHANGE and transfer.is_outside:
                continue
            claim = (transfer.transfer_id, seen)
            if claim in self._claimed:
                continue
            if not transfer.is_complete:
                return Explained.UNDER_WAY
            self._claimed[claim] = None
            if len(self._claimed) > MAX_REMEMBERED:
                del self._claimed[next(iter(self._claimed))]
            return Explained.BY_FLOW
        return Explained.NOT

    def _take(self, now_ns: int, entry: SettlementSeen, settled: dict[str, Decimal], first: bool) -> None:
        known = self.instructions.get(entry.instruction_id)
        known_amount, known_settled = (known.amount, known.settled) if known else (ZERO, ZERO)
        # Of a dead instruction no more will come: its promise has shrunk to what was kept of it.
        amount = entry.settled if entry.is_dead else entry.amount
        promised = amount - known_amount
        moved = entry.settled - known_settled
        if promised != moved:
            self._ledgers.holdings.shift(now_ns, entry.asset, promised - moved)
        if moved:
            settled[entry.asset] = settled.get(entry.asset, ZERO) + moved
        if promised and not first:
            self._ledgers.suspense.enter(now_ns, Seen.INSTRUCTED, entry.counterparty, "", entry.asset, promised)
        if amount == entry.settled:
            self.instructions.pop(entry.instruction_id, None)
            self._fulfilled[entry.instruction_id] = None
            if len(self._fulfilled) > MAX_REMEMBERED:
                del self._fulfilled[next(iter(self._fulfilled))]
        else:
            self.instructions[entry.instruction_id] = entry
