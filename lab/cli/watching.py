"""Watching jobs: what a person sees while experiments run, on a terminal, in a pipe, or not at all."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from dashboards.run_page.scale import clock
from lab.playing.pool import Job
from lab.playing.progress import Advanced, Failed, Finished, Happened, Judged, Refused, Settled
from lab.playing.progress import Progress as Told

_NS_PER_S = 1_000_000_000
_SHOWN = {
    "began": "began",
    "took_effect": "first acts",  # says the simulator; when it took effect for a client, the judge finds on the wire
    "ended": "ended",
    "refused": "refused",
    "firing": "firing",
    "resolved": "resolved",
}
_STYLES = {"began": "yellow", "took_effect": "yellow", "refused": "red", "firing": "bold red", "resolved": "green"}


class Watch(Protocol):
    """Somebody who is told what the jobs tell."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def hear(self, job: Job, told: Told) -> None: ...


class Silence:
    """For ``--json``: standard output belongs to the document; only failures are told, on standard error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def hear(self, job: Job, told: Told) -> None:
        report_trouble(job, told)


class Lines(Silence):
    """For a pipe: a plain line for each thing that happens."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def hear(self, job: Job, told: Told) -> None:
        report_trouble(job, told)
        line = _line(job, told)
        if line is not None:
            self._console.print(line.plain)


class Live:
    """For a terminal: the same lines scroll past above a bar for each arm, with simulated time and speed-up."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=20), _Simulated(), _SpeedUp(), console=console
        )
        self._bars: dict[Job, int] = {}
        self._began_s: dict[Job, float] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def hear(self, job: Job, told: Told) -> None:
        if isinstance(told, Advanced):
            bar = self._bars.get(job)
            now_s = time.monotonic()
            if bar is None:
                bar = self._bars[job] = self._progress.add_task(job.name, total=told.duration_ns)
                self._began_s[job] = now_s - 0.3  # the first word comes a moment after the start
            speed_up = told.elapsed_ns / _NS_PER_S / (now_s - self._began_s[job])
            self._progress.update(bar, completed=told.elapsed_ns, speed_up=speed_up)  # type: ignore[arg-type]
        elif isinstance(told, Finished) and job in self._bars:
            self._progress.remove_task(self._bars.pop(job))  # type: ignore[arg-type]
        report_trouble(job, told)
        line = _line(job, told)
        if line is not None:
            self._progress.console.print(line)


class _Simulated(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{clock(task.completed / _NS_PER_S)} of {clock((task.total or 0) / _NS_PER_S)}")


class _SpeedUp(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed_up = task.fields.get("speed_up")
        return Text("" if speed_up is None else f"×{speed_up:,.0f}")


def report_trouble(job: Job, told: Told) -> None:
    """A failure, with its traceback, on standard error."""
    if isinstance(told, Failed):
        print(f"{job.name}: {told.message}\n{told.traceback}".rstrip(), file=sys.stderr)
    elif isinstance(told, Finished) and told.detail:
        print(f"{job.name}: the simulation failed; what it left is judged\n{told.detail}".rstrip(), file=sys.stderr)


def _line(job: Job, told: Told) -> Text | None:
    match told:
        case Happened(elapsed_ns, what, name, state, detail) if state in _SHOWN:
            line = Text(f"{clock(elapsed_ns / _NS_PER_S):>12}  {job.name}  {what} {name} ")
            line.append(_SHOWN[state], style=_STYLES.get(state, ""))
            return line.append(f"  {detail}" if detail and state in ("firing", "refused") else "")
        case Finished(reason, messages, wall_s):
            rate = messages / wall_s if wall_s else 0.0
            return Text(f"{'':>12}  {job.name}  {reason}: {messages:,} messages in {wall_s:.1f} s ({rate:,.0f}/s)")
        case Advanced() | Happened() | Settled() | Refused() | Judged() | Failed():
            return None
