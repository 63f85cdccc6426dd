"""Said: what monitor, operator, coordinator and strategies told of themselves, picked out of the audit plane."""

from __future__ import annotations

import msgspec

from correlator.actions import ActionBook
from correlator.alerts import EpisodeBook
from correlator.records import Action, AuditRecord, Clock, Injection, Operator, Signal, Stop, StrategyNote, VenueNote

MONITOR = "monitor"
"""Who speaks of the monitor's own clock and process."""

STATE_LOST = "state lost"
"""Detail of the monitor's ``down``: it forgets whatever it had said."""

_MOST_CRASHES = 100
_MOST_COMMANDS = 5_000
_MOST_RESTARTS = 1_000

_OF_INTEREST = frozenset((Signal, Action, Operator, Injection, StrategyNote, Stop, Clock, VenueNote))


class Said(msgspec.Struct):
    """Alerts, control actions, phases of injections, crashed strategies, what a human told the monitor, and the
    stop condition that ended the run."""

    episodes: EpisodeBook = msgspec.field(default_factory=EpisodeBook)
    actions: ActionBook = msgspec.field(default_factory=ActionBook)
    injections: list[Injection] = []
    crashes: list[StrategyNote] = []
    operator: list[Operator] = []
    stop: Stop | None = None
    forgetful: list[int] = []
    """When a monitor came up that had lost its state, ns."""
    _has_forgotten: bool = False

    @property
    def dropped(self) -> int:
        """Alerts and actions beyond what is kept."""
        return self.episodes.dropped + self.actions.dropped

    def take(self, records: list[AuditRecord]) -> None:
        """The next records of the audit plane."""
        for record in [record for record in records if type(record) in _OF_INTEREST]:
            self._take(record)

    def _take(self, record: AuditRecord) -> None:
        if isinstance(record, Signal):
            self.episodes.take(record)
        elif isinstance(record, Action):
            self.actions.take(record)
        elif isinstance(record, Injection):
            self.injections.append(record)
        elif isinstance(record, Operator):
            if len(self.operator) < _MOST_COMMANDS:
                self.operator.append(record)
        elif isinstance(record, StrategyNote):
            if record.event == "crashed" and len(self.crashes) < _MOST_CRASHES:
                self.crashes.append(record)
        elif isinstance(record, Stop):
            self.stop = self.stop or record
        elif record.source != MONITOR:
            return
        elif isinstance(record, Clock):
            self.episodes.clock.take(record)
        elif isinstance(record, VenueNote):
            self._take_process(record)

    def _take_process(self, record: VenueNote) -> None:
        """The monitor's process went down or came up."""
        if record.what == "down":
            self._has_forgotten = record.detail == STATE_LOST
            if self._has_forgotten:
                self.episodes.forget(record.at_ns)
        elif record.what == "up" and self._has_forgotten and len(self.forgetful) < _MOST_RESTARTS:
            self.forgetful.append(record.at_ns)
