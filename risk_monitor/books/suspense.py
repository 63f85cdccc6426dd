"""Suspense: value on its way between two views of the firm, which the monitor sees leave and arrive at different times.

An exchange debits a profit at once, the custodian's instruction to pay it is seen at the next look; a transfer between
sub-accounts is two events. Taken at face value, equity would jump down and up again. So a change that no trade explains
is entered here when it is first seen, and equity is computed as if it had not happened. (A change whose fill may still
be on its way is *awaited* before it is entered, with the same effect.) An entry leaves when its
counterpart is seen (the two cancel), or when the other views have been looked at again, later than the transfer may
take, and show no counterpart: then it was a deposit or withdrawal if some record says so (which is neither gain nor
loss), else it is a gain or loss and equity shows it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from risk_monitor.agenda import NEVER_NS, Agenda, Job
from risk_monitor.books.holdings import ZERO

MAX_ENTRIES = 128
"""At this many open entries the oldest is taken at face value."""

_REVIEWS_AT_MOST = 10


class Seen(enum.Enum):
    """Where a change was seen."""

    AT_EXCHANGE = "at an exchange"
    INSTRUCTED = "as a settlement instruction"
    IN_CUSTODY = "in custody"


class Explained(enum.Enum):
    """What the records of transfers say of a change."""

    NOT = "no record"
    UNDER_WAY = "a transfer that is under way"
    BY_FLOW = "a completed deposit, withdrawal or transfer"


class Entry:
    __slots__ = ("account", "amount", "asset", "reviews", "seen", "since_ns", "venue")

    def __init__(self, seen: Seen, venue: str, account: str, asset: str, amount: Decimal, since_ns: int) -> None:
        self.seen = seen
        self.venue = venue
        self.account = account
        self.asset = asset
        self.amount = amount
        self.since_ns = since_ns
        self.reviews = 0


class OtherViews(Protocol):
    """What the suspense account asks of whoever can look at the other places."""

    def custody_seen_ns(self) -> int:
        """When the request left that gave the oldest custodian's present view; ``NEVER_NS`` without custodians."""

    def exchange_seen_ns(self, venue: str) -> int:
        """The same for the accounts at an exchange."""

    def look_again(self, now_ns: int, entry: Entry) -> None:
        """Look at the places where the counterpart of the change, or a record of it, would show."""

    def explain(self, entry: Entry) -> Explained:
        """What the records of transfers say."""


class Suspense:
    """Open entries, oldest first, and what is awaited. ``version`` grows with every change of either."""

    def __init__(
        self, agenda: Agenda, views: OtherViews, transfer_ns: int, on_flow: Callable[[int, str, Decimal], None]
    ) -> None:
        self._agenda = agenda
        self._views = views
        self._transfer_ns = transfer_ns
        self._on_flow = on_flow
        self._entries: list[Entry] = []
        self._awaited: dict[str, Decimal] = {}
        self._job = Job(self._remind)
        self.version = 0

    def enter(self, now_ns: int, seen: Seen, venue: str, account: str, asset: str, amount: Decimal) -> None:
        """A holding changed by ``amount`` and no trade explains it."""
        if not amount:
            return
        entry = Entry(seen, venue, account, asset, amount, now_ns)
        self._entries.append(entry)
        self.version += 1
        if self._cancel_out(asset):
            return
        if len(self._entries) > MAX_ENTRIES:
            del self._entries[0]
        self._views.look_again(now_ns, entry)
        if self._job.due_ns == NEVER_NS:
            self._agenda.arm(self._job, now_ns + self._transfer_ns)

    def await_reason(self, asset: str, change: Decimal) -> None:
        """A balance changed and its fill has not been told yet, or (with the opposite sign) the other way round."""
        rest = self._awaited.get(asset, ZERO) + change
        if rest:
            self._awaited[asset] = rest
        else:
            self._awaited.pop(asset, None)
        self.version += 1

    def pending(self) -> dict[str, Decimal]:
        """Per asset, the change that is not yet taken at face value."""
        sums = dict(self._awaited)
        for entry in self._entries:
            sums[entry.asset] = sums.get(entry.asset, ZERO) + entry.amount
        return sums

    def clear(self) -> None:
        """Take every entry at face value."""
        self._entries.clear()
        self.version += 1

    def settle(self, now_ns: int) -> None:
        """Decide on the entries whose counterpart would have been seen by now."""
        kept: list[Entry] = []
        for entry in self._entries:
            if now_ns < entry.since_ns + self._transfer_ns or not self._is_decided(entry):
                kept.append(entry)
                continue
            explained = self._views.explain(entry)
            if explained is Explained.UNDER_WAY:
                kept.append(entry)
                continue
            self.version += 1
            if explained is Explained.BY_FLOW:
                self._on_flow(now_ns, entry.asset, entry.amount)
        self._entries = kept

    def _remind(self, now_ns: int) -> None:
        self.settle(now_ns)
        for entry in self._entries:
            if now_ns >= entry.since_ns + self._transfer_ns:
                entry.reviews += 1
                self._views.look_again(now_ns, entry)
        if self._entries:
            self._agenda.arm(self._job, now_ns + self._transfer_ns)

    def _is_decided(self, entry: Entry) -> bool:
        """Whether the place of the counterpart was looked at after the transfer had had its time.

        A custodian that cannot be reached keeps a loss hidden only for so long; an instruction, whose other half
        stands at an exchange that cannot be reached, would show as a gain, and waits for as long as that takes.
        """
        settled_ns = entry.since_ns + self._transfer_ns
        if entry.seen is Seen.INSTRUCTED:
            return self._views.exchange_seen_ns(entry.venue) >= settled_ns
        return self._views.custody_seen_ns() >= settled_ns or entry.reviews >= _REVIEWS_AT_MOST

    def _cancel_out(self, asset: str) -> bool:
        """Remove entries of an asset that add up to nothing: the last with one other, one venue's, or all."""
        entries = [entry for entry in self._entries if entry.asset == asset]
        last = entries[-1]
        opposite = next((entry for entry in entries[:-1] if entry.amount == -last.amount), None)
        if opposite is not None:
            gone = [opposite, last]
        else:
            gone = [entry for entry in entries if entry.venue == last.venue]
            if sum((entry.amount for entry in gone), ZERO):
                gone = entries
            if sum((entry.amount for entry in gone), ZERO):
                return False
        self._entries = [entry for entry in self._entries if entry not in gone]
        return True
