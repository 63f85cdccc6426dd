"""Replay: a mutated monitor given the tapes of the real one, to learn in which runs it would show before any is played.

As long as the mutant does what the tape says, the replay is exact: the world could not have told the two apart. Where
it first does something else, the tape no longer says what would have happened, and only playing the case can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from lab.laboratory.monitor_config import config_of, make_monitor
from lab.mutants.tape import BORN, STEP, Moment, read_tape
from lab.playing.pool import Report
from lab.playing.run_directory import write_whole
from lab.scenario.model import Experiment
from risk_monitor.effects import Effect, RaiseAction, RaiseSignal, SaveState
from risk_monitor.events import Event, TimerFired
from risk_monitor.machine import RiskMonitor

Showing = Literal["alerts", "conduct", "unknown", "words", "nowhere"]
"""How a mutant shows in a run: it alerts or acts otherwise, or crashes; it asks or waits otherwise; nobody knows, for
there is no tape; it is the same monitor but for observed values and evidence, on which no verdict hangs; or in nothing.
"""
UNSEEN: tuple[Showing, ...] = ("words", "nowhere")

_MOST_TIMERS = 1_000
"""That a monitor may want at one moment before it counts as caught in a loop."""
_effects = msgspec.msgpack.Decoder(tuple[Effect, ...])
_event = msgspec.msgpack.Decoder(Event)


def replay_all(report: Report, runs: Sequence[tuple[Experiment, Path]], enough: int, file: Path) -> None:
    """Job, in a process that has imported the mutant: replay each run from its tape, until ``enough`` have shown other
    alerts, and write to ``file`` how the mutant shows in each that was replayed."""
    shown: list[Showing] = []
    for experiment, tape in runs:
        shown.append(showing_in(experiment, tape))
        if shown.count("alerts") >= enough:
            break
    write_whole(file, msgspec.json.encode(shown))


def showing_in(experiment: Experiment, tape: Path) -> Showing:
    """How the monitor that is imported differs in a run from the one that was taped."""
    try:
        moments = list(read_tape(tape))
    except FileNotFoundError:
        return "unknown"
    if not moments:
        return "unknown"
    try:
        return _compared(lambda: make_monitor(config_of(experiment), experiment), moments)
    except Exception:  # whatever a mutant may raise: the shell would not have survived it either
        return "alerts"


def _compared(make: Callable[[], RiskMonitor], moments: Sequence[Moment]) -> Showing:
    is_restarted = sum(one.stream_id == BORN for one in moments) > 1
    monitor = make()
    shown: Showing = "nowhere"
    for number, one in enumerate(moments):
        if one.stream_id == BORN:
            monitor = make() if number else monitor
            continue
        done = _given(monitor, one)
        if (done or one.effects) and (msgspec.msgpack.encode(done) if done else b"") != one.effects:
            meant = _decoded(one.effects)
            if _alerts(done) != _alerts(meant):
                return "alerts"
            if _conduct(done, is_restarted) != _conduct(meant, is_restarted):
                return "conduct"
            shown = "words"
        if monitor.next_deadline_ns() != one.deadline_ns:
            return "alerts" if _alerts_otherwise(monitor, moments[number + 1 :]) else "conduct"
    return shown


def _alerts_otherwise(monitor: RiskMonitor, rest: Sequence[Moment]) -> bool:
    """Whether a monitor that wants to be woken at other times than the tape's goes on to alert otherwise, woken when it
    wants to, for as long as it asks for the same. A guess, and good enough to choose by."""
    meant = _Course()
    told = _Course()
    checked = 0
    for one in rest:
        if one.stream_id == BORN:
            break
        for _ in range(_MOST_TIMERS):
            if (due_ns := monitor.next_deadline_ns()) > one.now_ns:
                break
            told.add(monitor.step(due_ns, TimerFired()))
        else:
            return True
        meant.add(_decoded(one.effects))
        if one.stream_id != STEP or not isinstance(_event.decode(one.content), TimerFired):
            told.add(_given(monitor, one))
        common = min(len(meant.conduct), len(told.conduct))
        if meant.conduct[checked:common] != told.conduct[checked:common]:
            break
        checked = common
    return meant.rules != told.rules


class _Course:
    """What a monitor did: the alerts and actions that it told of, and what the world heard of otherwise."""

    def __init__(self) -> None:
        self.rules: list[object] = []
        self.conduct: list[Effect] = []

    def add(self, effects: Sequence[Effect]) -> None:
        if effects:
            self.rules += _rules(effects)
            self.conduct += _conduct(effects, False)


def _given(monitor: RiskMonitor, one: Moment) -> tuple[Effect, ...]:
    if one.stream_id == STEP:
        return monitor.step(one.now_ns, _event.decode(one.content))
    return monitor.on_stream_message(one.now_ns, one.stream_id, one.content)


def _decoded(effects: bytes) -> tuple[Effect, ...]:
    return _effects.decode(effects) if effects else ()


def _rules(effects: Sequence[Effect]) -> Iterator[object]:
    """Which alerts and actions there are, in order."""
    for one in effects:
        match one:
            case RaiseSignal(signal):
                yield signal.state, signal.mandate, signal.subject, signal.severity
            case RaiseAction(action):
                yield action.control, action.state, action.subject, action.trigger


def _alerts(effects: Sequence[Effect]) -> list[object]:
    """All of a signal or action that a verdict may hang on."""
    since = [one.signal.since_ns for one in effects if isinstance(one, RaiseSignal)]
    return [*_rules(effects), *since]


def _conduct(effects: Sequence[Effect], is_restarted: bool) -> list[Effect]:
    """What the world hears of. What is saved matters to nobody but a later life."""
    return [
        one
        for one in effects
        if not isinstance(one, RaiseSignal | RaiseAction) and (is_restarted or not isinstance(one, SaveState))
    ]
