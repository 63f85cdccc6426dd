"""Repeated execution: how many orders of one pair, side and quantity were executed in a row, with no other execution
between, within ``window``. An algorithm that has lost its state sends the same order again and again."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from risk_monitor.agenda import Agenda, Job
from risk_monitor.connectors.domain import Fill
from risk_monitor.tape import AccountTape
from risk_monitor.watchtower import Watchtower

MAX_RUN = 1_024
"""A longer run is measured by its last so many."""

_MAX_ORDERS = 1_024


class RepeatedExecution:
    """One account. An order counts at its first fill; whatever fills of another kind begins the count anew."""

    __slots__ = ("_agenda", "_counted", "_job", "_kind", "_run", "_tape", "_watch", "_window_ns")

    def __init__(self, tower: Watchtower, tape: AccountTape, agenda: Agenda) -> None:
        kept = tower.limits.mandate("repeated_execution")
        self._agenda = agenda
        self._tape = tape
        self._window_ns = kept.window_ns if kept else 0
        self._kind: tuple[str, bool, Decimal] | None = None
        self._run: deque[int] = deque(maxlen=MAX_RUN)
        self._counted: dict[tuple[str, int], None] = {}
        self._job = Job(self._look)
        self._watch = tower.watch("repeated_execution", tape.subject, self._evidence)
        if self._watch is not None:
            tape.fills += (self._on_fill,)
            tape.sights += (self._on_sight,)

    def _on_fill(self, now_ns: int, fill: Fill) -> None:
        kind = (fill.symbol, fill.is_buy, fill.order_quantity or fill.quantity)
        if kind != self._kind:
            self._kind = kind
            self._run.clear()
        order = (fill.symbol, fill.order_id)
        if order not in self._counted:
            self._counted[order] = None
            if len(self._counted) > _MAX_ORDERS:
                del self._counted[next(iter(self._counted))]
            self._run.append(now_ns)
        self._look(now_ns)

    def _on_sight(self, now_ns: int, is_live: bool) -> None:
        self._look(now_ns)

    def _look(self, now_ns: int) -> None:
        watch = self._watch
        if watch is None:
            return
        run = self._run
        while run and run[0] <= now_ns - self._window_ns:
            run.popleft()
        if self._tape.is_live or len(run) > watch.lowest:
            watch.observe(now_ns, float(len(run)))
        else:
            watch.lose_sight()
        if run:
            self._agenda.arm(self._job, run[0] + self._window_ns)

    def _evidence(self) -> tuple[str, ...]:
        if self._kind is None:
            return (f"{self._tape.subject} no execution",)
        symbol, is_buy, quantity = self._kind
        side = "BUY" if is_buy else "SELL"
        return (f"{self._tape.subject} executionReport TRADE {symbol} {side} q={quantity}, {len(self._run)} in a row",)
