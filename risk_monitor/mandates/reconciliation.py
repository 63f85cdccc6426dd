"""Reconciliation: two accounts of one holding that do not agree. ``|balance shown there − the balance that follows from
what was shown before and every fill, flow and settlement shown since| × mark``, USD, of an asset at an exchange or
custodian, added up over the accounts there."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from risk_monitor.alerts import MAX_EVIDENCE, Watch
from risk_monitor.books.marks import MarkBook
from risk_monitor.watchtower import Watchtower

Differences = dict[str, Decimal]
_ZERO = Decimal(0)


class Reconciliation:
    """One venue. ``difference`` of each account as of its last view; None while it cannot be known."""

    def __init__(self, tower: Watchtower, venue: str, marks: MarkBook, accounts: tuple[str, ...]) -> None:
        self._tower = tower
        self._venue = venue
        self._marks = marks
        self._differences: dict[str, Differences | None] = dict.fromkeys(accounts)
        self._watches: dict[str, Watch | None] = {}

    @property
    def is_kept(self) -> bool:
        return self._tower.limits.mandate("reconciliation") is not None

    def expect(self, asset: str) -> None:
        """The venue keeps this asset for the firm."""
        if asset not in self._watches and asset in self._marks.index:
            subject = f"{self._venue}:{asset}"
            self._watches[asset] = self._tower.watch("reconciliation", subject, self._evidence_of(asset))

    def judged(self, now_ns: int, account: str, differences: Differences) -> None:
        """A view of an account was held against its running balance."""
        for asset in differences:
            self.expect(asset)
        self._differences[account] = differences
        self._look(now_ns)

    def lose_sight(self, now_ns: int, account: str) -> None:
        """An account's running balance has to begin anew."""
        if self._differences.get(account) is not None:
            self._differences[account] = None
            self._look(now_ns)

    def _look(self, now_ns: int) -> None:
        is_all = None not in self._differences.values()
        known = [differences for differences in self._differences.values() if differences]
        for asset, watch in self._watches.items():
            if watch is None:
                continue
            total = sum((differences[asset] for differences in known if asset in differences), _ZERO)
            amount = abs(float(total))
            mark = self._marks.mark(asset)
            if amount and mark <= 0.0:
                watch.lose_sight()
            elif is_all or amount * mark > watch.lowest:
                watch.observe(now_ns, amount * mark)
            else:
                watch.lose_sight()

    def _evidence_of(self, asset: str) -> Callable[[], tuple[str, ...]]:
        def evidence() -> tuple[str, ...]:
            lines = [
                f"{self._venue} account {account} shows {differences[asset]:+f} {asset} against its own events"
                for account, differences in self._differences.items()
                if differences and asset in differences
            ]
            return tuple(lines[:MAX_EVIDENCE]) or (f"{self._venue} accounts agree with their events on {asset}",)

        return evidence
