"""Frozen account: account data that never changes while fills arrive. Time since the earliest fill shown on the
account's stream after which no account view (``GET account``) has differed from the one before that fill. A fill that
happened no later than that view says that it is from is in it already: views and events overtake each other."""

from __future__ import annotations

from risk_monitor.agenda import Agenda
from risk_monitor.connectors.domain import AccountSnapshot, Balance
from risk_monitor.mandates.elapsed import Elapsed
from risk_monitor.timestamps import utc
from risk_monitor.watchtower import Watchtower


class FrozenAccount:
    """One account at an exchange. Before its first view nothing can be frozen, nor known not to be."""

    __slots__ = ("_elapsed", "_shown", "_subject", "_trade", "_update_ms", "_view_ns")

    def __init__(self, tower: Watchtower, subject: str, agenda: Agenda) -> None:
        self._subject = subject
        self._shown: tuple[Balance, ...] | None = None
        self._update_ms = 0
        self._view_ns = 0
        self._trade = ""
        watch = tower.watch("frozen_account", subject, self._evidence)
        self._elapsed = Elapsed(watch, agenda) if watch is not None else None

    @property
    def is_waiting(self) -> bool:
        """Whether a fill has been shown that no view has answered yet."""
        return self._elapsed is not None and self._elapsed.since_ns is not None

    def filled(self, now_ns: int, happened_ms: int, trade: str) -> None:
        """The account's stream told of a fill; ``trade`` says which."""
        if self._elapsed is None or self._shown is None or happened_ms <= self._update_ms:
            return
        if self._elapsed.since_ns is None:
            self._trade = trade
            self._elapsed.restart(now_ns, now_ns)

    def viewed(self, now_ns: int, view: AccountSnapshot) -> None:
        first = self._shown is None
        changed = view.balances != self._shown
        self._shown = view.balances
        self._update_ms = view.update_ms
        self._view_ns = now_ns
        if self._elapsed is not None and (first or (changed and self._elapsed.since_ns is not None)):
            self._elapsed.restart(now_ns, None)

    def _evidence(self) -> tuple[str, ...]:
        return (
            f"{self._subject} GET /api/v3/account updateTime={self._update_ms}, unchanged at {utc(self._view_ns)}",
            f"{self._subject} {self._trade}",
        )
