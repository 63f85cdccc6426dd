"""Control actions: what the monitor did of its own accord, from the moment it was decided to the moment it was over."""

from __future__ import annotations

import msgspec

from correlator.alerts import CONTROL_TOLERANCE_NS
from correlator.records import Action

MOST_ACTIONS = 5_000

_MOST_SEQS = 8


class ActionEpisode(msgspec.Struct):
    """One action. Times None: it never came to that. ``failed_ns`` is the last time it was told as failed."""

    action_id: str
    control: str
    subject: str
    trigger: str
    detail: str
    taken_ns: int
    seqs: list[int]
    done_ns: int | None = None
    failed_ns: int | None = None
    ended_ns: int | None = None

    @property
    def failed(self) -> bool:
        """Whether it came to nothing: told as failed, and not as done since."""
        return self.failed_ns is not None and (self.done_ns is None or self.done_ns < self.failed_ns)

    def concerns(self, control: str, subject: str | None) -> bool:
        """Whether it is an action of that control on that subject (None: any)."""
        return self.control == control and subject in (None, self.subject)


class ActionBook:
    """Makes episodes from ``action`` records, in the order they were taken.

    Bounded: beyond ``MOST_ACTIONS`` further ones are counted in ``dropped`` and not kept.
    """

    def __init__(self) -> None:
        self.actions: list[ActionEpisode] = []
        self.dropped = 0
        self._open: dict[str, ActionEpisode] = {}

    def take(self, record: Action) -> None:
        """The monitor said something of an action."""
        # A monitor that lost its state numbers its actions from the first again.
        action = None if record.state == "taken" else self._open.get(record.action_id)
        if action is None:
            self._open.pop(record.action_id, None)
            if len(self.actions) >= MOST_ACTIONS:
                self.dropped += record.state == "taken"
                return
            action = ActionEpisode(
                record.action_id, record.control, record.subject, record.trigger, record.detail, record.at_ns, []
            )
            self._open[record.action_id] = action
            self.actions.append(action)
        if len(action.seqs) < _MOST_SEQS:
            action.seqs.append(record.seq)
        if record.state == "done":
            action.done_ns = record.at_ns
        elif record.state == "failed":
            action.failed_ns = record.at_ns
            action.detail = record.detail or action.detail
        elif record.state == "ended":
            action.ended_ns = record.at_ns
            del self._open[record.action_id]


def taken_in_control(action: ActionEpisode, control: list[ActionEpisode]) -> bool:
    """Whether the control run takes, or still holds, the same action when this one is taken."""
    return any(
        other.concerns(action.control, action.subject)
        and other.taken_ns - CONTROL_TOLERANCE_NS <= action.taken_ns
        and (other.ended_ns is None or action.taken_ns <= other.ended_ns + CONTROL_TOLERANCE_NS)
        for other in control
    )
