"""Overdue settlement: time since an exchange's oldest instruction that is not fully settled should have been, 0 while
none is overdue."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor.agenda import Agenda, Job
from risk_monitor.alerts import Watch
from risk_monitor.books.custody import CustodyBook
from risk_monitor.connectors.domain import SettlementSeen
from risk_monitor.watchtower import Watchtower

_NS_PER_MS = 1_000_000


class OverdueSettlement:
    """One counterparty exchange. What the last view showed as unsettled may have settled since, so at the moment an
    instruction would become overdue custody is read again, and the measure is taken as of that reading."""

    def __init__(self, tower: Watchtower, exchange: str, books: tuple[CustodyBook, ...], agenda: Agenda,
                 hurry: Callable[[int], None]) -> None:  # fmt: skip
        self._exchange = exchange
        self._books = books
        self._agenda = agenda
        self._hurry = hurry
        self._job = Job(self._on_contracted)
        self._watch: Watch | None = tower.watch("overdue_settlement", exchange, self._evidence)

    def on_view(self, now_ns: int) -> None:
        """A custodian's view was adopted."""
        watch = self._watch
        if watch is None or not all(book.is_known for book in self._books):
            return
        overdue_ns = 0
        next_ns: int | None = None
        for book in self._books:
            for instruction in book.instructions.values():
                if instruction.counterparty != self._exchange:
                    continue
                contracted_ns = instruction.contracted_ms * _NS_PER_MS
                age_ns = max(book.seen_ns - contracted_ns, 0)
                overdue_ns = max(overdue_ns, age_ns)
                bound = watch.next_bound(age_ns)
                if bound is not None:
                    due_ns = contracted_ns + int(bound) + 1
                    next_ns = due_ns if next_ns is None else min(next_ns, due_ns)
        watch.observe(now_ns, overdue_ns)
        if next_ns is not None:
            # A view that is older than the moment it should show is asked for again; a broken custodian's clock
            # must not make that a storm.
            self._agenda.arm(self._job, max(next_ns, now_ns + 1_000_000_000) if next_ns <= now_ns else next_ns)
        else:
            self._agenda.cancel(self._job)

    def _on_contracted(self, now_ns: int) -> None:
        """Until custody has been read, whether the instruction was fulfilled in time is not known."""
        if self._watch is not None:
            self._watch.lose_sight()
        self._hurry(now_ns)

    def _evidence(self) -> tuple[str, ...]:
        late = sorted(
            (entry.contracted_ms, entry.instruction_id, _describe(book, entry))
            for book in self._books
            for entry in book.instructions.values()
            if entry.counterparty == self._exchange and entry.contracted_ms * _NS_PER_MS < book.seen_ns
        )
        return tuple(text for _, _, text in late) or tuple(book.evidence() for book in self._books)


def _describe(book: CustodyBook, entry: SettlementSeen) -> str:
    return (
        f"{book.evidence()} id={entry.instruction_id} status={entry.status} amount={entry.amount}"
        f" netAmount={entry.settled} contractedAt={entry.contracted_ms}"
    )


def keep(
    tower: Watchtower,
    exchanges: tuple[str, ...],
    books: tuple[CustodyBook, ...],
    agenda: Agenda,
    hurry: Callable[[int], None],
) -> tuple[OverdueSettlement, ...]:
    """One watch per exchange; none without a custodian to ask."""
    if not books:
        return ()
    return tuple(OverdueSettlement(tower, exchange, books, agenda, hurry) for exchange in exchanges)
