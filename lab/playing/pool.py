"""A small pool of processes: as many jobs at once as there are cores, in a given order, progress over a pipe.

``multiprocessing.Pool`` is not used because a job here must tell its progress, must be able to end early with its
files whole, must not see what an earlier job left, and must not go on when the process that waits for it has died.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import time
from collections.abc import Generator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from lab.playing.progress import Failed, Progress
from lab.playing.worker import Over, Report, Task, serve

__all__ = ["OUT_OF_MEMORY", "Job", "Report", "Task", "run_jobs"]

_CONTEXT = multiprocessing.get_context("spawn")
OUT_OF_MEMORY = "the machine may be out of memory"
"""What is said of a job that was killed from outside."""

_GRACE_S = 20.0
_LOOK_S = 1.0


class Job:
    """A task with its arguments, and the jobs that must be done (``after``) or merely over (``once_over``) before."""

    def __init__(
        self,
        name: str,
        task: Task,
        arguments: tuple[Any, ...],
        after: tuple[Job, ...] = (),
        once_over: tuple[Job, ...] = (),
    ) -> None:
        self.name = name
        self.task = task
        self.arguments = arguments
        self.after = after
        self.once_over = once_over
        self.failed = False
        self.over = False

    @property
    def is_ready(self) -> bool:
        """Nothing has to be waited for any more."""
        return all(other.over for other in self.after) and all(other.over for other in self.once_over)


class _Worker:
    """Our end of a worker: its process, the connection, and the job that it has in hand."""

    def __init__(self, import_from: Path | None) -> None:
        self.connection, theirs = _CONTEXT.Pipe()
        self.process: BaseProcess = _CONTEXT.Process(target=serve, args=(theirs,), daemon=True)
        self.job: Job | None = None
        self.since_s = 0.0
        # Deaf to Ctrl-C, which a terminal sends to every process: whether to end is for us to say.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        path = sys.path[:]
        try:
            if import_from is not None:  # the worker takes over our path before it imports anything of ours
                sys.path.insert(0, str(import_from.resolve()))
            self.process.start()
        finally:
            sys.path[:] = path
            signal.signal(signal.SIGINT, handler)
        theirs.close()

    def begin(self, job: Job) -> None:
        """Hand it a job."""
        self.job = job
        self.since_s = time.monotonic()
        try:
            self.connection.send_bytes(pickle.dumps((job.task, job.arguments)))
        except OSError:
            return  # it is dead; the connection's end will say so

    def kill(self) -> None:
        """End it and its child at once."""
        if self.process.pid is not None and self.process.is_alive():
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:  # it has not become the leader of its group yet
                self.process.kill()


def run_jobs(
    jobs: list[Job], workers: int | None = None, import_from: Path | None = None, at_most_s: float | None = None
) -> Generator[tuple[Job, Progress]]:
    """Run jobs, in their order as far as cores and what each waits for allow, and yield what they report.

    A job whose predecessor (``after``) failed is not started; it counts as failed. One that takes longer than
    ``at_most_s`` of wall time is ended, and has failed. When the caller stops iterating, or is interrupted, running
    jobs are asked to end and given time to close their files. What lies in the directory ``import_from`` is imported by
    the jobs before anything of the same name.
    """
    at_once = workers or os.cpu_count() or 1
    waiting = list(jobs)
    team: dict[Connection, _Worker] = {}
    try:
        while waiting or any(worker.job for worker in team.values()):
            _assign(waiting, team, at_once, import_from)
            busy = [connection for connection, worker in team.items() if worker.job]
            for connection in wait(busy, timeout=_LOOK_S):
                assert isinstance(connection, Connection)
                worker = team[connection]
                job = worker.job
                assert job is not None
                try:
                    told: Progress | Over = connection.recv()
                except (EOFError, OSError):  # OSError: it died in the middle of a word
                    worker.process.join()
                    del team[connection]
                    connection.close()
                    job.over = job.failed = True
                    yield job, Failed(_how_it_ended(job, worker.process.exitcode or 0), "")
                    continue
                if isinstance(told, Over):
                    worker.job = None
                    job.over = True
                    continue
                if isinstance(told, Failed):
                    job.failed = True
                yield job, told
            for worker in _overdue(team, at_most_s):
                worker.kill()
                worker.process.join()
                del team[worker.connection]
                worker.connection.close()
                job = worker.job
                assert job is not None
                job.over = job.failed = True
                yield job, Failed(f"{job.name} took longer than {at_most_s:g} s", "")
    finally:
        _end(list(team.values()))


def _assign(waiting: list[Job], team: dict[Connection, _Worker], at_once: int, import_from: Path | None) -> None:
    """Give the first jobs that are ready to whoever is free; cross out those that cannot be done any more."""
    while waiting:
        free = next((worker for worker in team.values() if worker.job is None), None)
        if free is None and len(team) >= at_once:
            return
        job = next((job for job in waiting if job.is_ready), None)
        if job is None:
            return
        waiting.remove(job)
        if any(other.failed for other in job.after):
            job.over = job.failed = True
            continue
        if free is None:
            free = _Worker(import_from)
            team[free.connection] = free
        free.begin(job)


def _overdue(team: dict[Connection, _Worker], at_most_s: float | None) -> list[_Worker]:
    if at_most_s is None:
        return []
    now_s = time.monotonic()
    return [worker for worker in team.values() if worker.job and now_s - worker.since_s > at_most_s]


def _end(team: list[_Worker]) -> None:
    def hurry(*_: object) -> None:
        for worker in team:
            worker.kill()

    handler = signal.signal(signal.SIGINT, hurry)  # Ctrl-C again: whoever waits cares no more for whole files
    try:
        for worker in team:
            if worker.job and worker.process.is_alive() and worker.process.pid is not None:
                os.kill(worker.process.pid, signal.SIGTERM)
        for worker in team:
            worker.connection.close()  # one that has no job ends of itself
        for worker in team:
            worker.process.join(_GRACE_S)
            if worker.process.is_alive():
                worker.kill()
    finally:
        signal.signal(signal.SIGINT, handler)


def _how_it_ended(job: Job, code: int) -> str:
    if code >= 0:
        return f"the process of {job.name} ended with code {code}"
    reason = f"; {OUT_OF_MEMORY}" if code == -signal.SIGKILL else ""
    return f"the process of {job.name} was ended by {signal.Signals(-code).name}{reason}"
