"""Message rate: how far the firm is above its own peak at an exchange, orders accepted and cancelled of all its
accounts within the last minute over the largest number in any full UTC minute before, at least 60."""

from __future__ import annotations

from collections import deque

from risk_monitor.agenda import Agenda, Job
from risk_monitor.connectors.domain import OrderEvent, OrderUpdate
from risk_monitor.tape import AccountTape
from risk_monitor.watchtower import Watchtower

LEAST_PEAK = 60
"""Orders in a minute that an exchange is always good for."""

MAX_ORDERS = 65_536
"""Beyond this many within the minute the oldest are left out: a thousand a second is far past any bound."""

_MINUTE_NS = 60 * 10**9


class MessageRate:
    """One exchange. A UTC minute counts as peak once it has ended before the last minute begins, so that a rise is
    measured against what was before it."""

    __slots__ = ("_agenda", "_counted", "_ended", "_job", "_minute", "_peak", "_recent", "_tapes", "_venue", "_watch")

    def __init__(self, tower: Watchtower, venue: str, tapes: tuple[AccountTape, ...], agenda: Agenda) -> None:
        self._agenda = agenda
        self._venue = venue
        self._tapes = tapes
        self._recent: deque[int] = deque()
        self._minute = -1
        self._counted = 0
        self._ended: deque[tuple[int, int]] = deque()  # (end, orders) of minutes that are not yet long enough ago
        self._peak = LEAST_PEAK
        self._job = Job(self._look)
        self._watch = tower.watch("message_rate", venue, self._evidence)
        if self._watch is not None:
            for tape in tapes:
                tape.orders += (self._on_order,)
                tape.sights += (self._on_sight,)

    def start(self, now_ns: int) -> None:
        """The minute of the start is not a full one, unless it began just now."""
        self._minute = -(-now_ns // _MINUTE_NS)

    def _on_order(self, now_ns: int, update: OrderUpdate) -> None:
        if update.event is OrderEvent.OTHER:
            return
        if len(self._recent) >= MAX_ORDERS:
            self._recent.popleft()
        self._recent.append(now_ns)
        self._turn(now_ns)
        if now_ns // _MINUTE_NS == self._minute:
            self._counted += 1
        self._look(now_ns)

    def _on_sight(self, now_ns: int, is_live: bool) -> None:
        self._look(now_ns)

    def _turn(self, now_ns: int) -> None:
        """Close the UTC minute if it is over."""
        minute = now_ns // _MINUTE_NS
        if minute > self._minute:
            self._ended.append(((self._minute + 1) * _MINUTE_NS, self._counted))
            self._minute = minute
            self._counted = 0
        while self._ended and self._ended[0][0] <= now_ns - _MINUTE_NS:
            self._peak = max(self._peak, self._ended.popleft()[1])

    def _look(self, now_ns: int) -> None:
        watch = self._watch
        if watch is None:
            return
        recent = self._recent
        while recent and recent[0] <= now_ns - _MINUTE_NS:
            recent.popleft()
        self._turn(now_ns)
        value = len(recent) / self._peak
        # Orders that were not told of can only make it more.
        if value > watch.lowest or all(tape.is_live for tape in self._tapes):
            watch.observe(now_ns, value)
        else:
            watch.lose_sight()
        if recent:
            ends_ns = self._ended[0][0] if self._ended else (self._minute + 1) * _MINUTE_NS
            self._agenda.arm(self._job, min(recent[0], ends_ns) + _MINUTE_NS)

    def _evidence(self) -> tuple[str, ...]:
        return (
            f"{self._venue} executionReport NEW and CANCELED of {len(self._tapes)} accounts:"
            f" {len(self._recent)} within the last minute, {self._peak} at the peak before",
        )
