"""Partial settlement: for how long a counterparty's oldest instruction has stood settled in part."""

from __future__ import annotations

from correlator.records import Settlement
from correlator.truth.measures.oldest_wait import OldestWait


class PartialSettlement(OldestWait):
    """now − when the oldest instruction that is settled in part, and no more, became so."""

    mandate = "partial_settlement"

    def waits_since(self, record: Settlement, known_ns: int | None) -> int | None:
        since_ns = record.at_ns if known_ns is None else known_ns
        return since_ns if record.settled else None
