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
from types import TracebackType
from typing import Any, Self

from lab.playing.progress import Failed, Progress
from lab.playing.worker import Over, Ready, Report, Task, serve

__all__ = ["OUT_OF_MEMORY", "Job", "Report", "Task", "Team", "run_jobs"]

_CONTEXT = multiprocessing.get_context("spawn")
OUT_OF_MEMORY = "the machine may be out of memory"
"""What is said of a job that was killed from outside."""

_GRACE_S = 20.0
_LOOK_S = 1.0
_READY = 2  # workers hired before it is known how much there is to do: a run and its control


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

    def get_ready(self, imports: tuple[str, ...]) -> None:
        """Have it import what its first job will need, while we see to something else."""
        try:
            self.connection.send_bytes(pickle.dumps(Ready(imports)))
        except OSError:
            return  # as above

    def kill(self) -> None:
        """End it and its child at once."""
        if self.process.pid is not None and self.process.is_alive():
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:  # it has not become the leader of its group yet
                self.process.kill()


class Team:
    """Workers that stay from one batch of jobs to the next, so that what all need is imported once.

    Up to ``size`` of them, as many as there are cores if None, each hired when there is something for it to do. What
    lies in the directory ``import_from`` is imported by the jobs before anything of the same name. The team is
    dismissed at the end of its ``with``.
    """

    def __init__(self, size: int | None = None, import_from: Path | None = None) -> None:
        self.size = size or os.cpu_count() or 1
        self.members: dict[Connection, _Worker] = {}
        self._import_from = import_from

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.dismiss()

    def get_ready(self, *imports: str) -> None:
        """Hire a few workers now, and have them import these modules while nobody has a job for them yet."""
        while len(self.members) < min(self.size, _READY):
            self.hire().get_ready(imports)

    def free(self) -> _Worker | None:
        """Somebody who has nothing to do; None where all are busy, and there may be no more."""
        idle = next((worker for worker in self.members.values() if worker.job is None), None)
        return self.hire() if idle is None and len(self.members) < self.size else idle

    def hire(self) -> _Worker:
        """One more worker."""
        worker = _Worker(self._import_from)
        self.members[worker.connection] = worker
        return worker

    def bury(self, worker: _Worker) -> None:
        """Forget one that is dead."""
        worker.process.join()
        del self.members[worker.connection]
        worker.connection.close()

    def dismiss(self, *, busy_only: bool = False) -> None:
        """Have running jobs end, and give them time to close their files; ``busy_only``: who has no job stays."""
        leaving = [worker for worker in self.members.values() if worker.job or not busy_only]
        for worker in leaving:
            del self.members[worker.connection]
        _end(leaving)


def run_jobs(
    jobs: list[Job],
    workers: int | None = None,
    import_from: Path | None = None,
    at_most_s: float | None = None,
    team: Team | None = None,
) -> Generator[tuple[Job, Progress]]:
    """Run jobs, in their order as far as cores and what each waits for allow, and yield what they report.

    A job whose predecessor (``after``) failed is not started; it counts as failed. One that takes longer than
    ``at_most_s`` of wall time is ended, and has failed. When the caller stops iterating, or is interrupted, running
    jobs are asked to end and given time to close their files. ``team`` does them, and stays for others; without one, a
    ``Team(workers, import_from)`` that is dismissed at the end.
    """
    if team is None:
        with Team(workers, import_from) as own:
            yield from _run(list(jobs), own, at_most_s)
        return
    try:
        yield from _run(list(jobs), team, at_most_s)
    finally:
        team.dismiss(busy_only=True)


def _run(waiting: list[Job], team: Team, at_most_s: float | None) -> Generator[tuple[Job, Progress]]:
    while waiting or any(worker.job for worker in team.members.values()):
        _assign(waiting, team)
        busy = [connection for connection, worker in team.members.items() if worker.job]
        for connection in wait(busy, timeout=_LOOK_S):
            assert isinstance(connection, Connection)
            worker = team.members[connection]
            job = worker.job
            assert job is not None
            try:
                told: Progress | Over = connection.recv()
            except (EOFError, OSError):  # OSError: it died in the middle of a word
                team.bury(worker)
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
            team.bury(worker)
            job = worker.job
            assert job is not None
            job.over = job.failed = True
            yield job, Failed(f"{job.name} took longer than {at_most_s:g} s", "")


def _assign(waiting: list[Job], team: Team) -> None:
    """Give the first jobs that are ready to whoever is free; cross out those that cannot be done any more."""
    while (job := next((job for job in waiting if job.is_ready), None)) is not None:
        is_doomed = any(other.failed for other in job.after)
        free = None if is_doomed else team.free()
        if free is None and not is_doomed:
            return
        waiting.remove(job)
        if free is None:
            job.over = job.failed = True
        else:
            free.begin(job)


def _overdue(team: Team, at_most_s: float | None) -> list[_Worker]:
    if at_most_s is None:
        return []
    now_s = time.monotonic()
    return [worker for worker in team.members.values() if worker.job and now_s - worker.since_s > at_most_s]


def _end(team: list[_Worker]) -> None:
    def hurry(*_: object) -> None:
        for worker in team:
            worker.kill()

    # Asked to end again: whoever waits cares no more for whole files.
    handlers = {number: signal.signal(number, hurry) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for worker in team:
            if worker.job and worker.process.is_alive() and worker.process.pid is not None:
                os.kill(worker.process.pid, signal.SIGTERM)
            elif worker.job is None:
                worker.kill()  # it may still be importing, and has nothing to close
        for worker in team:
            worker.connection.close()
        for worker in team:
            worker.process.join(_GRACE_S)
            if worker.process.is_alive():
                worker.kill()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _how_it_ended(job: Job, code: int) -> str:
    if code >= 0:
        return f"the process of {job.name} ended with code {code}"
    reason = f"; {OUT_OF_MEMORY}" if code == -signal.SIGKILL else ""
    return f"the process of {job.name} was ended by {signal.Signals(-code).name}{reason}"
