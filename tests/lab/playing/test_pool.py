"""The pool of processes: order, failure, and a clean end when the person who waits goes away."""

import os
import signal
import threading
import time
from pathlib import Path

from lab.playing.pool import Job, Report, run_jobs
from lab.playing.progress import Failed, Finished


def note(report: Report, directory: str, name: str) -> None:
    Path(directory, name).write_text(str(time.monotonic_ns()))
    report(Finished(reason="completed", messages=1, wall_s=0.0))


def raise_error(report: Report) -> None:
    raise RuntimeError("the venue caught fire")


def vanish(report: Report) -> None:
    os._exit(7)


def wait_for_the_end(report: Report, directory: str) -> None:
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    report(Finished(reason="started", messages=0, wall_s=0.0))
    while not ended:
        time.sleep(0.01)
    Path(directory, "closed").write_text("whole")


def shot(report: Report) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def will_not_end(report: Report) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    report(Finished(reason="started", messages=0, wall_s=0.0))
    time.sleep(60)


def test_jobs_start_after_those_they_wait_for(tmp_path: Path) -> None:
    first = Job("first", note, (str(tmp_path), "first"))
    other = Job("other", note, (str(tmp_path), "other"))
    last = Job("last", note, (str(tmp_path), "last"), after=(first, other))
    seen = [job.name for job, _ in run_jobs([last, first, other], workers=2)]
    assert sorted(seen[:2]) == ["first", "other"]
    assert seen[2:] == ["last"]
    times = {name: int((tmp_path / name).read_text()) for name in ("first", "other", "last")}
    assert times["last"] > max(times["first"], times["other"])


def test_a_failing_job_is_reported_with_its_traceback_and_stops_what_depends_on_it(tmp_path: Path) -> None:
    broken = Job("broken", raise_error, ())
    gone = Job("gone", vanish, ())
    dependent = Job("dependent", note, (str(tmp_path), "dependent"), after=(broken,))
    seen = {job.name: progress for job, progress in run_jobs([broken, gone, dependent], workers=2)}
    assert seen.keys() == {"broken", "gone"}
    failure = seen["broken"]
    assert isinstance(failure, Failed)
    assert failure.message == "RuntimeError: the venue caught fire"
    assert "raise_error" in failure.traceback
    assert seen["gone"] == Failed("the process of gone ended with code 7", "")
    assert [job.failed for job in (broken, gone, dependent)] == [True, True, True]
    assert list(tmp_path.iterdir()) == []


def test_running_jobs_may_close_their_files_when_the_caller_stops_listening(tmp_path: Path) -> None:
    iterator = run_jobs([Job("long", wait_for_the_end, (str(tmp_path),))])
    next(iterator)
    iterator.close()  # type: ignore[attr-defined]
    assert (tmp_path / "closed").read_text() == "whole"


def test_a_process_that_was_killed_is_told_with_the_signal() -> None:
    told = [progress for _, progress in run_jobs([Job("shot", shot, ())])]
    assert told == [Failed("the process of shot was ended by SIGKILL; the machine may be out of memory", "")]


def test_ctrl_c_while_jobs_are_ending_ends_them_at_once() -> None:
    iterator = run_jobs([Job("stubborn", will_not_end, ())])
    next(iterator)
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    began_s = time.monotonic()
    iterator.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began_s < 10
