"""Telemetry: what the monitor counts about itself, so that nothing it ignores goes unseen."""

from __future__ import annotations

import msgspec

MAX_NOTES = 32


class Telemetry(msgspec.Struct):
    """Plain counters since the start. ``notes`` keeps the latest oddities in words, ``MAX_NOTES`` of them."""

    connector_errors: dict[str, int] = {}
    requests: int = 0
    timeouts: int = 0
    failures: int = 0
    refusals: int = 0
    late_replies: int = 0
    stray_replies: int = 0
    stray_messages: int = 0
    dropped_tasks: int = 0
    reconnects: int = 0
    torn_custody_reads: int = 0
    missed_account_events: int = 0
    unexplained_changes: int = 0
    notes: list[str] = []

    def connector_error(self, source: str, error: str) -> None:
        self.connector_errors[source] = self.connector_errors.get(source, 0) + 1
        self.note(f"{source}: {error}")

    def note(self, text: str) -> None:
        self.notes.append(text[:300])
        if len(self.notes) > MAX_NOTES:
            del self.notes[0]
