"""Unsettled exposure: value that counterparties still owe the firm or it owes them, ``Σ |amount − settled| × mark``
over instructions not fully settled, USD."""

from __future__ import annotations

from risk_monitor.books.custody import CustodyBook
from risk_monitor.books.marks import MarkBook
from risk_monitor.watchtower import Watchtower


class UnsettledExposure:
    def __init__(self, tower: Watchtower, books: tuple[CustodyBook, ...], marks: MarkBook) -> None:
        self._books = books
        self._marks = marks
        self._watch = tower.watch("unsettled_exposure", "total", self._evidence) if books else None

    def evaluate(self, now_ns: int) -> None:
        watch = self._watch
        if watch is None:
            return
        total = 0.0
        for book in self._books:
            if not book.is_known:
                watch.lose_sight()
                return
            for instruction in book.instructions.values():
                mark = self._marks.mark(instruction.asset)
                if mark <= 0.0:
                    watch.lose_sight()
                    return
                total += float(abs(instruction.amount - instruction.settled)) * mark
        watch.observe(now_ns, total)

    def _evidence(self) -> tuple[str, ...]:
        owed = sorted(
            (-abs(entry.amount - entry.settled), entry.instruction_id, entry.counterparty, book.evidence())
            for book in self._books
            for entry in book.instructions.values()
        )
        return tuple(
            f"{evidence} id={instruction_id} {exchange} {-unsettled} unsettled"
            for unsettled, instruction_id, exchange, evidence in owed
        ) or tuple(book.evidence() for book in self._books)
