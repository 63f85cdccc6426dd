"""Order rate: how many times as busy as usual an account is, orders accepted and cancelled within the last minute over
their mean per minute in the hour before that minute, at least 10."""

from __future__ import annotations

from collections import deque

from risk_monitor.agenda import Agenda, Job
from risk_monitor.connectors.domain import OrderEvent, OrderUpdate
from risk_monitor.tape import AccountTape
from risk_monitor.watchtower import Watchtower

LEAST_USUAL = 10.0
"""Orders per minute below which no account counts as busy."""

MAX_ORDERS = 65_536
"""Beyond this many within the minute the oldest are left out: a thousand a second is far past any bound."""

_NS_PER_SECOND = 10**9
_MINUTE_NS = 60 * _NS_PER_SECOND
_HOUR_S = 3_600


class OrderRate:
    """One account. The minute is exact; the hour before it is counted by the second."""

    __slots__ = ("_agenda", "_hour", "_in_hour", "_job", "_minute", "_tape", "_watch")

    def __init__(self, tower: Watchtower, tape: AccountTape, agenda: Agenda) -> None:
        self._agenda = agenda
        self._tape = tape
        self._minute: deque[int] = deque()
        self._hour: deque[list[int]] = deque()  # [second, orders] of those that have left the minute
        self._in_hour = 0
        self._job = Job(self._look)
        self._watch = tower.watch("order_rate", tape.subject, self._evidence)
        if self._watch is not None:
            tape.orders += (self._on_order,)
            tape.sights += (self._on_sight,)

    def _on_order(self, now_ns: int, update: OrderUpdate) -> None:
        if update.event is OrderEvent.OTHER:
            return
        if len(self._minute) >= MAX_ORDERS:
            self._minute.popleft()
        self._minute.append(now_ns)
        self._look(now_ns)

    def _on_sight(self, now_ns: int, is_live: bool) -> None:
        self._look(now_ns)

    def _look(self, now_ns: int) -> None:
        watch = self._watch
        if watch is None:
            return
        minute, hour = self._minute, self._hour
        while minute and minute[0] <= now_ns - _MINUTE_NS:
            second = minute.popleft() // _NS_PER_SECOND
            if hour and hour[-1][0] == second:
                hour[-1][1] += 1
            else:
                hour.append([second, 1])
            self._in_hour += 1
        oldest = (now_ns - _MINUTE_NS) // _NS_PER_SECOND - _HOUR_S
        while hour and hour[0][0] < oldest:
            self._in_hour -= hour.popleft()[1]
        value = len(minute) / max(self._in_hour / 60.0, LEAST_USUAL)
        # Orders that were not told of can only make it more.
        if self._tape.is_live or value > watch.lowest:
            watch.observe(now_ns, value)
        else:
            watch.lose_sight()
        if minute:
            self._agenda.arm(self._job, minute[0] + _MINUTE_NS)

    def _evidence(self) -> tuple[str, ...]:
        return (
            f"{self._tape.subject} executionReport NEW and CANCELED: {len(self._minute)} within the last minute,"
            f" {self._in_hour} in the hour before",
        )
