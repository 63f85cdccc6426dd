"""Simulating an arm in a process of its own: the journal it leaves, the progress it tells, and a clean end."""

from __future__ import annotations

import gc
import os
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from lab.journal.header import code_hash, header_of, versions
from lab.journal.retitle import retitle
from lab.journal.writer import JournalError
from lab.laboratory.assembly import Laboratory
from lab.laboratory.monitor_config import config_of
from lab.playing.pool import Report
from lab.playing.progress import Advanced, Failed, Finished, Happened, Progress
from lab.scenario.model import Experiment
from risk_monitor.effects import AlertState, Signal

_LOOK_EVERY_NS = 60_000_000_000  # virtual
_TELL_EVERY_S = 0.2  # wall
_COLLECT_AFTER = 200_000

code_hash()  # of what has just been imported: a worker plays it for long, and the files may be changed meanwhile
versions()  # looked up once for all arms


class Title(NamedTuple):
    """What a simulated world is called in one journal: an experiment's arm."""

    experiment: Experiment
    arm: str
    journal: Path


def simulate_world(report: Report, titles: list[Title]) -> None:
    """Job: simulate a world once, and give each of those that it serves its journal."""
    first, *others = titles
    if not simulate(report, first.experiment, first.arm, first.journal):
        return
    written: dict[bytes, Path] = {}  # controls of several cases are the same file
    for title in others:
        header = header_of(title.experiment, title.arm, config_of(title.experiment))
        same = written.setdefault(msgspec.json.encode(header), title.journal)
        try:
            if same is title.journal:
                retitle(first.journal, title.journal, header)
            else:
                _link(same, title.journal, header)
        except JournalError as error:
            _tell(report, Failed(str(error), ""))
            return


def _link(same: Path, journal: Path, header: Mapping[str, Any]) -> None:
    try:
        os.link(same, journal)
    except OSError:  # no disk has to know links
        retitle(same, journal, header)


def _tell(report: Report, progress: Progress) -> None:
    try:
        report(progress)
    except OSError:
        return  # nobody listens any more


def simulate(report: Report, experiment: Experiment, arm: str, journal: Path) -> bool:
    """Run one arm to its end, or until SIGTERM or the death of whoever reads the progress.

    What was simulated until then is a readable journal, whose last frame says why it ended. Returns whether it has one.
    """
    began_s = time.perf_counter()
    starts_ns = experiment.start_ns or 0

    def happened(what: str, name: str, state: str, detail: str) -> None:
        tell(Happened(laboratory.kernel.now_ns - starts_ns, what, name, state, detail))

    def injection_happened(name: str, phase: str, detail: str) -> None:
        happened("injection", name, phase, detail)

    firing: set[str] = set()

    def signalled(raised: Signal) -> None:
        if raised.state is AlertState.FIRING:
            firing.add(raised.alert_id)
        elif raised.state is AlertState.PENDING or raised.alert_id not in firing:
            return  # a breach that did not last is no news to whoever watches; the journal has it
        elif raised.state is AlertState.RESOLVED:
            firing.remove(raised.alert_id)
        detail = f"{raised.observed:,.7g} against {raised.limit:,.7g} {raised.unit}"
        happened("alert", f"{raised.mandate} {raised.subject} {raised.severity.value}", raised.state.value, detail)

    def tell(progress: Advanced | Happened) -> None:
        try:
            report(progress)
        except OSError:
            laboratory.kernel.stop()

    try:
        laboratory = Laboratory(experiment, arm, journal, injection_happened, signalled)
    except JournalError as error:
        _tell(report, Failed(str(error), ""))
        return False
    kernel = laboratory.kernel
    signal.signal(signal.SIGTERM, lambda *_: kernel.stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all processes; the parent decides

    told_s = began_s

    def look(_: object) -> None:
        nonlocal told_s
        kernel.call_at(kernel.now_ns + _LOOK_EVERY_NS, look)
        now_s = time.perf_counter()
        if now_s - told_s >= _TELL_EVERY_S:
            told_s = now_s
            tell(Advanced(kernel.now_ns - starts_ns, experiment.duration_ns, laboratory.messages))

    # What was built lives to the end, and the run makes next to no cycles: collecting would only cost.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 100)
    try:
        reason, why, detail = _play(laboratory, starts_ns + experiment.duration_ns, look)
        laboratory.journal.close(reason, why)
    except JournalError as error:  # there is no place left to write why it ended; what was flushed stays readable
        _tell(report, Failed(f"{error}; what was written before is readable", ""))
        return False
    _tell(report, Finished(reason, laboratory.messages, time.perf_counter() - began_s, detail))
    return True


def _play(laboratory: Laboratory, ends_ns: int, look: Callable[[object], None]) -> tuple[str, str, str]:
    """Run to the end and end every fault, whatever ended the run.

    Returns the reason of the end, why in a line, and the traceback of what raised. Raises JournalError.
    """
    kernel = laboratory.kernel
    try:
        laboratory.start()
        kernel.call_at(kernel.now_ns + _LOOK_EVERY_NS, look)
        is_complete = kernel.run_until(ends_ns)
        reason, why, detail = "completed" if is_complete else "interrupted", "", ""
        if laboratory.is_stopped:
            reason = "stopped"
    except JournalError:
        raise
    except Exception as error:  # what was simulated so far is judged as far as it goes
        reason, why, detail = "failed", f"{type(error).__name__}: {error}", traceback.format_exc()
    left = laboratory.clear()
    if left and reason != "failed":
        reason, why = "failed", left[0]
    return reason, why, detail
