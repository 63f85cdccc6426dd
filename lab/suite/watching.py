"""Watching a suite: a live table on a terminal, a line for each run in a pipe, nothing for ``--json``."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from lab.cli.watching import Silence, Watch
from lab.playing.pool import Job
from lab.playing.progress import Advanced, Failed, Finished, Progress
from lab.playing.trials import Trial
from lab.scenario.model import Experiment

_STYLES = {"pass": "green", "unknown": "yellow", "fail": "bold red"}
_MOST_RUNNING = 4
_ROOM = 8  # lines of the terminal that are not for scenarios
_NS_PER_S = 1_000_000_000


class SuiteWatch(Watch, Protocol):
    """Somebody who is told how a suite gets on."""

    def judged(self, trial: Trial) -> None: ...


class SilentSuite(Silence):
    """For ``--json``: only crashes are told, on standard error."""

    def judged(self, trial: Trial) -> None:
        return None


class SuiteLines(SilentSuite):
    """For a pipe: a line for each run as it is judged."""

    def __init__(self, console: Console, experiments: Sequence[Experiment]) -> None:
        self._console = console
        self._runs = len(experiments)
        self._done = 0

    def judged(self, trial: Trial) -> None:
        self._done += 1
        self._console.print(_line(trial, self._done, self._runs))


class LiveSuite(SilentSuite):
    """For a terminal: scenarios with their verdicts so far, what is running, and when it will be over."""

    def __init__(self, console: Console, experiments: Sequence[Experiment]) -> None:
        self._console = console
        self._runs = Counter(one.scenario for one in experiments)
        self._verdicts: dict[str, Counter[str]] = {one.scenario: Counter() for one in experiments}
        self._work_ns = planned_ns(experiments)
        self._done_ns: dict[Job, int] = {}
        self._running: dict[Job, tuple[int, int]] = {}
        self._began_s = time.monotonic()
        self._live = Live(console=console, get_renderable=self._picture, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def hear(self, job: Job, told: Progress) -> None:
        if isinstance(told, Advanced):
            self._running[job] = (told.elapsed_ns, told.duration_ns)
            self._done_ns[job] = told.elapsed_ns
        elif isinstance(told, Finished | Failed) and job in self._running:
            self._done_ns[job] = self._running.pop(job)[1]  # an end before its time leaves nothing to be done
        super().hear(job, told)

    def judged(self, trial: Trial) -> None:
        scenario = trial.experiment.scenario
        self._verdicts[scenario][trial.verdict] += 1
        if trial.verdict != "pass":
            done = sum(verdicts.total() for verdicts in self._verdicts.values())
            self._live.console.print(_line(trial, done, self._runs.total()))

    def _picture(self) -> RenderableType:
        done = sum((verdicts for verdicts in self._verdicts.values()), Counter())
        head = Text(f"{done.total()} of {self._runs.total()} runs  ")
        for verdict, style in _STYLES.items():
            head.append(f"{done[verdict]} {verdict}  ", style=style if done[verdict] else "dim")
        head.append(self._outlook(), style="dim")
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("scenario", no_wrap=True, overflow="ellipsis", ratio=1)
        for name in ("runs", "pass", "unknown", "fail"):
            table.add_column(name, justify="right")
        # Scenarios under way, and those that are no pass, stay in sight; the rest is in the first line.
        shown = [
            name
            for name, verdicts in self._verdicts.items()
            if verdicts["fail"] or verdicts["unknown"] or 0 < verdicts.total() < self._runs[name]
        ]
        for name in shown[-max(self._console.height - _ROOM - _MOST_RUNNING, 1) :]:
            verdicts = self._verdicts[name]
            cells = [
                Text(str(verdicts[verdict]), style=style if verdicts[verdict] else "dim")
                for verdict, style in (("pass", "green"), ("unknown", "yellow"), ("fail", "bold red"))
            ]
            table.add_row(name, f"{verdicts.total()}/{self._runs[name]}", *cells)
        running = [
            Text(
                f"  {job.name} {100 * elapsed_ns // max(duration_ns, 1)} %",
                style="dim",
                overflow="ellipsis",
                no_wrap=True,
            )
            for job, (elapsed_ns, duration_ns) in list(self._running.items())[:_MOST_RUNNING]
        ]
        return Group(head, *([table] if shown else []), *running)

    def _outlook(self) -> str:
        """How long it will take, by simulated time done of simulated time to do."""
        done_ns = sum(self._done_ns.values())
        if not done_ns:
            return ""
        passed_s = time.monotonic() - self._began_s
        left_s = passed_s * max(self._work_ns - done_ns, 0) / done_ns
        minutes, rest = divmod(round(left_s), 60)
        return f"about {minutes}:{rest:02d} left"


def planned_ns(experiments: Sequence[Experiment]) -> int:
    """The simulated time of all arms: each run, one without each injection, and a control for each world."""
    controls: dict[bytes, int] = {}
    total_ns = 0
    for one in experiments:
        arms = 1 + (len(one.timeline) if len(one.timeline) > 1 else 0)
        total_ns += arms * one.duration_ns
        if one.timeline:
            key = msgspec.json.encode(one.as_control(), order="deterministic")
            controls[key] = one.duration_ns
    return total_ns + sum(controls.values())


def _line(trial: Trial, number: int, runs: int) -> Text:
    one = trial.experiment
    text = Text(f"{number:>{len(str(runs))}}/{runs}  ")
    text.append(f"{trial.verdict:<7}", style=_STYLES[trial.verdict])
    text.append(f"  {one.scenario}/{one.case} seed {one.seed}  {trial.wall_s:.1f} s")
    if trial.verdict != "pass":
        reasons = trial.judgement.reasons if trial.judgement is not None else [trial.trouble]
        text.append(f"  {reasons[0] if reasons else ''}")
    return text
