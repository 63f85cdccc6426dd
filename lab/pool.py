"""A small pool of processes: one job each, as many at once as there are cores, progress over a pipe.

``multiprocessing.Pool`` is not used because a job here must tell its progress, must be able to end early with its
files whole, and must not go on when the process that waits for it has died.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Generator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from lab.progress import Failed, Progress

_CONTEXT = multiprocessing.get_context("spawn")
_GRACE_S = 20.0

Report = Callable[[Progress], None]
Task = Callable[..., None]  # task(report, *arguments); must be importable by name


class Job:
    """A task with its arguments, and the jobs that must be over before it starts."""

    def __init__(self, name: str, task: Task, arguments: tuple[Any, ...], after: tuple[Job, ...] = ()) -> None:
        self.name = name
        self.task = task
        self.arguments = arguments
        self.after = after
        self.failed = False
        self.over = False


def run_jobs(
    jobs: list[Job], workers: int | None = None, import_from: Path | None = None
) -> Generator[tuple[Job, Progress]]:
    """Run jobs, in their order as far as cores and ``after`` allow, and yield what they report.

    A job whose predecessor failed is not started; it counts as failed. When the caller stops iterating, or is
    interrupted, running jobs are asked to end and given time to close their files. What lies in the directory
    ``import_from`` is imported by the jobs before anything of the same name.
    """
    workers = workers or os.cpu_count() or 1
    waiting = list(jobs)
    running: dict[Connection, tuple[Job, multiprocessing.process.BaseProcess]] = {}
    try:
        while waiting or running:
            for job in [job for job in waiting if all(other.over for other in job.after)]:
                if any(other.failed for other in job.after):
                    waiting.remove(job)
                    job.over = job.failed = True
                elif len(running) < workers:
                    waiting.remove(job)
                    receiving, sending = _CONTEXT.Pipe(duplex=False)
                    running[receiving] = (job, _start(sending, job, import_from))
            for connection in wait(list(running), timeout=1.0):
                assert isinstance(connection, Connection)
                job, process = running[connection]
                try:
                    progress: Progress = connection.recv()
                except EOFError:
                    process.join()
                    del running[connection]
                    job.over = True
                    if process.exitcode and not job.failed:
                        job.failed = True
                        yield job, Failed(_how_it_ended(job, process.exitcode), "")
                    continue
                if isinstance(progress, Failed):
                    job.failed = True
                yield job, progress
    finally:
        _end([process for _, process in running.values()], list(running))


def _start(sending: Connection, job: Job, import_from: Path | None) -> multiprocessing.process.BaseProcess:
    """Start a job deaf to Ctrl-C, which a terminal sends to every process: whether to end is the parent's to say."""
    process = _CONTEXT.Process(target=_enter, args=(sending, job.task, job.arguments), daemon=True)
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    path = sys.path[:]
    try:
        if import_from is not None:  # the child takes over our path, before it imports anything of ours
            sys.path.insert(0, str(import_from.resolve()))
        process.start()
    finally:
        sys.path[:] = path
        signal.signal(signal.SIGINT, handler)
    sending.close()
    return process


def _end(processes: list[multiprocessing.process.BaseProcess], connections: list[Connection]) -> None:
    def hurry(*_: object) -> None:
        for process in processes:
            process.kill()

    handler = signal.signal(signal.SIGINT, hurry)  # Ctrl-C again: whoever waits cares no more for whole files
    try:
        for process in processes:
            if process.is_alive() and process.pid is not None:
                os.kill(process.pid, signal.SIGTERM)
        for connection in connections:
            connection.close()
        for process in processes:
            process.join(_GRACE_S)
            if process.is_alive():
                process.kill()
    finally:
        signal.signal(signal.SIGINT, handler)


def _how_it_ended(job: Job, code: int) -> str:
    if code >= 0:
        return f"the process of {job.name} ended with code {code}"
    reason = "; the machine may be out of memory" if code == -signal.SIGKILL else ""
    return f"the process of {job.name} was ended by {signal.Signals(-code).name}{reason}"


def _enter(connection: Connection, task: Task, arguments: tuple[Any, ...]) -> None:
    """The child's side."""

    def report(progress: Progress) -> None:
        connection.send(progress)

    try:
        task(report, *arguments)
    except KeyboardInterrupt:
        pass
    except Exception as error:
        try:
            connection.send(Failed(f"{type(error).__name__}: {error}", traceback.format_exc()))
        except OSError:
            os._exit(1)
    finally:
        connection.close()
