"""A worker: a process that has everything imported, and forks a child for every job.

Imports cost half a second, so they are made once; yet no job sees what another left in memory, and what it took goes
back to the machine when it ends. A worker leads a process group of its own: Ctrl-C in a terminal does not reach it, and
whoever ends it ends its child with it.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from lab.playing.progress import Failed, Progress

Report = Callable[[Progress], None]
Task = Callable[..., None]  # task(report, *arguments); must be importable by name


class Over(msgspec.Struct, frozen=True):
    """The job's process has ended as it should; the worker is free."""


class Ready(msgspec.Struct, frozen=True):
    """What a worker is told that has no job yet: import what the first one will need. Nothing is answered."""

    imports: tuple[str, ...]


def serve(connection: Connection) -> None:
    """The worker's life: receive a job, have a child do it, say that it is over; until the other end hangs up.

    A child that does not end as it should takes its worker with it, in the same way: whoever waits learns of one death.
    """
    os.setpgid(0, 0)
    course = _Course()
    signal.signal(signal.SIGTERM, course.end)
    while True:
        try:
            asked = pickle.loads(connection.recv_bytes())
            if isinstance(asked, Ready):
                _get_ready(asked)
                continue
            task, arguments = asked
        except (EOFError, OSError):
            return
        except Exception as error:  # what the job needs cannot even be imported
            _tell(connection, Failed(f"{type(error).__name__}: {error}", traceback.format_exc()))
        else:
            gc.collect()
            gc.freeze()  # a child that collects must not touch, and so copy, what it shares with us
            course.perform(connection, task, arguments)
            del task, arguments
        if not _tell(connection, Over()) or course.is_ending:
            return


def _get_ready(asked: Ready) -> None:
    for module in asked.imports:
        with suppress(Exception):  # the first job that needs it will tell
            import_module(module)


class _Course:
    """The job in hand, and whether it is to be the last."""

    def __init__(self) -> None:
        self.is_ending = False
        self._is_busy = False

    def end(self, *_: object) -> None:
        """SIGTERM: the child hears it too and closes its files; then we go."""
        if not self._is_busy:
            os._exit(0)
        if not self.is_ending:
            self.is_ending = True
            os.killpg(0, signal.SIGTERM)

    def perform(self, connection: Connection, task: Task, arguments: tuple[Any, ...]) -> None:
        """Have a child do the job, and wait for it."""
        self._is_busy = True
        child = os.fork()
        if not child:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if not self.is_ending:
                _work(connection, task, arguments)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        self._is_busy = False
        if code:
            _die_alike(code)


def _work(connection: Connection, task: Task, arguments: tuple[Any, ...]) -> None:
    """The child's side."""
    try:
        task(connection.send, *arguments)
    except Exception as error:
        if not _tell(connection, Failed(f"{type(error).__name__}: {error}", traceback.format_exc())):
            os._exit(1)
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()


def _die_alike(code: int) -> None:
    if code > 0:
        os._exit(code)
    if code != -signal.SIGKILL:  # whose handler cannot be set
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)


def _tell(connection: Connection, told: Progress | Over) -> bool:
    try:
        connection.send(told)
    except OSError:
        return False
    return True
