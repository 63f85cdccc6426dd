"""The operator: a simulated person who watches the monitor, and after a while acknowledges alerts, approves orders and
resets what waits for a reset. What the scenario gives no time for, he never does."""

from __future__ import annotations

from collections.abc import Callable

from lab.journal.writer import JournalWriter
from lab.laboratory.kernel import Kernel
from lab.laboratory.monitor_shell import MonitorShell
from lab.scenario.demands import Operator
from risk_monitor.effects import Action, ActionState, AlertState, Signal
from risk_monitor.events import OperatorSaid

OPERATOR = "operator"
"""His name in the journal, and what he signs with."""

_About = tuple[str, int]
"""What he will react to, and the number of its record."""

_WAIT_FOR_RESET = ("breaker", "emergency_stop", "defcon")


class OperatorDesk:
    """Sees what the monitor tells, no more; whatever he says is journalled and then told to the monitor.

    A control is not reset while the alert that set it off still fires: he looks again as much later.
    """

    def __init__(self, habits: Operator, shell: MonitorShell, kernel: Kernel, journal: JournalWriter) -> None:
        self._habits = habits
        self._shell = shell
        self._kernel = kernel
        self._journal = journal
        self._firing: dict[str, None] = {}
        self._in_force: dict[str, Action] = {}
        shell.watchers.append(self._on_news)

    def _on_news(self, news: Signal | Action, number: int) -> None:
        if isinstance(news, Signal):
            self._on_signal(news, number)
        else:
            self._on_action(news, number)

    def _on_signal(self, signal: Signal, number: int) -> None:
        if signal.state is AlertState.RESOLVED:
            self._firing.pop(signal.alert_id, None)
        elif signal.state is AlertState.FIRING:
            self._firing[signal.alert_id] = None
            self._later(self._habits.acknowledges_after_ns, self._acknowledge, (signal.alert_id, number))

    def _on_action(self, action: Action, number: int) -> None:
        if action.state is ActionState.ENDED:
            self._in_force.pop(action.action_id, None)
        elif action.state is ActionState.TAKEN:
            if action.control == "approval":
                self._in_force[action.action_id] = action
                self._later(self._habits.approves_after_ns, self._approve, (action.action_id, number))
            elif action.control in _WAIT_FOR_RESET:
                self._in_force[action.action_id] = action
                self._later(self._habits.resets_after_ns, self._reset, (action.action_id, number))

    def _later(self, after_ns: int | None, act: Callable[[_About], None], about: _About) -> None:
        if after_ns is not None:
            # Even at once is later: he reacts to what the monitor has finished saying.
            self._kernel.call_at(self._kernel.now_ns + max(after_ns, 1), act, about)

    def _acknowledge(self, about: _About) -> None:
        alert_id, cause = about
        if alert_id in self._firing:
            self._say("acknowledge", alert_id, "seen", cause)

    def _approve(self, about: _About) -> None:
        action_id, cause = about
        if action_id in self._in_force:
            self._say("approve", action_id, "the order is as the strategy should trade", cause)

    def _reset(self, about: _About) -> None:
        action_id, cause = about
        action = self._in_force.get(action_id)
        if action is None:
            return
        if action.trigger in self._firing:
            self._later(self._habits.resets_after_ns, self._reset, about)
        else:
            self._say("reset", action_id, f"what set it off is over: {action.trigger}", cause)

    def _say(self, command: str, subject: str, reason: str, cause: int) -> None:
        number = self._journal.record("operator", OPERATOR, cause, command, subject, OPERATOR, reason)
        self._shell.tell(OperatorSaid(command, subject, OPERATOR, reason), number)
