"""Deeds: control actions from the decision to their end, as they are told to whoever watches."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from risk_monitor.alerts import Emit
from risk_monitor.effects import Action, ActionState, RaiseAction


class Deed:
    """One action in force. Told at most once of each state but ``failed``, which may become ``done`` later."""

    __slots__ = ("_emit", "_last", "action_id", "control", "subject", "trigger")

    def __init__(self, action_id: str, control: str, subject: str, trigger: str, emit: Emit) -> None:
        self.action_id = action_id
        self.control = control
        self.subject = subject
        self.trigger = trigger
        self._last: ActionState | None = None
        self._emit = emit

    def save(self) -> SavedDeed:
        return SavedDeed(self.action_id, self.control, self.subject, self.trigger)

    def taken(self, detail: str) -> None:
        self._tell(ActionState.TAKEN, detail)

    def done(self, detail: str) -> None:
        self._tell(ActionState.DONE, detail)

    def failed(self, detail: str) -> None:
        self._tell(ActionState.FAILED, detail)

    def ended(self, detail: str) -> None:
        self._tell(ActionState.ENDED, detail)

    def _tell(self, state: ActionState, detail: str) -> None:
        if self._last in (state, ActionState.ENDED):
            return
        self._last = state
        self._emit(RaiseAction(Action(self.action_id, self.control, state, self.subject, self.trigger, detail)))


class SavedDeed(msgspec.Struct, frozen=True):
    """A deed in force, as it is kept over a restart."""

    action_id: str
    control: str
    subject: str
    trigger: str


class DeedBook:
    """Numbers the deeds of each control, so that no id is used twice. ``on_change`` is told that one began."""

    def __init__(self, emit: Emit, on_change: Callable[[], None]) -> None:
        self._emit = emit
        self._on_change = on_change
        self.numbers: dict[str, int] = {}

    def take(self, control: str, subject: str, trigger: str, detail: str) -> Deed:
        number = self.numbers.get(control, 0) + 1
        self.numbers[control] = number
        deed = Deed(f"{control}/{number}", control, subject, trigger, self._emit)
        deed.taken(detail)
        self._on_change()
        return deed

    def resume(self, saved: SavedDeed) -> Deed:
        """A deed that was in force before the restart, and has been told of then."""
        return Deed(saved.action_id, saved.control, saved.subject, saved.trigger, self._emit)
