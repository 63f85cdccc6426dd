"""Commands to the gateway, followed until it has acknowledged them; procedures made of several."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from risk_monitor.agenda import Agenda, Job
from risk_monitor.controls.deeds import Deed
from risk_monitor.controls.order_path import Acknowledgement, Command, CommandName, OrderPath

ANSWER_NS = 20_000_000_000
"""A command not acknowledged by then has failed: where a venue does not answer, cancelling takes a client's timeout."""
RETRY_NS = 10_000_000_000
MAX_ATTEMPTS = 30
"""Rounds of a procedure; after five minutes of failure a person has to look."""
MAX_OUTSTANDING = 1_000

Outcome = Callable[[int, bool, str], None]


class _Outstanding(NamedTuple):
    command: Command
    due_ns: int
    outcome: Outcome


class CommandBook:
    """Commands in flight. ``outcome`` is called once, with whether it was done; a command that could not be sent for
    want of a connection is sent when there is one, unless it has been given up by then."""

    def __init__(self, agenda: Agenda, path: OrderPath) -> None:
        self._agenda = agenda
        self._path = path
        self._outstanding: dict[str, _Outstanding] = {}
        self._number = 0
        self._job = Job(self._expire)

    def send(
        self,
        now_ns: int,
        command: CommandName,
        strategy: str,
        venue: str,
        reason: str,
        outcome: Outcome,
        to: str = "",
    ) -> None:
        if len(self._outstanding) >= MAX_OUTSTANDING:
            outcome(now_ns, False, "too many commands in flight")
            return
        self._number += 1
        # The gateway carries an id out once, and remembers those of a monitor that has been restarted since.
        sent = Command(f"{now_ns}-{self._number}", command, strategy, venue, reason, to)
        self._outstanding[sent.command_id] = _Outstanding(sent, now_ns + ANSWER_NS, outcome)
        if len(self._outstanding) == 1:
            self._agenda.arm(self._job, now_ns + ANSWER_NS)
        self._path.send_command(now_ns, sent)

    def on_connected(self, now_ns: int) -> None:
        for one in tuple(self._outstanding.values()):
            self._path.send_command(now_ns, one.command)

    def on_acknowledged(self, now_ns: int, answer: Acknowledgement) -> None:
        one = self._outstanding.pop(answer.command_id, None)
        if one is not None:
            one.outcome(now_ns, answer.is_done, answer.detail)

    def _expire(self, now_ns: int) -> None:
        # All wait equally long, so the one sent first is the first to expire.
        while self._outstanding:
            command_id, one = next(iter(self._outstanding.items()))
            if one.due_ns > now_ns:
                self._agenda.arm(self._job, one.due_ns)
                return
            del self._outstanding[command_id]
            one.outcome(now_ns, False, f"{one.command.command}: not acknowledged within {ANSWER_NS // 10**9} s")


class Step(NamedTuple):
    command: CommandName
    strategy: str
    venue: str
    to: str = ""


class Procedure:
    """Commands in groups: those of a group go out together, the next group once all of them have been answered. What
    failed is tried again in later rounds, while the procedure is not dropped; its deed is told of both."""

    def __init__(
        self, agenda: Agenda, commands: CommandBook, deed: Deed, reason: str, groups: tuple[tuple[Step, ...], ...]
    ) -> None:
        self._agenda = agenda
        self._commands = commands
        self._deed = deed
        self._reason = reason
        self._groups = groups
        self._group = 0
        self._waiting = 0
        self._failed: list[Step] = []
        self._why = ""
        self._attempts = 0
        self._is_dropped = False
        self._job = Job(self._begin)

    def begin(self, now_ns: int) -> None:
        self._begin(now_ns)

    def drop(self) -> None:
        """Whatever has not been answered yet is of no interest any more."""
        self._is_dropped = True
        self._agenda.cancel(self._job)

    def _begin(self, now_ns: int) -> None:
        self._attempts += 1
        self._group = 0
        self._failed = []
        self._send_group(now_ns)

    def _send_group(self, now_ns: int) -> None:
        steps = self._groups[self._group]
        self._waiting = len(steps)
        for step in steps:
            self._commands.send(
                now_ns, step.command, step.strategy, step.venue, self._reason, partial(self._answered, step), step.to
            )

    def _answered(self, step: Step, now_ns: int, is_done: bool, detail: str) -> None:
        if self._is_dropped:
            return
        if not is_done:
            self._failed.append(step)
            self._why = detail or f"{step.command} failed"
        self._waiting -= 1
        if self._waiting:
            return
        self._group += 1
        if self._group < len(self._groups):
            self._send_group(now_ns)
        elif not self._failed:
            self._deed.done("acknowledged by the gateway")
        else:
            self._deed.failed(self._why)
            if self._attempts < MAX_ATTEMPTS:
                failed = self._failed
                self._groups = tuple(
                    left for group in self._groups if (left := tuple(step for step in group if step in failed))
                )
                self._agenda.arm(self._job, now_ns + RETRY_NS)
