"""Overdue settlement: how long past its contracted time a counterparty's oldest unsettled instruction is."""

from __future__ import annotations

from correlator.records import Settlement
from correlator.truth.measures.oldest_wait import OldestWait


class OverdueSettlement(OldestWait):
    """now − contracted time of the oldest instruction not fully settled; nothing is overdue before its time."""

    mandate = "overdue_settlement"

    def waits_since(self, record: Settlement, known_ns: int | None) -> int:
        return record.contracted_ns
