"""Custody balance sheet: what custody should hold by its first view and every transaction that has moved since."""

from __future__ import annotations

from decimal import Decimal

from risk_monitor.books.custody import MAX_REMEMBERED, CustodyView
from risk_monitor.books.holdings import MAX_ASSETS, ZERO
from risk_monitor.books.running_balance import BOOKED_AFTER_NS


class CustodyBalanceSheet:
    """One custodian. The first view is begun with; each later one is held against what follows from it."""

    __slots__ = ("_balance", "_difference", "_difference_ns", "_moved")

    def __init__(self) -> None:
        self._balance: dict[str, Decimal] | None = None
        self._moved: dict[str, Decimal] = {}
        self._difference: dict[str, Decimal] = {}
        self._difference_ns = 0

    @property
    def is_begun(self) -> bool:
        return self._balance is not None

    def begin(self) -> None:
        """Nobody wants to know of differences."""
        self._balance = self._balance or {}

    def judge(self, now_ns: int, view: CustodyView) -> dict[str, Decimal] | None:
        """The difference per asset that differs; None for the view that is begun with."""
        shown = {entry.asset: entry.total for entry in view.balances}
        first = self._balance is None
        moves = [(entry.instruction_id, entry.asset, entry.settled) for entry in view.settlements]
        moves += [
            (entry.transfer_id, entry.asset, entry.amount if entry.is_complete else ZERO) for entry in view.transfers
        ]
        for name, asset, moved in moves:
            self._move(name, asset, moved)
        if first:
            self._balance = shown
            return None
        difference = self._compare(shown)
        if difference != self._difference:
            self._difference = difference
            self._difference_ns = now_ns
        elif difference and now_ns - self._difference_ns >= BOOKED_AFTER_NS:
            self._balance = shown
            self._difference = {}
            return {}
        return difference

    def _compare(self, shown: dict[str, Decimal]) -> dict[str, Decimal]:
        expected = self._balance or {}
        difference: dict[str, Decimal] = {}
        for asset in dict.fromkeys([*expected, *shown]):
            rest = shown.get(asset, ZERO) - expected.get(asset, ZERO)
            if rest:
                difference[asset] = rest
        return difference

    def _move(self, name: str, asset: str, moved: Decimal) -> None:
        """A transaction has moved so much in all."""
        change = moved - self._moved.get(name, ZERO)
        if name in self._moved or moved:
            self._moved.pop(name, None)
            self._moved[name] = moved
            if len(self._moved) > MAX_REMEMBERED:
                del self._moved[next(iter(self._moved))]
        balance = self._balance
        if change and balance is not None and (asset in balance or len(balance) < MAX_ASSETS):
            balance[asset] = balance.get(asset, ZERO) + change
