"""Oldest wait: for how long a counterparty's oldest instruction of some state has been waiting."""

from __future__ import annotations

from typing import ClassVar

from correlator.records import Settlement
from correlator.truth.gauge import Gauge, GaugeBoard

CLOSED = frozenset(("settled", "rejected"))


class OldestWait:
    """now − the moment since which the oldest of a counterparty's open instructions waits; 0 while none does.

    Time alone moves it, so breaches are found from those moments and not from records.
    """

    mandate: ClassVar[str]

    def __init__(self, board: GaugeBoard) -> None:
        self._board = board
        self._gauges: dict[str, Gauge | None] = {}
        self._open: dict[str, dict[str, int]] = {}
        self._changed_ns: dict[str, int] = {}
        self._seqs: dict[str, int] = {}
        self._unjudged: set[str] = set()  # exchanges whose last change is not judged yet; only ever looked up

    def waits_since(self, record: Settlement, known_ns: int | None) -> int | None:
        """Since when an open instruction waits, as this record has it, or waited before it; None if it does not."""
        raise NotImplementedError

    def take(self, record: Settlement) -> None:
        """An instruction was given, moved on, or was settled."""
        exchange = record.counterparty
        if exchange not in self._gauges:
            self._gauges[exchange] = self._board.bound(self.mandate, exchange)
            self._open[exchange] = {}
        self._advance(exchange, record.at_ns)
        is_closed = record.status in CLOSED or record.settled == record.amount
        known_ns = self._open[exchange].pop(record.instruction_id, None)
        since_ns = None if is_closed else self.waits_since(record, known_ns)
        if since_ns is not None:
            self._open[exchange][record.instruction_id] = since_ns
        self._changed_ns[exchange] = record.at_ns
        self._seqs[exchange] = record.seq
        self._unjudged.add(exchange)

    def _judge_change(self, exchange: str) -> None:
        """End breaches that the last change ended, once every record of its moment is in."""
        self._unjudged.discard(exchange)
        gauge = self._gauges[exchange]
        if gauge is None:
            return
        at_ns = self._changed_ns[exchange]
        oldest_ns = min(self._open[exchange].values(), default=None)
        waits_ns = -1 if oldest_ns is None else at_ns - oldest_ns
        gauge.envelope.add(at_ns, max(0, waits_ns) / 1e9)
        for rule in gauge.rules:
            # On its bound to the nanosecond it is beyond it at once: that parts no breach from the next.
            if waits_ns < round(rule.tracker.bound * 1e9):
                rule.tracker.end(at_ns)

    def finish(self, at_ns: int) -> None:
        """The history ends here."""
        for exchange in self._gauges:
            self._advance(exchange, at_ns)
            if exchange in self._unjudged:
                self._judge_change(exchange)

    def _advance(self, exchange: str, to_ns: int) -> None:
        """Let time pass for the state since the last record."""
        if exchange in self._unjudged and to_ns > self._changed_ns[exchange]:
            self._judge_change(exchange)
        gauge = self._gauges[exchange]
        oldest_ns = min(self._open[exchange].values(), default=None)
        if gauge is None or oldest_ns is None:
            return
        waits_s = (to_ns - oldest_ns) / 1e9
        gauge.envelope.add(to_ns, max(0.0, waits_s))
        for rule in gauge.rules:
            begins_ns = max(oldest_ns + round(rule.tracker.bound * 1e9), self._changed_ns[exchange])
            if to_ns > begins_ns:
                rule.tracker.begin(begins_ns, self._seqs[exchange], waits_s)
