"""Partial settlement: time since the oldest instruction that is settled in part became so, 0 while none is."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor.agenda import Agenda, Job
from risk_monitor.alerts import Watch
from risk_monitor.books.custody import CustodyView
from risk_monitor.connectors.domain import SettlementSeen
from risk_monitor.timestamps import utc
from risk_monitor.watchtower import Watchtower

MAX_INSTRUCTIONS = 1_024

_NS_PER_MS = 1_000_000
_SECOND_NS = 1_000_000_000


class PartialSettlement:
    """One counterparty exchange, as one custodian tells of it. At the moment a bound would be passed custody is read
    again, and the measure is taken as of that reading: the rest may have come since the last one."""

    def __init__(
        self, tower: Watchtower, exchange: str, custodian: str, agenda: Agenda, hurry: Callable[[int], None]
    ) -> None:
        self._exchange = exchange
        self._custodian = custodian
        self._agenda = agenda
        self._hurry = hurry
        self._since: dict[str, tuple[int, SettlementSeen]] = {}
        self._job = Job(self._on_bound)
        self._watch: Watch | None = tower.watch("partial_settlement", exchange, self._evidence)

    def on_view(self, now_ns: int, view: CustodyView) -> None:
        watch = self._watch
        if watch is None:
            return
        for entry in view.settlements:
            if entry.counterparty != self._exchange:
                continue
            if not entry.is_partly_settled:
                self._since.pop(entry.instruction_id, None)
            elif entry.instruction_id in self._since or len(self._since) < MAX_INSTRUCTIONS:
                told_ns = min(entry.updated_ms * _NS_PER_MS or view.seen_ns, view.seen_ns)
                since_ns, _ = self._since.get(entry.instruction_id, (told_ns, entry))
                self._since[entry.instruction_id] = (since_ns, entry)
        oldest_ns = min((since_ns for since_ns, _ in self._since.values()), default=view.seen_ns)
        age_ns = view.seen_ns - oldest_ns
        watch.observe(now_ns, age_ns)
        bound = watch.next_bound(age_ns)
        if self._since and bound is not None:
            self._agenda.arm(self._job, max(oldest_ns + int(bound) + 1, now_ns + _SECOND_NS))
        else:
            self._agenda.cancel(self._job)

    def _on_bound(self, now_ns: int) -> None:
        """Until custody has been read, whether the rest came in time is not known."""
        if self._watch is not None:
            self._watch.lose_sight()
        self._hurry(now_ns)

    def _evidence(self) -> tuple[str, ...]:
        oldest = sorted(self._since.values(), key=lambda since: (since[0], since[1].instruction_id))
        return tuple(
            f"{self._custodian} GET /v1/transactions id={entry.instruction_id} status={entry.status}"
            f" amount={entry.amount} netAmount={entry.settled} since {utc(since_ns)}"
            for since_ns, entry in oldest
        ) or (f"{self._custodian} no instruction of {self._exchange} is settled in part",)
