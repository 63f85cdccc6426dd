"""Leverage: how many times its margin an account has at stake in perpetuals, ``Σ |position| × mark price ÷ margin
balance``; 1000 where the margin is used up with a position open. Bounds go by the account's capital profile."""

from __future__ import annotations

from risk_monitor.alerts import Evidence, Watch
from risk_monitor.books.marks import MarkBook
from risk_monitor.books.perpetuals import PerpetualBook
from risk_monitor.watchtower import Watchtower


class Leverage:
    """One watch per account, looked at whenever the portfolio is. An account that has not been seen has no measure."""

    __slots__ = ("_book", "_lines", "_marks")

    def __init__(
        self, tower: Watchtower, accounts: tuple[tuple[str, str], ...], book: PerpetualBook, marks: MarkBook
    ) -> None:
        self._book = book
        self._marks = marks
        lines: list[tuple[str, str, Watch]] = []
        for venue, account in accounts:
            watch = tower.watch("leverage", f"{venue}:{account}", self._evidence(venue, account))
            if watch is not None:
                lines.append((venue, account, watch))
        self._lines = tuple(lines)

    def evaluate(self, now_ns: int) -> None:
        if not self._lines:
            return
        book, marks = self._book, self._marks
        seen = book.accounts()
        for venue, account, watch in self._lines:
            value = book.leverage(venue, account, marks) if (venue, account) in seen else None
            if value is None:
                watch.lose_sight()
            else:
                watch.observe(now_ns, value)

    def _evidence(self, venue: str, account: str) -> Evidence:
        def evidence() -> tuple[str, ...]:
            balance = self._book.margin_balance_usd(venue, account, self._marks)
            known = "unknown" if balance is None else f"{balance:.2f} USD"
            return (f"{venue} account {account} margin balance {known}", *self._book.evidence(venue, account))

        return evidence
