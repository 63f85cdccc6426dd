"""Single-trade risk: how much of the firm's equity one order put at stake, the largest over the account's orders with a
fill within ``window`` of Σ quantity × price × mark[quote] of the order's fills ÷ equity at its last fill."""

from __future__ import annotations

from collections import deque

import msgspec

from risk_monitor.agenda import Agenda, Job
from risk_monitor.books.perpetuals import legs_of
from risk_monitor.books.portfolio import Portfolio
from risk_monitor.connectors.domain import Fill
from risk_monitor.tape import AccountTape
from risk_monitor.watchtower import Watchtower

MAX_ORDERS = 4_096
"""Orders whose fills are added up; of more, those that filled longest ago begin anew."""

MAX_STAKES = 256
"""Orders within the window that may yet be the largest; of more, the smallest are left out."""


class _Stake(msgspec.Struct, frozen=True):
    """An order as of its last fill."""

    at_ns: int
    order: tuple[str, int]
    value_usd: float
    share: float


class SingleTradeRisk:
    """One account. ``_largest`` holds, of the orders within the window, each that no later one exceeds."""

    __slots__ = ("_agenda", "_job", "_largest", "_latest", "_portfolio", "_tape", "_values", "_watch", "_window_ns")

    def __init__(self, tower: Watchtower, tape: AccountTape, portfolio: Portfolio, agenda: Agenda) -> None:
        kept = tower.limits.mandate("single_trade_risk")
        self._agenda = agenda
        self._tape = tape
        self._portfolio = portfolio
        self._window_ns = kept.window_ns if kept else 0
        self._values: dict[tuple[str, int], float] = {}
        self._largest: deque[_Stake] = deque()
        self._job = Job(self._look)
        self._watch = tower.watch("single_trade_risk", tape.subject, self._evidence)
        if self._watch is not None:
            tape.fills += (self._on_fill,)
            tape.sights += (self._on_sight,)

    def _on_fill(self, now_ns: int, fill: Fill) -> None:
        order = (fill.symbol, fill.order_id)
        _, quote = legs_of(self._tape.pairs[fill.symbol])
        value = self._values.pop(order, 0.0) + float(fill.quote_quantity) * self._portfolio.marks.mark(quote)
        self._values[order] = value
        if len(self._values) > MAX_ORDERS:
            del self._values[next(iter(self._values))]
        equity = self._portfolio.equity
        if equity is None or equity <= 0.0:
            return
        stake = _Stake(now_ns, order, value, value / equity)
        largest = self._largest
        if any(known.order == order for known in largest):
            largest = self._largest = deque(known for known in largest if known.order != order)
        while largest and largest[-1].share <= stake.share:
            largest.pop()
        if len(largest) < MAX_STAKES:
            largest.append(stake)
        self._look(now_ns)

    def _on_sight(self, now_ns: int, is_live: bool) -> None:
        self._look(now_ns)

    def _look(self, now_ns: int) -> None:
        watch = self._watch
        if watch is None:
            return
        largest = self._largest
        while largest and largest[0].at_ns <= now_ns - self._window_ns:
            largest.popleft()
        value = largest[0].share if largest else 0.0
        if self._tape.is_live or value > watch.lowest:
            watch.observe(now_ns, value)
        else:
            watch.lose_sight()
        if largest:
            self._agenda.arm(self._job, largest[0].at_ns + self._window_ns)

    def _evidence(self) -> tuple[str, ...]:
        return tuple(
            f"{self._tape.subject} executionReport TRADE {stake.order[0]} i={stake.order[1]} {stake.value_usd:.2f} USD"
            for stake in list(self._largest)[:3]
        ) or (f"{self._tape.subject} no execution",)
